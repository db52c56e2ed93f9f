import { type GraphFormat, renderGraph } from "../lib/buildr/plan/graph.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { addPlanFlags, type PlanFlags } from "./_buildr_flags.ts";
import { makePlan } from "./_buildr_plan.ts";
import { escapeControl, type Output } from "./output.ts";

/**
 * Makes `superorch buildr graph`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function graphCommand(output: Output): CommandUnknownOpts {
  const command = new Command("graph")
    .description("Show what waits for what; stages with the same number can run at the same time.")
    .argument("[stage...]", "these stages, and what they need") as unknown as CommandUnknownOpts;
  return addPlanFlags(command)
    .addOption(
      new Option("--format <format>", "text, or dot for Graphviz").choices(["text", "dot"])
        .default("text"),
    )
    .option("--dot", "same as --format dot")
    .action(async (...words) => {
      const stages = words[0] as readonly string[];
      const flags = words[1] as PlanFlags & { format: GraphFormat; dot?: boolean };
      const plan = await makePlan(stages, flags, output, { quiet: true });
      const format = flags.dot === true ? "dot" : flags.format;
      const lines = renderGraph(plan, format).split("\n");
      output.out.write(lines.map(escapeControl).join("\n"));
    });
}
