import { type CommandUnknownOpts, InvalidArgumentError } from "../lib/deps/commander.ts";
import type { ActionFailedError } from "../lib/orchestra/actions/run_plan.ts";
import { perform, type Performed } from "../lib/orchestra/actions/perform.ts";
import { ScriptFailedError } from "../lib/orchestra/actions/run_script.ts";
import { actionName, type PlanRequest, type PlanTarget } from "../lib/orchestra/model.ts";
import { ORC_EXIT, type OrcContext } from "./_orc_context.ts";
import { ExitCode } from "./exit_code.ts";
import { LiveView } from "./_orc_live_view.ts";
import { lockEvents } from "./_orc_lock.ts";

/** Options that say how builds come about. */
export interface BuildFlags {
  /** Everything is built. */
  readonly fromSource?: boolean;
  /** What has no archive is built. */
  readonly fallbackBuild?: boolean;
  /** Build directories go after an install. */
  readonly discardBuildDirectories?: boolean;
  /** Install scripts run tests. */
  readonly test?: boolean;
  /** An image whose containers run scripts. */
  readonly inContainer?: string;
}

/** Options that say how actions are run. */
export interface ExecutionFlags {
  /** Only tell what would be done. */
  readonly pretend?: boolean;
  /** How often git-lfs is tried. */
  readonly lfsRetries?: number;
  /** So many actions at a time. */
  readonly jobs?: number;
  /** After a failure, go on with what does not need what failed. */
  readonly keepGoing?: boolean;
  /** Use the commits of the lock file. */
  readonly locked?: boolean;
  /** Print the result as JSON. */
  readonly json?: boolean;
}

/** Options that say what is left out. */
export interface ForceFlags {
  /** What is satisfied is done again when it is asked for. */
  readonly force?: boolean;
  /** What it needs is done too. */
  readonly deps?: boolean;
}

/** Options of `install` alone, as the library wants them. */
export interface InstallFlags {
  /** What is installed is merged into the root. */
  readonly merge?: boolean;
  /** What depends on a component goes with its old build. */
  readonly uninstallDependants?: boolean;
  /** What is built is archived. */
  readonly createBinaryArchives?: boolean;
  /** Temporary roots stay. */
  readonly keepTmproot?: boolean;
}

/**
 * Adds the options that say how builds come about.
 *
 * @param command The command.
 * @returns The command.
 */
export function addBuildOptions(command: CommandUnknownOpts): CommandUnknownOpts {
  return command
    .option("-B, --from-source", "build everything from source, use no binary archives")
    .option("-b, --fallback-build", "build what has no binary archive")
    .option("--discard-build-directories", "remove build directories after each install")
    .option("--test", "run tests of components in their install scripts (RUN_TESTS=1)")
    .option(
      "--in-container <image>",
      "run configure and install scripts in containers of this image, without network",
    );
}

/**
 * Adds the options that say how actions are run.
 *
 * @param command The command.
 * @returns The command.
 */
export function addExecutionOptions(command: CommandUnknownOpts): CommandUnknownOpts {
  return command
    .option("-n, --pretend", "do not do anything, only tell what would be done")
    .option("--lfs-retries <count>", "try so often to get an archive from git-lfs", wholeNumber, 3)
    .option("-j, --jobs <count>", "run so many actions at a time", wholeNumber, 1)
    .option("-k, --keep-going", "after a failure, go on with what does not need what failed")
    .option("--locked", "use the commits in .orchestra/orchestra.lock.json")
    .option("--json", "print what was done as JSON");
}

/** Reads a number of at least 1 from the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

/** All that the command line says about a run. */
export type RunFlags =
  & BuildFlags
  & ExecutionFlags
  & InstallFlags
  & Pick<PlanRequest, "noForce" | "noDeps">;

/**
 * Plans and does what was asked for, one plan after the other up to the first with a failure, and
 * tells it: as JSON in one document.
 *
 * @param context Configuration and log.
 * @param batches What was asked for; each is one plan.
 * @param flags The words of the command line.
 * @throws {ExitCode} with 1 when an action failed.
 */
