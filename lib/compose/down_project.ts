import { errorMessage } from "../errors/error_message.ts";
import { connectEngine, type ConnectOptions, type EngineClient } from "../engine/mod.ts";
import {
  LABEL,
  listOwned,
  type OwnedObject,
  removeOwned,
  stopPolitely,
} from "../containers/mod.ts";
import { lockProject } from "./_up_kept.ts";

/** Something that happens while a project is taken down. */
export interface DownEvent {
  /** Tells the kinds apart. */
  readonly kind: "stopping" | "removed" | "failed" | "note";
  /** Name on the engine; absent in a note. */
  readonly name?: string;
  /** What it is; absent in a note. */
  readonly object?: OwnedObject["kind"];
  /** Why it failed, or what is worth knowing; may hold control characters. */
  readonly text?: string;
}

/** How a project is taken down. */
export interface DownOptions {
  /** The engine; it is not closed. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Where to look for an engine. */
  readonly connect?: ConnectOptions;
  /** Whether its volumes are removed, with what is in them. Default `false`. */
  readonly volumes?: boolean;
  /** How long containers may take to end. Default: what each says, else 10 s. */
  readonly timeoutMs?: number;
  /** Takes what happens. */
  readonly onEvent?: (event: DownEvent) => void;
  /** Ends the work; what is removed by then stays removed. */
  readonly signal?: AbortSignal;
}

/** What was taken down. */
export interface DownResult {
  /** What was removed. */
  readonly removed: readonly OwnedObject[];
  /** What could not be removed, and why. */
  readonly failed: readonly { readonly object: OwnedObject; readonly error: unknown }[];
  /** Names of the volumes that were left. */
  readonly volumesLeft: readonly string[];
}

/** Something may be made while the rest is removed, by an `up` in another terminal. */
const ROUNDS = 3;

/**
 * Takes a project down: its containers are asked to end, those that others depend on last, and
 * removed with the networks. Which project an object belongs to, and what it was started after,
 * stands in its labels: no file is needed, and what a file does not have any more goes too.
 *
 * Permissions: those of `engine`; `--allow-write` of the state directory, for a lock.
 *
 * @param name Name of the project.
 * @param options Volumes, time.
 * @returns What was removed; nothing at all when nothing was there.
 * @throws {EngineUnreachableError} when there is no engine.
 * @example
 * ```ts no-eval
 * import { downProject } from "@superorch/superorch/compose";
 *
 * const { removed } = await downProject("shop", { volumes: true });
 * console.log(removed.map(({ name }) => name));
 * ```
 */
export async function downProject(name: string, options: DownOptions = {}): Promise<DownResult> {
  const { signal, onEvent } = options;
  await using stack = new AsyncDisposableStack();
  const engine = options.engine ??
    stack.use(await connectEngine({ ...options.connect, signal }));
  stack.use(
    await lockProject(engine, name, {
      signal,
      onEvent: (event) => event.kind === "note" && onEvent?.({ kind: "note", text: event.text }),
    }),
  );
  const removed: OwnedObject[] = [];
  let failed: DownResult["failed"] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const owned = await listOwned(engine, { [LABEL.project]: name }, { signal });
    const objects = owned.filter(({ kind }) => kind === "container" || kind === "network");
    if (objects.length === 0) break;
    const done = await removeAll(engine, objects, options);
    removed.push(...done.removed);
    failed = done.failed;
  }
  const volumes = (await engine.volumes.list({ labels: { [LABEL.project]: name }, signal }))
    .map(({ Name, Labels }): OwnedObject => ({
      kind: "volume",
      id: Name,
      name: Name,
      labels: Labels ?? {},
    }));
  if (options.volumes !== true) {
    return { removed, failed, volumesLeft: volumes.map((volume) => volume.name) };
  }
  const done = await removeEach(engine, volumes, options);
  return {
    removed: [...removed, ...done.removed],
    failed: [...failed, ...done.failed],
    volumesLeft: done.failed.map(({ object }) => object.name),
  };
}

type Removal = Pick<DownResult, "removed" | "failed">;

async function removeAll(
  engine: EngineClient,
  objects: readonly OwnedObject[],
  options: DownOptions,
): Promise<Removal> {
  const results: Removal[] = [];
  const containers = objects.filter(({ kind }) => kind === "container");
  for (const wave of lastFirst(containers)) results.push(await removeEach(engine, wave, options));
  const networks = objects.filter(({ kind }) => kind === "network");
  results.push(await removeEach(engine, networks, options));
  return {
    removed: results.flatMap(({ removed }) => removed),
    failed: results.flatMap(({ failed }) => failed),
  };
}

async function removeEach(
  engine: EngineClient,
  objects: readonly OwnedObject[],
  { timeoutMs, onEvent, signal }: DownOptions,
): Promise<Removal> {
  const results = await Promise.all(objects.map(async (object) => {
    const { kind, id, name } = object;
    try {
      if (kind === "container" && timeoutMs !== 0) {
        onEvent?.({ kind: "stopping", object: kind, name });
        await stopPolitely(engine, id, { timeoutMs, signal });
      }
    } catch (error) {
      return { removed: [], failed: [{ object, error }] };
    }
    const result = await removeOwned(engine, [object], { releaseMs: RELEASE_MS, signal });
    if (result.removed.length > 0) onEvent?.({ kind: "removed", object: kind, name });
    return result;
  }));
  signal?.throwIfAborted();
  const failed = results.flatMap((result) => result.failed);
  for (const { object, error } of failed) {
    onEvent?.({
      kind: "failed",
      object: object.kind,
      name: object.name,
      text: errorMessage(error),
    });
  }
  return { removed: results.flatMap((result) => result.removed), failed };
}

/** A loaded engine says for a while that a network is in use whose last container is gone. */
const RELEASE_MS = 5_000;

// By the labels that say what each was started after: the last ones first.
function lastFirst(containers: readonly OwnedObject[]): readonly (readonly OwnedObject[])[] {
  const after = new Map<string, readonly string[]>();
  for (const { labels } of containers) {
    const names = labels[LABEL.after]?.split(",") ?? [];
    after.set(labels[LABEL.name] ?? "", names);
  }
  const waves = new Map<string, number>();
  const waveOf = (name: string, path: readonly string[]): number => {
    const known = waves.get(name);
    if (known !== undefined) return known;
    // Labels of different versions of a file may go in a circle.
    const before = (after.get(name) ?? []).filter((other) => after.has(other) && other !== name)
      .filter((other) => !path.includes(other));
    const wave = Math.max(-1, ...before.map((other) => waveOf(other, [...path, name]))) + 1;
    waves.set(name, wave);
    return wave;
  };
  const groups = Map.groupBy(containers, ({ labels }) => waveOf(labels[LABEL.name] ?? "", []));
  return [...groups].toSorted(([a], [b]) => b - a).map(([, group]) => group);
}
