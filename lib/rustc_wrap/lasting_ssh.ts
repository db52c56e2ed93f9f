import { EngineClient } from "../engine/client.ts";
import { engineCandidates } from "../engine/discovery.ts";
import type { SshEndpoint } from "../engine/endpoint.ts";
import { sshArguments } from "../engine/ssh_tunnel.ts";
import { FileLock } from "../files/file_lock.ts";
import { delay } from "../retry/delay.ts";
import type { Env } from "./model.ts";
import type { WrapContext } from "./wrap_context.ts";

// Nobody but the shell outlives a wrapper: it ends ssh as soon as cargo is gone. Both are a process
// group of their own, so a Ctrl-C at the terminal reaches neither.
const GUARD = `dir=$1 cargo=$2; shift 2
{ ssh "$@" </dev/null >/dev/null 2>"$dir/log"; : >"$dir/ended"; } &
while kill -0 "$cargo" && [ -d "$dir" ] && [ ! -e "$dir/ended" ]; do sleep 0.3; done
trap '' TERM
kill -TERM 0
wait
rm -rf "$dir"`;

/** How long ssh may take for its own connection. */
const OPEN_MS = 30_000;
const POLL_MS = 20;

/**
 * One ssh connection for a whole run of cargo: the first wrapper that needs an engine behind ssh
 * opens it, all others use it, and it ends when cargo does.
 *
 * @param context Variables and the build.
 * @returns Variables that lead to the engine; those of the context where there is no such connection
 * to be had, and each wrapper opens its own.
 */
export async function lastingConnection(
  context: Pick<WrapContext, "env" | "settings" | "scope" | "signal" | "note">,
): Promise<Env> {
  const { env, settings: { cacheDir, runner, builder }, scope, signal, note } = context;
  // A builder keeps the address that it was made with, and others have none.
  const isWanted = runner === "buildkit" || runner === "docker" && !builder ||
    runner === "buildx" && builder === "";
  if (!isWanted || cacheDir === undefined || Deno.build.os === "windows") return env;
  const host = env["DOCKER_HOST"];
  if (host && !host.startsWith("ssh://")) return env;
  const [candidate] = await engineCandidates({ env: (name) => env[name] });
  const endpoint = candidate?.explicit === true ? candidate.endpoint : undefined;
  if (endpoint?.kind !== "ssh") return env;
  const memory = `${cacheDir}/builds/${scope.id}.ssh`;
  await using _lock = await FileLock.acquire(`${memory}.lock`, {
    parents: true,
    purpose: `connecting to ${endpoint.hostname}`,
    timeoutMs: OPEN_MS + 10_000,
    signal,
  });
  const known = readKnown(memory);
  if (known === "") return env;
  const socketPath = known !== undefined && await answers(known, signal)
    ? known
    : await open(endpoint, scope.id, env, signal);
  Deno.writeTextFileSync(memory, socketPath ?? "");
  if (socketPath === undefined) {
    note(`${endpoint.hostname}: no connection for the whole build; each crate has its own`);
    return env;
  }
  if (socketPath !== known) note(`${endpoint.hostname}: one connection for the whole build`);
  const { DOCKER_CONTEXT: _context, ...rest } = env;
  return { ...rest, DOCKER_HOST: `unix://${socketPath}` };
}

async function open(
  endpoint: SshEndpoint,
  build: string,
  env: Env,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-ssh-" });
  const socketPath = `${directory}/engine.sock`;
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", GUARD, "sh", directory, build.split("-")[0]!],
      ...sshArguments(endpoint, `${directory}/ctl`, socketPath),
    ],
    env: { ...env },
    clearEnv: true,
    // Cargo waits until nobody has its wrapper's output any more.
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  const deadline = Date.now() + OPEN_MS;
  while (!exists(socketPath)) {
    // A wrapper that is told to end leaves it to the others: it ends with cargo.
    signal?.throwIfAborted();
    if (exists(`${directory}/ended`) || !exists(directory) || Date.now() > deadline) {
      await close(directory);
      return undefined;
    }
    await delay(POLL_MS, { signal });
  }
  if (await answers(socketPath, signal)) return socketPath;
  await close(directory);
  return undefined;
}

/** Its guard sees that its directory is gone. */
async function close(directory: string): Promise<void> {
  await Deno.remove(directory, { recursive: true }).catch(() => {}); // the guard may be faster
}

async function answers(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const engine = await EngineClient.open({ kind: "unix", path }, { signal });
    await engine[Symbol.asyncDispose]();
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

function readKnown(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