export async function performTargets(
  context: OrcContext,
  batches: readonly (readonly PlanTarget[])[],
  flags: RunFlags,
): Promise<void> {
  const results: Performed[] = [];
  try {
    for (const targets of batches) {
      const result = await performPlan(context, targets, flags);
      results.push(result);
      if (result.failed.length > 0) break;
    }
  } finally {
    // Also what was done before a plan that could not be made.
    if (flags.json === true && results.length > 0) context.printJson(summaryOf(results));
  }
  const isHidden = context.options.quiet || (flags.jobs ?? 1) > 1;
  const failed = results.flatMap((result) => result.failed);
  if (failed.length === 0) return;
  for (const failure of failed) context.log("ERROR", describeFailure(failure, isHidden));
  const skipped = results.flatMap((result) => result.skipped);
  if (skipped.length > 0 && flags.keepGoing === true) {
    context.log("ERROR", `Not tried:\n${skipped.join("\n")}`);
  }
  throw new ExitCode(ORC_EXIT.failed);
}

async function performPlan(
  context: OrcContext,
  targets: readonly PlanTarget[],
  flags: RunFlags,
): Promise<Performed> {
  const configuration = await context.configuration();
  const { quiet } = context.options;
  const { jobs = 1, pretend = false } = flags;
  const purpose = purposeOf(targets);
  const view = new LiveView(context, { jobs, quiet });
  const pinned = flags.locked === true
    ? await (await import("../lib/orchestra/git/lock_file.ts")).readLockFile(configuration)
    : undefined;
  await using sandbox = flags.inContainer === undefined
    ? undefined
    : await (await import("../lib/orchestra/sandbox/sandbox.ts")).Sandbox.create({
      image: flags.inContainer,
      configuration,
      signal: context.signal,
    });
  try {
    return await perform({
      configuration,
      purpose,
      request: {
        targets,
        fromSource: flags.fromSource === true,
        fallbackBuild: flags.fallbackBuild === true,
        noForce: flags.noForce === true,
        noDeps: flags.noDeps === true,
      },
      pretend,
      jobs,
      keepGoing: flags.keepGoing === true,
      uninstallDependants: flags.uninstallDependants === true,
      runTests: flags.test === true,
      merge: flags.merge !== false,
      keepTmproot: flags.keepTmproot === true,
      createBinaryArchives: flags.createBinaryArchives === true,
      discardBuildDirectories: flags.discardBuildDirectories === true,
      lfsRetries: flags.lfsRetries ?? 3,
      streamOutput: !quiet && jobs === 1,
      ...(pinned === undefined ? {} : { pinned }),
      ...(sandbox === undefined ? {} : { scriptRunner: (place) => sandbox.runner(place) }),
      log: view.log,
      onPlan: (plan) => {
        view.begin(plan);
        if (plan.actions.length === 0) context.log("INFO", "No actions to perform");
        if (!pretend) return;
        for (const { action } of plan.actions) {
          context.log("INFO", `Executing Action ${actionName(action)}`);
        }
      },
      onEvent: (event) => view.onEvent(event),
      ...lockEvents(context),
      signal: context.signal,
    });
  } finally {
    view.end(context.signal.aborted ? "Interrupted" : "Done");
    context.forgetWorld();
  }
}

function purposeOf(targets: readonly PlanTarget[]): string {
  const names = targets.map((target) =>
    target.kind === "clone" ? target.repository : `${target.component}@${target.build}`
  );
  return `${targets[0]?.kind ?? "nothing"} ${names.join(" ")}`;
}

/** `isHidden`: whether what scripts print has not been shown. */
function describeFailure(failure: ActionFailedError, isHidden: boolean): string {
  const { cause, logFile } = failure;
  const reason = cause instanceof Error ? messages(cause) : String(cause);
  const where = cause instanceof ScriptFailedError && logFile !== undefined && isHidden
    ? `\nAll of its output is in ${logFile}`
    : "";
  return `${failure.message}:\n${reason}${where}`;
}

function messages(error: Error): string {
  if (!(error.cause instanceof Error)) return error.message;
  const below = messages(error.cause);
  // Some errors repeat what caused them.
  return error.message.includes(below) ? error.message : `${error.message}\n${below}`;
}

function summaryOf(results: readonly Performed[]): unknown {
  return {
    plan: results.flatMap(({ plan }) => plan.actions).map(({ id, reason, requested, after }) => ({
      id,
      reason,
      requested,
      after,
    })),
    done: results.flatMap(({ done }) => done),
    failed: results.flatMap(({ failed }) => failed).map(({ message, cause, action, logFile }) => ({
      action: actionName(action),
      message,
      cause: cause instanceof Error ? messages(cause) : String(cause),
      logFile: logFile ?? null,
    })),
    skipped: results.flatMap(({ skipped }) => skipped),
    uninstalled: results.flatMap(({ uninstalled }) => uninstalled),
  };
}
