import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import {
  ArchiveNotFoundError,
  checkPrerequisites,
} from "../lib/orchestra/actions/prerequisites.ts";
import { dependantsOf } from "../lib/orchestra/graph/mod.ts";
import {
  actionName,
  type BuildTarget,
  OrchestraError,
  type Plan,
  type PlanRequest,
  qualifiedName,
  solve,
  worldAfter,
} from "../lib/orchestra/mod.ts";
import { addBuildOptions, type BuildFlags } from "./_orc_build_options.ts";
import type { OrcContext } from "./_orc_context.ts";

interface PlanFlags extends BuildFlags {
  readonly force: boolean;
  readonly deps: boolean;
  readonly uninstallDependants: boolean;
  readonly createBinaryArchives?: boolean;
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
  return addBuildOptions(
    new Command("plan")
      .description("Show what installing components would do, and why; nothing is done.")
      .argument("<components...>", "components, or component@build")
      .option("--no-force", "leave out what was asked for if it is done already")
      .option("--no-deps", "only what was asked for")
      .option("--no-uninstall-dependants", "keep what depends on what was asked for")
      .option("--create-binary-archives", "check that new archives have a place to go to")
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
  const hashes = await context.hashes();
  let world = await context.world();
  const steps: Step[] = [];
  const targets = await requestedTargets(context, specs, flags);
  for (const target of targets) {
    const request: PlanRequest = {
      targets: [{ kind: "install", ...target }],
      fromSource: flags.fromSource === true,
      fallbackBuild: flags.fallbackBuild === true,
      noForce: !flags.force,
      noDeps: !flags.deps,
    };
    const plan = solve({ configuration, world, hashes, request });
    const now = world;
    const uninstalled = flags.uninstallDependants && plan.actions.length > 0
      ? dependantsOf(configuration, [target.component])
        .filter((name) => now.installed.get(name) !== undefined)
      : [];
    const problem = await problemOf(context, plan, flags);
    steps.push({ target, plan, uninstalled, problem });
    world = worldAfter(world, plan, hashes);
  }
  return steps;
}

/** As `install` takes them: one after the other, and then what their tests trigger. */
async function requestedTargets(
  context: OrcContext,
  specs: readonly string[],
  flags: PlanFlags,
): Promise<readonly BuildTarget[]> {
  const all: BuildTarget[] = [];
  const triggered: string[] = [];
  for (const spec of specs) {
    const { component, target } = await context.build(spec);
    all.push(target);
    if (flags.test) triggered.push(...component.testTriggers);
  }
  for (const spec of triggered) all.push((await context.build(spec)).target);
  return [...new Map(all.map((target) => [qualifiedName(target), target])).values()];
}

async function problemOf(
  context: OrcContext,
  plan: Plan,
  { createBinaryArchives = false }: PlanFlags,
): Promise<string | undefined> {
  const configuration = await context.configuration();
  const [world, hashes] = [await context.world(), await context.hashes()];
  const { signal } = context;
  try {
    await checkPrerequisites(plan, { configuration, world, hashes, createBinaryArchives, signal });
    return undefined;
  } catch (error) {
    if (error instanceof OrchestraError || error instanceof ArchiveNotFoundError) {
      return error.message;
    }
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
