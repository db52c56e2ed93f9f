import { listPlan } from "../lib/buildr/plan/list.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addPlanFlags, type PlanFlags } from "./_buildr_flags.ts";
import { makePlan } from "./_buildr_plan.ts";
import { formatJson, formatTable, type Output } from "./output.ts";

/**
 * Makes `superorch buildr list`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function listCommand(output: Output): CommandUnknownOpts {
  const command = new Command("list")
    .description(
      "List the stages and rows of the manifest, and which of them would not run and why.",
    )
    .argument("[stage...]", "these stages, and what they need") as unknown as CommandUnknownOpts;
  return addPlanFlags(command)
    .option("--json", "print JSON")
    .action(async (...words) => {
      const stages = words[0] as readonly string[];
      const flags = words[1] as PlanFlags & { readonly json?: boolean };
      const plan = await makePlan(stages, flags, output, { quiet: true });
      const nodes = listPlan(plan);
      if (flags.json === true) {
        output.out.write(formatJson(nodes));
        return;
      }
      const rows = nodes.map(({ id, image, needs, tags, skip, description }) => [
        id,
        image,
        shortened(needs),
        tags.join(","),
        skip === undefined ? description ?? "" : `skipped: ${skip}`,
      ]);
      output.out.write(formatTable(["STAGE", "IMAGE", "NEEDS", "TAGS", "NOTE"], rows, output.out));
    });
}

/** Rows of one stage stand for themselves in JSON only. */
function shortened(needs: readonly string[]): string {
  return [...new Set(needs.map((id) => id.replace(/\[.*$/s, "")))].join(",");
}
