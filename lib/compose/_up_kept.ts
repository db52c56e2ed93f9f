import type { EngineClient } from "../engine/mod.ts";
import {
  ContainerNetwork,
  findKept,
  guardFirstStart,
  isKeptCurrent,
  type KeptProject,
  lockKept,
  type NodeSummary,
  removeKept,
  removeOwned,
  stopPolitely,
} from "../containers/mod.ts";
import { isTimeout } from "../errors/mod.ts";
import { outcomeOf } from "./_up_attached.ts";
import { untilReady } from "./_until_ready.ts";
import type { UpOptions, UpResult } from "./up_options.ts";
import type { Selection } from "./up_target.ts";

/** Brings up a project that goes on without this process: only what is missing or has changed. */
export async function upKept(
  engine: EngineClient,
  selection: Selection,
  options: UpOptions,
): Promise<UpResult> {
  const { name, specs } = selection;
  const { signal, onEvent, wait } = options;
  const wanted = { name, specs, options: selection.options, healthy: wait === true };
  const look = await isKeptCurrent(engine, wanted, { signal });
  if (look.current && surplusOf(selection, look.kept!).length === 0) {
    const orphans = await orphansOf(engine, selection, look.kept!, options);
    const summary = summaryOf(selection, look.kept!);
    onEvent?.({ kind: "ready", changed: false });
    onEvent?.({ kind: "summary", nodes: summary });
    return { name, exitCode: 0, changed: false, summary, orphans };
  }
  // The id of the run is chosen when there is nothing yet, so choosing is part of what is locked.
  await using _lock = await lockProject(engine, name, options);
  const finding = findKept(engine, name, { signal });
  finding.catch(() => {}); // looked at below, unless there is no network
  const network = await ContainerNetwork.create(name, {
    ...selection.options,
    engine,
    lifetime: "kept",
    stop: "ask",
    handleSignals: false,
    forward: false,
    onProgress: (text) => onEvent?.({ kind: "note", text }),
    ...(onEvent === undefined ? {} : { onEvent }),
    signal,
  });
  network.add(...specs.map(({ forward: _forward, ...spec }) => spec as typeof specs[number]));
  const there = await finding;
  const before = new Set(there?.containers.keys());
  await using guard = new AsyncDisposableStack();
  try {
    // kill -9 leaves nothing of a first start. In an update it leaves what was there, and more.
    if (there === undefined) {
      guard.use(await guardFirstStart(engine, network.runId, [projectLock(name), name]));
    }
    try {
      const startedAtMs = performance.now();
      await network.run(undefined, { timeoutMs: options.timeoutMs, signal });
      await guard.disposeAsync();
      if (wait === true) {
        await untilReady(network, specs, { timeoutMs: options.timeoutMs, startedAtMs, signal });
      }
    } catch (error) {
      const failure = network.failure();
      await undo(engine, network, name, before);
      signal?.throwIfAborted();
      const outcome = outcomeOf(isTimeout(error) ? error : failure ?? error);
      onEvent?.({ kind: "summary", nodes: network.summary() });
      return { name, changed: true, summary: network.summary(), orphans: [], ...outcome };
    }
    const kept = await findKept(engine, name, { signal });
    await remove(engine, kept, surplusOf(selection, kept), options);
    const orphans = await orphansOf(engine, selection, kept, options);
    onEvent?.({ kind: "ready", changed: true });
    onEvent?.({ kind: "summary", nodes: network.summary() });
    return { name, exitCode: 0, changed: true, summary: network.summary(), orphans };
  } finally {
    await network[Symbol.asyncDispose]();
  }
}

/**
 * Keeps others of this machine from bringing the same project up or down meanwhile.
 *
 * @returns Dispose of it to let the next one in.
 */
export function lockProject(
  engine: EngineClient,
  name: string,
  { signal, onEvent }: Pick<UpOptions, "signal" | "onEvent">,
): Promise<AsyncDisposable> {
  return lockKept(engine, projectLock(name), {
    signal,
    onWait: () =>
      onEvent?.({
        kind: "note",
        text: `waiting for another superorch that brings "${name}" up or down`,
      }),
  });
}

// Beside the lock that a network takes for itself; a dot is in no project's name.
function projectLock(name: string): string {
  return `${name}.project`;
}

// What was there before goes on; the rest of a start that failed is of no use to anybody.
async function undo(
  engine: EngineClient,
  network: ContainerNetwork,
  name: string,
  before: ReadonlySet<string>,
): Promise<void> {
  const fresh = network.activeNames.filter((one) => !before.has(one));
  await network.terminate(fresh).catch(() => {}); // `down` removes what this could not
  const left = await findKept(engine, name).catch(() => undefined);
  if (left !== undefined && left.containers.size === 0) {
    await removeKept(engine, name, { graceMs: 0 }).catch(() => {}); // as above
  }
}

/** Containers of services that have fewer, or differently named ones, by now. */
function surplusOf({ name, services }: Selection, kept: KeptProject | undefined) {
  const wanted = new Set([...services.values()].flat());
  return [...kept?.containers ?? []].flatMap(([own, { Names }]) => {
    if (wanted.has(own)) return [];
    const [, service, index] = services.has(own) ? [, own, "1"] : /^(.+)-(\d+)$/.exec(own) ?? [];
    // Its name on the engine tells the third "worker" from the first "worker-3".
    const isReplica = service !== undefined && services.has(service) &&
      Names.includes(`/${name}-${service}-${index}`);
    return isReplica ? [own] : [];
  });
}

async function orphansOf(
  engine: EngineClient,
  selection: Selection,
  kept: KeptProject | undefined,
  options: UpOptions,
): Promise<readonly string[]> {
  const known = new Set([...selection.services.values()].flat());
  const surplus = new Set(surplusOf(selection, kept));
  const orphans = [...kept?.containers.keys() ?? []]
    .filter((name) => !known.has(name) && !surplus.has(name));
  if (options.removeOrphans === true) {
    await remove(engine, kept, orphans, options);
    return [];
  }
  for (const name of orphans) options.onEvent?.({ kind: "orphan", name, removed: false });
  return orphans;
}

async function remove(
  engine: EngineClient,
  kept: KeptProject | undefined,
  names: readonly string[],
  { signal, onEvent }: UpOptions,
): Promise<void> {
  await Promise.all(names.map(async (name) => {
    const { Id, Names, Labels, State } = kept!.containers.get(name)!;
    if (State === "running") await stopPolitely(engine, Id, { signal });
    const object = { kind: "container", id: Id, name: Names[0] ?? Id, labels: Labels } as const;
    const { failed } = await removeOwned(engine, [object], { signal });
    if (failed[0] !== undefined) throw failed[0].error;
    onEvent?.({ kind: "orphan", name, removed: true });
  }));
}

function summaryOf({ specs }: Selection, kept: KeptProject): readonly NodeSummary[] {
  return specs.map(({ name }) => {
    const { Image, State, Status } = kept.containers.get(name)!;
    const health = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(Status)?.[1];
    return {
      name,
      origin: Image,
      state: health ?? State,
      exitCode: State === "exited" ? 0 : undefined,
      readyMs: undefined,
      ranMs: undefined,
    };
  });
}
