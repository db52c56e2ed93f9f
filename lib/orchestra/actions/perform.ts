import { candidates } from "../archives/find_archive.ts";
import { RemoteArchives } from "../archives/remote_archives.ts";
import { dependantsOf } from "../graph/dependants.ts";
import { createHashes } from "../hashes/mod.ts";
import { closure } from "../hashes/closure.ts";
import { metadataDirectory } from "../installed/metadata.ts";
import { installedState } from "../installed/read_installed.ts";
import { lockRoot, type RootLockOptions } from "../installed/root_lock.ts";
import { requireRoot } from "../installed/root_view.ts";
import type { Configuration, Hashes, Plan, PlanRequest, World } from "../model.ts";
import { solve } from "../solver/mod.ts";
import { readWorld } from "../world.ts";
import { isThere } from "./directories.ts";
import { checkPrerequisites } from "./prerequisites.ts";
import { runPlan, type RunPlanOptions, type RunResult } from "./run_plan.ts";

/** What is to be done, and how. */
export interface PerformOptions
  extends
    Omit<RunPlanOptions, "world" | "hashes" | "remoteArchives" | "dependants">,
    Pick<RootLockOptions, "onWait" | "onRepair" | "timeoutMs"> {
  /** What is wanted. */
  readonly request: PlanRequest;
  /** What for, for others who want the root: `install a`. */
  readonly purpose: string;
  /** Whether what depends on an installed component goes with its old build. Default `false`. */
  readonly uninstallDependants?: boolean;
  /** Only makes the plan. Default `false`. */
  readonly pretend?: boolean;
  /** Is told what will be done, before the first action. */
  readonly onPlan?: (plan: Plan) => void;
}

/** What was to be done, and how it ended. */
export interface Performed extends RunResult {
  /** What was to be done. */
  readonly plan: Plan;
}

/** A plan, and what it was made of. */
export interface Prepared {
  /** What is to be done. */
  readonly plan: Plan;
  /** What is there already. */
  readonly world: World;
  /** The hashes of the components. */
  readonly hashes: Hashes;
  /** For each requested component, its installed dependants, which go when it is replaced. */
  readonly dependants: ReadonlyMap<string, readonly string[]>;
}

/** What a plan is made of. */
export interface PrepareOptions extends
  Pick<
    PerformOptions,
    "configuration" | "request" | "uninstallDependants" | "pinned" | "log" | "signal"
  > {
  /** What is there already. Default: what is found. */
  readonly world?: World;
}

/**
 * Plans what was asked for, checks that all it needs is there, takes the root for itself, and does
 * it. As long as the first build has not been merged, nothing in the root has changed.
 *
 * Permissions: `--allow-all`, as scripts have.
 *
 * @param options What and how.
 * @returns How it ended; a failure of an action is a result too.
 * @throws {OrchestraError} when there is no plan, or something is missing for it: nothing is done.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export async function perform(options: PerformOptions): Promise<Performed> {
  const { configuration, pretend = false, purpose, signal } = options;
  const root = configuration.paths.orchestraRoot;
  await using remoteArchives = new RemoteArchives(configuration);
  const lock = async () =>
    await lockRoot(root, {
      purpose,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.onWait === undefined ? {} : { onWait: options.onWait }),
      ...(options.onRepair === undefined ? {} : { onRepair: options.onRepair }),
      ...(signal === undefined ? {} : { signal }),
    });
  const nothing = { done: [], failed: [], skipped: [], uninstalled: [] };
  let isTold = false;
  await requireRoot(root);
  if (pretend || !isThere(metadataDirectory(root))) {
    // A root is made only for a plan that can be begun.
    const { plan } = await prepare(options, remoteArchives);
    isTold = true;
    if (pretend || plan.actions.length === 0) {
      options.onPlan?.(plan);
      return { plan, ...nothing };
    }
  }
  await using _lock = await lock();
  // What is to be said about the world has been said by the first look.
  const looking = isTold ? { ...options, log: () => {} } : options;
  const { plan, world, hashes, dependants } = await prepare(looking, remoteArchives);
  options.onPlan?.(plan);
  if (plan.actions.length === 0) return { plan, ...nothing };
  const result = await runPlan(plan, { ...options, world, hashes, dependants, remoteArchives });
  return { plan, ...result };
}

async function prepare(
  options: PerformOptions,
  remoteArchives: RemoteArchives,
): Promise<Prepared> {
  const prepared = await planRequest(options, remoteArchives);
  const { configuration, createBinaryArchives = false, pinned, signal } = options;
  const { plan, world, hashes } = prepared;
  await checkPrerequisites(plan, {
    configuration,
    world,
    hashes,
    createBinaryArchives,
    ...(pinned === undefined ? {} : { pinned }),
    ...(signal === undefined ? {} : { signal }),
  });
  return prepared;
}

/**
 * Plans what was asked for, without looking at whether all it needs is there.
 *
 * Permissions: `--allow-read` of what the configuration names; `--allow-net` and `--allow-run` for
 * archives elsewhere.
 *
 * @param options What is wanted, and of what.
 * @param remoteArchives Asked for archives elsewhere.
 * @returns The plan.
 * @throws {OrchestraError} when there is none.
 */
