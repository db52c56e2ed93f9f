import { RemoteArchives } from "../archives/remote_archives.ts";
import { OrchestraError } from "../errors.ts";
import { createHashes } from "../hashes/mod.ts";
import type { Log } from "../log.ts";
import {
  type Action,
  actionName,
  type Configuration,
  type Hashes,
  type InstalledBuild,
  type Plan,
  type PlannedAction,
  sanitize,
  targetName,
  type World,
} from "../model.ts";
import { readWorld } from "../world.ts";
import { joinPath } from "../_path.ts";
import type { ActionContext, ActionOptions } from "./action_context.ts";
import { cloneRepository } from "./clone.ts";
import { configureBuild } from "./configure.ts";
import { installBuild } from "./install.ts";
import { schedule } from "./scheduler.ts";

/** What happens in a run, as it happens. */
export type ActionEvent =
  | { readonly kind: "start"; readonly id: string; readonly action: Action }
  | { readonly kind: "output"; readonly id: string; readonly chunk: Uint8Array }
  | { readonly kind: "done"; readonly id: string; readonly durationMs: number }
  | {
    readonly kind: "failed";
    readonly id: string;
    readonly durationMs: number;
    readonly error: unknown;
  };

/** How a plan is run. */
export interface RunPlanOptions extends ActionOptions {
  /** The configuration that it was made for. */
  readonly configuration: Configuration;
  /** What was there when it was made. */
  readonly world: World;
  /** The hashes of the components. */
  readonly hashes: Hashes;
  /** Archives of remotes, as they were asked when the plan was made. */
  readonly remoteArchives?: RemoteArchives;
  /** So many actions at a time. Default 1. */
  readonly jobs?: number;
  /** After a failure, go on with what does not need what failed. Default `false`. */
  readonly keepGoing?: boolean;
  /**
   * Installed components that depend on one of the plan: those that are not installed anew go
   * together with the old build of that component. By the name of the component that they go for.
   */
  readonly dependants?: ReadonlyMap<string, readonly string[]>;
  /** Commits that repositories are set to when they are cloned. */
  readonly pinned?: ReadonlyMap<string, string>;
  /** Takes messages. */
  readonly log: Log;
  /**
   * Output of scripts is told as it comes, as events, and left out of the errors. Default `false`.
   */
  readonly streamOutput?: boolean;
  /** Is told what happens. */
  readonly onEvent?: (event: ActionEvent) => void;
  /** Further variables for scripts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends what runs, and starts nothing else. */
  readonly signal?: AbortSignal;
}

/** How a run ended. */
export interface RunResult {
  /** Ids of actions that were done. */
  readonly done: readonly string[];
  /** Actions that failed. */
  readonly failed: readonly ActionFailedError[];
  /** Ids of actions that were not tried. */
  readonly skipped: readonly string[];
  /** Components that were removed because they depended on others. */
  readonly uninstalled: readonly string[];
}

/** An action has failed; its `cause` says why. */
export class ActionFailedError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "ActionFailedError";
  /** What failed. */
  readonly action: Action;
  /** The file with all that its script printed, if there is one. */
  readonly logFile: string | undefined;

  /**
   * Makes the error.
   *
   * @param action What failed.
   * @param cause Why.
   * @param logFile The file with all that its script printed.
   */
  constructor(action: Action, cause: unknown, logFile?: string) {
    super(`Action ${actionName(action)} failed`, { cause });
    this.action = action;
    this.logFile = logFile;
  }
}

