import type { ContainerSummary, EngineClient } from "../engine/mod.ts";
import { type ReadEnv, stateDirectory } from "../engine/mod.ts";
import { FileLock } from "../files/mod.ts";
import { LABEL } from "./labels.ts";
import { reaperFor } from "./reaper.ts";
import { listOwned, removeOwned, type SweepResult } from "./sweep.ts";

/** What is on an engine of a network that outlives the process that made it. */
export interface KeptProject {
  /** Id of the run that made it first. */
  readonly runId: string;
  /** Id of its network, `undefined` when somebody removed it. */
  readonly networkId: string | undefined;
  /** Labels of its further networks, by their keys. */
  readonly networks: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Its containers by their names in the network. */
  readonly containers: ReadonlyMap<string, ContainerSummary>;
}

/**
 * Finds what an engine keeps of a network.
 *
 * @param engine The engine.
 * @param project Name of the network.
 * @returns What there is, `undefined` for nothing.
 */
export async function findKept(
  engine: EngineClient,
  project: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<KeptProject | undefined> {
  const query = {
    labels: { [LABEL.project]: project, [LABEL.lifetime]: "kept" },
    signal: options.signal,
  };
  const [networks, containers] = await Promise.all([
    engine.networks.list(query),
    engine.containers.list(query),
  ]);
  // Further networks have a name in the project; the network itself has none.
  const main = networks.find(({ Labels }) => Labels?.[LABEL.name] === undefined);
  const runId = networks[0]?.Labels?.[LABEL.run] ?? containers[0]?.Labels[LABEL.run];
  if (runId === undefined) return undefined;
  return {
    runId,
    networkId: main?.Id,
    networks: new Map(
      networks.flatMap(({ Labels }) =>
        Labels?.[LABEL.name] === undefined ? [] : [[Labels[LABEL.name]!, Labels] as const]
      ),
    ),
    containers: new Map(containers.map((one) => [one.Labels[LABEL.name] ?? "", one])),
  };
}

/** How a kept network is locked. */
export interface LockKeptOptions {
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Told once when another process has the lock. */
  readonly onWait?: (line: string) => void;
}

/**
 * Keeps other processes of this machine from changing a kept network meanwhile: two that find
 * nothing would make everything twice.
 *
 * @param engine The engine.
 * @param project Name of the network.
 * @param options Environment, signal, and who is told about a wait.
 * @returns Dispose of it to let the next one in; the death of this process does so too.
 */
export async function lockKept(
  engine: EngineClient,
  project: string,
  options: LockKeptOptions = {},
): Promise<AsyncDisposable> {
  return await FileLock.acquire(await keptLockPath(engine, project, options.env), {
    purpose: `superorch up ${project}`,
    parents: true,
    signal: options.signal,
    onWait: () => options.onWait?.(`waiting for another process that changes "${project}"`),
  });
}

/**
 * Has the reaper remove what this process makes of a kept network, should it die before it says
 * that the start is over. For first starts: what was there before would go as well.
 *
 * When another process has one of the locks by then, it is that one's, and goes on from there.
 *
 * Permissions: `--allow-run` of Deno for the reaper; without it nobody watches.
 *
 * @param engine The engine.
 * @param run Id of the run.
 * @param locks What has to be free, as {@linkcode lockKept} names it.
 * @returns Dispose of it when the start is over, however it ended.
 */
export async function guardFirstStart(
  engine: EngineClient,
  run: string,
  locks: readonly string[],
): Promise<AsyncDisposable> {
  const reaper = reaperFor(engine.host, engine.endpoint, engine.apiVersion);
  await reaper.watch(run, await Promise.all(locks.map((lock) => keptLockPath(engine, lock))));
  return { [Symbol.asyncDispose]: () => reaper.release(run) };
}

async function keptLockPath(
  engine: EngineClient,
  project: string,
  env?: ReadEnv,
): Promise<string> {
  const bytes = new TextEncoder().encode(`${engine.host}\n${project}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const id = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  return `${stateDirectory(env)}/locks/${project}-${id}.lock`;
}

/** How a kept network is removed. */
export interface RemoveKeptOptions {
  /** How long containers may take to end by themselves. Default 10 s. */
  readonly graceMs?: number;
  /** Whether images that were built for it stay. Default `true`. */
  readonly keepImages?: boolean;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * Removes everything that an engine keeps of a network: containers, networks, and on request the
 * images that were built for it.
 *
 * @param engine The engine.
 * @param project Name of the network.
 * @returns What was removed.
 */
export async function removeKept(
  engine: EngineClient,
  project: string,
  options: RemoveKeptOptions = {},
): Promise<SweepResult> {
  const { graceMs = 10_000, keepImages = true, signal } = options;
  const labels = { [LABEL.project]: project, [LABEL.lifetime]: "kept" };
  const owned = (await listOwned(engine, labels, { signal }))
    .filter(({ kind }) => !(kind === "image" && keepImages));
  if (graceMs > 0) {
    const containers = owned.filter(({ kind }) => kind === "container");
    // One that ended or was removed meanwhile has stopped too.
    await Promise.allSettled(
      containers.map(({ id }) => engine.containers.stop(id, { timeoutMs: graceMs, signal })),
    );
  }
  return await removeOwned(engine, owned, { signal });
}