export async function planRequest(
  { configuration, request, uninstallDependants = false, pinned, log, ...options }: PrepareOptions,
  remoteArchives: RemoteArchives,
): Promise<Prepared> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const world = options.world ?? await readWorld(configuration, {
    remoteArchives,
    log,
    ...(pinned === undefined ? {} : { pinned }),
    ...signal,
  });
  const hashes = await createHashes(configuration, world.commits);
  if (remoteArchives.areAsked && request.fromSource !== true) {
    await remoteArchives.probe(wantedArchives(configuration, request, world, hashes), signal);
  }
  const dependants = uninstallDependants
    ? installedDependants(configuration, world, request)
    : new Map<string, readonly string[]>();
  const leaving = new Set([...dependants.values()].flat());
  const staying = world.installed.all().filter(({ component }) => !leaving.has(component));
  const plan = solve({
    configuration,
    // What will go does not count as installed: a cycle may need it again.
    world: { ...world, installed: installedState(staying) },
    hashes,
    request,
  });
  return { plan, world, hashes, dependants };
}

/**
 * Finds which installed components depend on the requested ones, and go when those are replaced.
 *
 * @param configuration The dependencies.
 * @param world What is installed.
 * @param request What is requested.
 * @returns For each requested component, its installed dependants, sorted.
 */
export function installedDependants(
  configuration: Configuration,
  world: World,
  request: PlanRequest,
): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const target of request.targets) {
    if (target.kind !== "install") continue;
    const names = dependantsOf(configuration, [target.component])
      .filter((name) => world.installed.get(name) !== undefined).sort();
    if (names.length > 0) found.set(target.component, names);
  }
  return found;
}

/** The paths of all archives that may be needed. */
function wantedArchives(
  configuration: Configuration,
  request: PlanRequest,
  { commits, installed }: World,
  hashes: Hashes,
): readonly (readonly string[])[] {
  const components = new Set<string>();
  for (const target of request.targets) {
    if (target.kind === "clone") continue;
    for (const name of closure(configuration.components, target.component)) components.add(name);
  }
  return [...components].flatMap((name) => {
    const component = configuration.components.get(name);
    if (component === undefined || component.buildFromSource) return [];
    const hash = hashes.recursiveHash(name);
    const requested = request.targets.some((target) =>
      target.kind !== "clone" && target.component === name
    );
    if (!requested && installed.get(name)?.recursiveHash === hash) return [];
    return [...component.builds.keys()].map((build) =>
      candidates(configuration, commits, { component: name, build }, hash)
    );
  });
}