/**
 * Runs the actions of a plan. Hold the lock of the root.
 *
 * Each script has a log file of its own in `<cache>/logs`, from its last run.
 *
 * @param plan What is to be done.
 * @param options How.
 * @returns How it ended; a failure is a result too.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunResult> {
  const { jobs = 1, keepGoing = false, onEvent = () => {}, signal } = options;
  const run = new Run(options);
  const logs = joinPath(options.configuration.paths.cache, "logs");
  await Deno.mkdir(logs, { recursive: true });
  const actions = new Map(plan.actions.map((planned) => [planned.id, planned]));
  const tasks = plan.actions.map((planned) => ({
    id: planned.id,
    after: planned.after,
    run: async () => {
      const { id, action } = planned;
      const start = performance.now();
      onEvent({ kind: "start", id, action });
      try {
        await run.action(
          planned,
          logFileOf(logs, action),
          (chunk) => onEvent({ kind: "output", id, chunk }),
        );
        onEvent({ kind: "done", id, durationMs: performance.now() - start });
      } catch (error) {
        onEvent({ kind: "failed", id, durationMs: performance.now() - start, error });
        throw error;
      }
    },
  }));
  await using _remotes = options.remoteArchives === undefined ? run.remoteArchives : undefined;
  const result = await schedule(tasks, { jobs, keepGoing, ...(signal ? { signal } : {}) });
  const failed = result.failed.map(({ id, error }) => {
    const action = actions.get(id)!.action;
    const logFile = action.kind === "clone" ? undefined : logFileOf(logs, action);
    return new ActionFailedError(action, error, logFile);
  });
  return { ...result, failed, uninstalled: run.uninstalled };
}

function logFileOf(directory: string, action: Action): string {
  return joinPath(directory, `${action.kind}_${sanitize(targetName(action))}.log`);
}

class Run {
  readonly remoteArchives: RemoteArchives;
  readonly uninstalled: string[] = [];
  readonly #options: RunPlanOptions;
  readonly #installed = new Set<string>();
  #world: World;
  #hashes: Hashes;
  #merging: Promise<unknown> = Promise.resolve();

  constructor(options: RunPlanOptions) {
    this.#options = options;
    this.#world = options.world;
    this.#hashes = options.hashes;
    this.remoteArchives = options.remoteArchives ?? new RemoteArchives(options.configuration);
  }

  async action(
    { action, requested }: PlannedAction,
    logFile: string,
    onOutput: (chunk: Uint8Array) => void,
  ): Promise<InstalledBuild | void> {
    const { configuration, log, env, signal, streamOutput } = this.#options;
    const context: ActionContext = {
      configuration,
      world: this.#world,
      hashes: this.#hashes,
      remoteArchives: this.remoteArchives,
      options: this.#options,
      log,
      logFile,
      ...(streamOutput === true ? { onOutput } : {}),
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
    };
    switch (action.kind) {
      case "clone": {
        await cloneRepository(
          action.repository,
          context,
          this.#options.pinned?.get(action.repository),
        );
        return await this.#lookAgain(action.repository);
      }
      case "configure":
        return await configureBuild(action, context);
      case "install": {
        const installed = await installBuild(action, context, {
          requested,
          merging: (change) => this.#merge(action.component, change),
        });
        return installed;
      }
    }
  }

  /** What was cloned may be newer than what the last update saw, and then has other hashes. */
  async #lookAgain(repository: string): Promise<void> {
    const { configuration, log, pinned } = this.#options;
    const before = this.#world.commits.head(repository).commit;
    const world = await readWorld(configuration, {
      remoteArchives: this.remoteArchives,
      ...(pinned === undefined ? {} : { pinned }),
    });
    const { commit } = world.commits.head(repository);
    if (commit === before) return;
    log("DEBUG", `${repository} is at commit ${commit}, the last update saw ${before}`);
    this.#world = { ...world, installed: this.#world.installed };
    this.#hashes = await createHashes(configuration, world.commits);
  }

  /** One change of the root at a time; the first one of a component takes its dependants along. */
  #merge(
    component: string,
    change: (replacing: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const mine = this.#merging.then(async () => {
      const replacing = (this.#options.dependants?.get(component) ?? []).filter((name) =>
        name !== component && !this.#installed.has(name) && !this.uninstalled.includes(name)
      );
      await change(replacing);
      for (const name of replacing) this.#options.log("INFO", `Uninstalling ${name}`);
      this.uninstalled.push(...replacing);
      this.#installed.add(component);
    });
    this.#merging = mine.catch(() => {}); // whoever waits for it is told; the others go on
    return mine;
  }
}
