import type { SshEndpoint } from "./endpoint.ts";

/** A local socket that leads to an engine on another machine. */
export interface SshTunnel extends AsyncDisposable {
  /** The socket on this machine, in a directory that only this user may enter. */
  readonly socketPath: string;
}

/** How often the socket of the tunnel is looked for; ssh gives no sign when it is there. */
const SOCKET_POLL_MS = 10;

/**
 * Starts one `ssh -L` that carries every connection to the engine.
 *
 * One process for all calls: a connection over it costs 0.3 ms, while an ssh per call costs 300 ms.
 * The user's own ssh configuration (keys, aliases, jump hosts) applies. `BatchMode` makes a host
 * that wants a password fail with ssh's own words instead of waiting for a person.
 *
 * Permissions: `--allow-run=ssh`, read and write of the temporary directory.
 *
 * @param endpoint The machine and the path of its socket.
 * @param signal Ends the attempt.
 * @returns The tunnel; disposing it ends ssh and removes the socket.
 * @throws {Error} with the last line of what ssh said, when it ends before the socket is there.
 */
export async function openSshTunnel(
  endpoint: SshEndpoint,
  signal?: AbortSignal,
): Promise<SshTunnel> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-ssh-" });
  const socketPath = `${directory}/engine.sock`;
  const child = new Deno.Command("ssh", {
    args: sshArguments(endpoint, socketPath),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true, // a Ctrl-C at the terminal must not cut the engine off before the cleanup ran
  }).spawn();
  const said = collectTail(child.stderr);
  const close = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // ssh has ended already
    }
    await child.status;
    await said;
    await Deno.remove(directory, { recursive: true });
  };
  let ended = false;
  child.status.then(() => ended = true);
  try {
    while (!await exists(socketPath)) {
      signal?.throwIfAborted();
      if (ended) {
        throw new Error(
          `ssh to "${endpoint.hostname}" ended: ${(await said) || "it said nothing"}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, SOCKET_POLL_MS));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { socketPath, [Symbol.asyncDispose]: close };
}

function sshArguments(endpoint: SshEndpoint, socketPath: string): string[] {
  return [
    "-N",
    "-o",
    "BatchMode=yes",
    "-o",
    "ExitOnForwardFailure=yes",
    "-o",
    "StreamLocalBindUnlink=yes",
    "-o",
    "ServerAliveInterval=15",
    ...(endpoint.port === undefined ? [] : ["-p", String(endpoint.port)]),
    ...(endpoint.user === undefined ? [] : ["-l", endpoint.user]),
    "-L",
    `${socketPath}:${endpoint.remotePath}`,
    "--",
    endpoint.hostname,
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

async function collectTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + chunk).slice(-2000);
  }
  return text.trim().split("\n").at(-1) ?? "";
}
