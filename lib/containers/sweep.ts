import { type EngineClient, ResourceInUseError } from "../engine/mod.ts";
import { delay } from "../retry/mod.ts";
import { cleanupSignal } from "./patience.ts";
import { LABEL } from "./labels.ts";
import { formatOwner, identifyProcess, ownerState, parseOwner } from "./owner.ts";
import { removeContainer } from "./remove_container.ts";

/** One object on an engine that carries our labels. */
export interface OwnedObject {
  /** What it is. */
  readonly kind: "container" | "network" | "volume" | "image";
  /** Id, or name for a volume. */
  readonly id: string;
  /** Name to show. */
  readonly name: string;
  /** Its labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a sweep did. */
export interface SweepResult {
  /** What was removed. */
  readonly removed: readonly OwnedObject[];
  /** What could not be removed, and why. */
  readonly failed: readonly { readonly object: OwnedObject; readonly error: unknown }[];
}

/** How objects are looked for. */
export interface SweepOptions {
  /**
   * How long an engine may take to let go of the ends of containers that are gone, before a network
   * counts as one that cannot be removed. Default 0.
   */
  readonly releaseMs?: number;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** Containers first: what they use can be removed only after them. */
const ORDER = ["container", "network", "volume", "image"] as const;

/**
 * Lists everything on an engine that superorch made.
 *
 * @param engine The engine.
 * @param labels Only what has these labels too.
 * @returns Containers, then networks, volumes and images.
 */
export async function listOwned(
  engine: EngineClient,
  labels: Readonly<Record<string, string>> = {},
  options: SweepOptions = {},
): Promise<readonly OwnedObject[]> {
  const query = { labels: { [LABEL.run]: true as const, ...labels }, signal: options.signal };
  const [containers, networks, volumes, images] = await Promise.all([
    engine.containers.list(query),
    engine.networks.list(query),
    engine.volumes.list(query),
    engine.images.list(query),
  ]);
  return [
    ...containers.map(({ Id, Names, Labels }): OwnedObject => ({
      kind: "container",
      id: Id,
      name: (Names[0] ?? Id).replace(/^\//, ""),
      labels: Labels,
    })),
    ...networks.map(({ Id, Name, Labels }): OwnedObject => ({
      kind: "network",
      id: Id,
      name: Name,
      labels: Labels ?? {},
    })),
    ...volumes.map(({ Name, Labels }): OwnedObject => ({
      kind: "volume",
      id: Name,
      name: Name,
      labels: Labels ?? {},
    })),
    ...images.map(({ Id, RepoTags, Labels }): OwnedObject => ({
      kind: "image",
      id: Id,
      name: RepoTags?.[0] ?? Id,
      labels: Labels ?? {},
    })),
  ];
}

/**
 * Removes what dead processes of this machine left behind.
 *
 * What lives as long as its owner is removed when that owner is dead; what is kept, what belongs to
 * a living process, to another machine or PID namespace, and what superorch did not make, stays.
 *
 * @param engine The engine.
 * @returns What was removed.
 */
export async function sweepDeadOwners(
  engine: EngineClient,
  options: SweepOptions = {},
): Promise<SweepResult> {
  const self = await identifyProcess();
  if (self === undefined) return { removed: [], failed: [] };
  const mine = formatOwner(self);
  const candidates = (await listOwned(engine, { [LABEL.lifetime]: "owner" }, options))
    .filter(({ labels }) => labels[LABEL.owner] !== mine);
  const states = new Map<string, Promise<string>>();
  const dead: OwnedObject[] = [];
  for (const object of candidates) {
    const label = object.labels[LABEL.owner] ?? "";
    const state = states.get(label) ?? ownerState(parseOwner(label), self);
    states.set(label, state);
    if (await state === "dead") dead.push(object);
  }
  return await removeOwned(engine, dead, options);
}

/**
 * Removes objects, containers first.
 *
 * @param engine The engine.
 * @param objects What to remove.
 * @returns What was removed; what was gone already counts.
 */
export async function removeOwned(
  engine: EngineClient,
  objects: readonly OwnedObject[],
  options: SweepOptions = {},
): Promise<SweepResult> {
  const removed: OwnedObject[] = [];
  const failed: { object: OwnedObject; error: unknown }[] = [];
  for (const kind of ORDER) {
    const ofKind = objects.filter((object) => object.kind === kind);
    await Promise.all(ofKind.map(async (object) => {
      try {
        await remove(engine, object, options);
        removed.push(object);
      } catch (error) {
        failed.push({ object, error });
      }
    }));
  }
  return { removed, failed };
}

/** A call that was cut off in the middle has done what it does within a few of these. */
const QUIET_MS = 100;

/**
 * Removes everything that is left of one run.
 *
 * @param engine The engine.
 * @param runId The run.
 * @param quietRounds After how many looks in a row that found nothing it is over: more than one
 * when something may still be on its way. Default 1.
 * @throws {AggregateError} with everything that could not be removed.
 */
export async function removeRun(
  engine: EngineClient,
  runId: string,
  quietRounds = 1,
): Promise<void> {
  for (let quiet = 0; quiet < quietRounds;) {
    const left = await listOwned(engine, { [LABEL.run]: runId }, { signal: cleanupSignal() });
    const { failed } = await removeOwned(engine, left, {
      releaseMs: RELEASE_MS,
      signal: cleanupSignal(),
    });
    if (failed.length > 0) {
      const names = failed.map(({ object }) => `${object.kind} "${object.name}"`);
      throw new AggregateError(
        failed.map(({ error }) => error),
        `Cannot remove ${names.join(", ")}`,
      );
    }
    quiet = left.length === 0 || quietRounds === 1 ? quiet + 1 : 0;
    if (quiet < quietRounds) await delay(QUIET_MS);
  }
}

async function remove(
  engine: EngineClient,
  { kind, id }: OwnedObject,
  { releaseMs = 0, signal }: SweepOptions,
): Promise<void> {
  switch (kind) {
    case "container":
      await removeContainer(engine, id, signal);
      return;
    case "network":
      await removeNetwork(engine, id, releaseMs, signal);
      return;
    case "volume":
      await engine.volumes.remove(id, { force: true, signal });
      return;
    case "image":
      await engine.images.remove(id, { force: true, signal });
      return;
  }
}

/** What a run waits for its own network; a sweep of what others left does not wait. */
const RELEASE_MS = 5_000;
/** Between two attempts; the engine has no event for it. */
const RELEASE_POLL_MS = 100;

// A loaded engine 20.10 says "has active endpoints" for a while after the last container is gone
// (seen with twenty that end at once at load 16). Containers that are there are somebody's, and a
// reason to say so at once.
async function removeNetwork(
  engine: EngineClient,
  id: string,
  releaseMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const givesUpAtMs = performance.now() + releaseMs;
  for (;;) {
    try {
      await engine.networks.remove(id, { signal });
      return;
    } catch (error) {
      if (!(error instanceof ResourceInUseError) || performance.now() > givesUpAtMs) throw error;
      const { Containers } = await engine.networks.inspect(id, { signal });
      if (Object.keys(Containers ?? {}).length > 0) throw error;
      await delay(RELEASE_POLL_MS, { signal });
    }
  }
}
