import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { planRequest } from "../lib/orchestra/actions/perform.ts";
import {
  checkPrerequisites,
  type PrerequisiteOptions,
} from "../lib/orchestra/actions/prerequisites.ts";
import { RemoteArchives } from "../lib/orchestra/archives/remote_archives.ts";
import {
  actionName,
  type BuildTarget,
  OrchestraError,
  type Plan,
  type PlanRequest,
  qualifiedName,
  type World,
  worldAfter,
} from "../lib/orchestra/mod.ts";
import { addSourceOptions, type SourceFlags } from "./_orc_build_options.ts";
import { installTargets } from "./_orc_install_targets.ts";
import type { OrcContext } from "./_orc_context.ts";

interface PlanFlags extends SourceFlags {
  readonly test?: boolean;
  readonly force: boolean;
  readonly deps: boolean;
  readonly uninstallDependants: boolean;
  readonly createBinaryArchives?: boolean;
  readonly locked?: boolean;
  readonly json?: boolean;
}

/** What one requested component means. */
interface Step {
  readonly target: BuildTarget;
  readonly plan: Plan;
  readonly uninstalled: readonly string[];
  /** Why it could not even begin. */
  readonly problem: string | undefined;
}

/** Makes `orc plan`. */
export function planCommand(context: OrcContext): CommandUnknownOpts {
  return addSourceOptions(
    new Command("plan")
      .description("Show what installing components would do, and why; nothing is done.")
      .argument("<components...>", "components, or component@build")
      .option("--no-force", "leave out what was asked for if it is done already")
      .option("--no-deps", "only what was asked for")
      .option("--no-uninstall-dependants", "keep what depends on what was asked for")
      .option("--create-binary-archives", "check that new archives have a place to go to")
      .option("--test", "with what the tests of these components trigger")
      .option("--locked", "at the commits in .orchestra/orchestra.lock.json")
      .option("--json", "as JSON"),
  ).action(async (...words: unknown[]) => {
    const [specs, flags] = words as [readonly string[], PlanFlags];
    const steps = await planSteps(context, specs, flags);
    if (flags.json) context.printJson(steps.map(asJson));
    else for (const step of steps) printStep(context, step);
    const problem = steps.find((step) => step.problem !== undefined)?.problem;
    if (problem !== undefined) throw new OrchestraError(problem);
  });
}

async function planSteps(
  context: OrcContext,
  specs: readonly string[],
  flags: PlanFlags,
): Promise<readonly Step[]> {
  const configuration = await context.configuration();
  const { log, signal } = context;
  const pinned = flags.locked === true
    ? await (await import("../lib/orchestra/git/lock_file.ts")).readLockFile(configuration)
    : undefined;
  await using remoteArchives = new RemoteArchives(configuration);
  const steps: Step[] = [];
  let world: World | undefined;
  for (const target of await installTargets(context, specs, flags.test === true)) {
    const request: PlanRequest = {
      targets: [{ kind: "install", ...target }],
      fromSource: flags.fromSource === true,
      fallbackBuild: flags.fallbackBuild === true,
      noForce: !flags.force,
      noDeps: !flags.deps,
    };
    const prepared = await planRequest({
      configuration,
      request,
      uninstallDependants: flags.uninstallDependants,
      log,
      signal,
      ...(pinned === undefined ? {} : { pinned }),
      ...(world === undefined ? {} : { world }),
    }, remoteArchives);
    const { plan, hashes, dependants } = prepared;
    const uninstalled = plan.actions.length > 0 ? dependants.get(target.component) ?? [] : [];
    const problem = await problemOf(plan, {
      configuration,
      world: prepared.world,
      hashes,
      createBinaryArchives: flags.createBinaryArchives === true,
      signal,
      ...(pinned === undefined ? {} : { pinned }),
    });
    steps.push({ target, plan, uninstalled, problem });
    world = worldAfter(prepared.world, plan, hashes, uninstalled);
  }
  return steps;
}

async function problemOf(plan: Plan, options: PrerequisiteOptions): Promise<string | undefined> {
  try {
    await checkPrerequisites(plan, options);
    return undefined;
  } catch (error) {
    if (error instanceof OrchestraError) return error.message;
    throw error;
  }
}

function printStep(context: OrcContext, { target, plan, uninstalled }: Step): void {
  const name = qualifiedName(target);
  if (plan.actions.length === 0) {
    context.print(`Install ${name}: no actions to perform`);
    return;
  }
  const count = plan.actions.length === 1 ? "1 action" : `${plan.actions.length} actions`;
  context.print(`Install ${name}: ${count}`);
  plan.actions.forEach(({ action, reason, after }, index) => {
    context.print(`${String(index + 1).padStart(4)}. ${actionName(action)}`);
    context.print(`      because ${reason}`);
    if (after.length > 0) context.print(`      after ${after.join(", ")}`);
  });
  for (const other of uninstalled) {
    context.print(`      uninstall of ${other}\n      because it depends on ${target.component}`);
  }
}

function asJson({ target, plan, uninstalled, problem }: Step) {
  return {
    target: qualifiedName(target),
    actions: plan.actions.map(({ action, id, after, requested, satisfied, reason }) => ({
      id,
      name: actionName(action),
      ...action,
      after,
      requested,
      satisfied,
      reason,
    })),
    uninstalled_dependants: uninstalled,
    problem: problem ?? null,
  };
}
