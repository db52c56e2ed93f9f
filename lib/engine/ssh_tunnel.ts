import type { SshEndpoint } from "./endpoint.ts";
import { serveDialStdio } from "./_dial_stdio.ts";
import { ping } from "./_raw_ping.ts";
import { TextTail } from "./_text_tail.ts";

/** A local socket that leads to an engine on another machine. */
export interface SshTunnel extends AsyncDisposable {
  /** The socket on this machine, in a directory that only this user may enter. */
  readonly socketPath: string;
  /** How connections get to the engine over there. */
  readonly way: "forwarded socket" | "docker system dial-stdio";
  /** Why connections fail, when ssh knows; `undefined` when it does not. */
  explain(): Promise<string | undefined>;
}

/** How often the socket of the tunnel is looked for; ssh gives no sign when it is there. */
const SOCKET_POLL_MS = 10;
/** How long after a connection broke ssh is given to say that it has ended. */
const LAST_WORDS_MS = 150;

// ssh would outlive a program that is killed, and with it the way to the other engine. The shell
// holds our pipe: it ends when we do, however we do. `read` is built in, so nothing else is left.
const GUARD = `dir=$1; shift; exec 3<&0
ssh "$@" </dev/null & ssh=$!
{ read -r _ <&3; kill $ssh; } 2>/dev/null & guard=$!
wait $ssh; code=$?
kill $guard 2>/dev/null; rm -rf "$dir"; exit $code`;

/**
 * Starts one ssh that carries every connection to the engine.
 *
 * One process for all calls: a connection over it costs 0.3 ms, while an ssh per call costs 300 ms.
 * The user's own ssh configuration (keys, aliases, jump hosts) applies. `BatchMode` makes a host
 * that wants a password fail with ssh's own words instead of waiting for a person. Where the
 * server forbids the forwarding of sockets, each connection runs `docker system dial-stdio` over
 * there, as the docker command does, still within the one ssh.
 *
 * Permissions: `--allow-run=sh,ssh`, read and write of the temporary directory.
 *
 * @param endpoint The machine and the path of its socket.
 * @param signal Ends the attempt.
 * @returns The tunnel; disposing it ends ssh and removes the socket. Both happen, too, when this
 * program is killed.
 * @throws {Error} with the last line of what ssh said, when no way leads to the engine.
 */
export async function openSshTunnel(
  endpoint: SshEndpoint,
  signal?: AbortSignal,
): Promise<SshTunnel> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-ssh-" });
  const socketPath = `${directory}/engine.sock`;
  const controlPath = `${directory}/ctl`;
  const ssh = startSsh(directory, sshArguments(endpoint, controlPath, socketPath));
  const name = JSON.stringify(endpoint.hostname);
  try {
    await untilThere(socketPath, ssh, name, signal);
    if (await ping(() => Deno.connect({ transport: "unix", path: socketPath }), signal)) {
      return {
        socketPath,
        way: "forwarded socket",
        explain: () => ssh.explain(name),
        [Symbol.asyncDispose]: ssh.close,
      };
    }
    const refusal = await ssh.explain(name) ?? `ssh to ${name} says nothing`;
    const relay = await serveDialStdio(`${directory}/relay.sock`, {
      // The master asks nobody again; without -S a second login would.
      args: ["-S", controlPath, ...commonArguments(endpoint), "--", endpoint.hostname],
      refusal: `no way to ${endpoint.remotePath}: ${refusal}`,
      signal,
    });
    return {
      socketPath: relay.socketPath,
      way: "docker system dial-stdio",
      explain: async () => await ssh.explain(name) ?? relay.explain(),
      [Symbol.asyncDispose]: async () => {
        await relay[Symbol.asyncDispose]();
        await ssh.close();
      },
    };
  } catch (error) {
    await ssh.close();
    throw error;
  }
}

interface RunningSsh {
  /** Whether it has ended. */
  ended(): boolean;
  /** What it said last, or that it has ended. */
  explain(name: string): Promise<string | undefined>;
  /** Ends it. */
  close(): Promise<void>;
}

function startSsh(directory: string, args: readonly string[]): RunningSsh {
  const child = new Deno.Command("sh", {
    args: ["-c", GUARD, "sh", directory, ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
    detached: true, // a Ctrl-C at the terminal must not cut the engine off before the cleanup ran
  }).spawn();
  const tail = new TextTail(child.stderr);
  let ended = false;
  const status = child.status.then(() => {
    ended = true;
  });
  return {
    ended: () => ended,
    async explain(name) {
      await settled(status, LAST_WORDS_MS);
      if (ended) return `ssh to ${name} ended: ${(await tail.end()) || "it said nothing"}`;
      const line = tail.lastLine();
      return line === "" ? undefined : `ssh to ${name} says: ${line}`;
    },
    async close() {
      // The end of its input is what the guard waits for; it is gone when ssh ended by itself.
      await child.stdin.close().catch(() => {});
      await status;
      await tail.end();
      await Deno.remove(directory, { recursive: true }).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
  };
}

async function untilThere(
  socketPath: string,
  ssh: RunningSsh,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  while (!await exists(socketPath)) {
    signal?.throwIfAborted();
    if (ssh.ended()) throw new Error(await ssh.explain(name));
    await new Promise((resolve) => setTimeout(resolve, SOCKET_POLL_MS));
  }
}

function commonArguments(endpoint: SshEndpoint): string[] {
  return [
    ...["-o", "BatchMode=yes", "-o", "LogLevel=INFO", "-o", "ServerAliveInterval=15"],
    ...(endpoint.port === undefined ? [] : ["-p", String(endpoint.port)]),
    ...(endpoint.user === undefined ? [] : ["-l", endpoint.user]),
  ];
}

/**
 * The words of an ssh that leads a local socket to an engine, without a command.
 *
 * @param endpoint The machine and the path of its socket.
 * @param controlPath Where others of our own ssh can join it.
 * @param socketPath The local socket.
 */
export function sshArguments(
  endpoint: SshEndpoint,
  controlPath: string,
  socketPath: string,
): string[] {
  return [
    // A master of our own: joining the user's would leave our forwarding in it.
    ...["-N", "-M", "-S", controlPath, "-o", "ControlPersist=no"],
    ...["-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes"],
    ...commonArguments(endpoint),
    ...["-L", `${socketPath}:${endpoint.remotePath}`],
    ...["--", endpoint.hostname],
  ];
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function settled(promise: Promise<void>, withinMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
