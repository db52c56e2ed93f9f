import type { RunPlan } from "../lib/buildr/model.ts";
import { renderDryRun } from "../lib/buildr/plan/render_plan.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addRunFlags, type RunFlags, withKeepValue } from "./_buildr_flags.ts";
import { makePlan } from "./_buildr_plan.ts";
import { executeRun } from "./_buildr_execute.ts";
import { findLastRun } from "./_buildr_run_log.ts";
import { ExitCode } from "./exit_code.ts";
import { formatJson, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr run`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function runCommand(output: Output): CommandUnknownOpts {
  const command = new Command("run")
    .description(
      "Run the stages of the manifest in fresh containers. Output of scripts goes to standard " +
        "output as it is; all else goes to standard error.",
    )
    .argument(
      "[stage...]",
      "these stages, and what they need; default: all",
    ) as unknown as CommandUnknownOpts;
  addRunFlags(command).action(async (...words: readonly unknown[]) => {
    const stages = words[0] as readonly string[];
    const flags = words[1] as RunFlags;
    const plan = await planFor(stages, flags, output);
    if (flags.dryRun === true) {
      output.out.write(flags.json === true ? formatJson(shownPlan(plan)) : renderDryRun(plan));
      return;
    }
    const exitCode = await executeRun(plan, flags, output);
    if (exitCode !== 0) throw new ExitCode(exitCode);
  });
  const parse = command.parseAsync.bind(command);
  command.parseAsync = (words, options) => parse(withKeepValue(words ?? []), options);
  return command;
}

async function planFor(
  stages: readonly string[],
  flags: RunFlags,
  output: Output,
): Promise<RunPlan> {
  const options = { quiet: flags.json === true || flags.quiet === true };
  if (flags.rerunFailed !== true) return await makePlan(stages, flags, output, options);
  const first = await makePlan([], { ...flags, only: undefined }, output, { quiet: true });
  const last = await findLastRun(first.manifest.path);
  if (last === undefined) {
    throw new UsageError("Cannot run again what failed: no run of this manifest is remembered");
  }
  return await makePlan(stages, flags, output, { ...options, lastRun: last.result });
}

/** A plan without what only programs of ours can use, and without any value of a variable. */
function shownPlan(plan: RunPlan): unknown {
  const nodes = plan.after === undefined ? plan.nodes : [...plan.nodes, plan.after];
  return {
    manifest: plan.manifest.source.file,
    nodes: nodes.map((node) => ({
      id: node.id,
      stage: node.stage.name,
      ...(node.row === undefined ? {} : { row: node.row }),
      needs: node.needs,
      placement: node.placement,
      environment: Object.keys(node.env),
      secrets: node.secrets.map(({ name }) => name),
      commands: node.commands.map(({ text, argv, shell, where }) => ({ text, argv, shell, where })),
      services: node.services.map(({ name, image, ready }) => ({ name, image, ready })),
      caches: node.caches,
      artifacts: node.artifacts,
      ...(node.skip === undefined ? {} : { skip: node.skip }),
    })),
  };
}
