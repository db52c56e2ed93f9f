import type { RunPlan } from "../lib/buildr/plan/model.ts";
import { nodeData } from "../lib/buildr/plan/node_data.ts";
import { renderDryRun } from "../lib/buildr/plan/render_plan.ts";
import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { type RunFlags, stagesCommand } from "./_buildr_flags.ts";
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
  const description =
    "Run the stages of the manifest in fresh containers. Output of scripts goes to standard " +
    "output as it is; all else goes to standard error.";
  return stagesCommand("run", description, async (stages, flags) => {
    const plan = await planFor(stages, flags, output);
    if (flags.dryRun === true) {
      output.out.write(flags.json === true ? formatJson(shownPlan(plan)) : renderDryRun(plan));
      return;
    }
    const exitCode = await executeRun(plan, flags, output);
    if (exitCode !== 0) throw new ExitCode(exitCode);
  });
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
      ...nodeData(node),
    })),
  };
}
