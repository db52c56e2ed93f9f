import { explainStage } from "../lib/buildr/plan/explain.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addPlanFlags, type PlanFlags } from "./_buildr_flags.ts";
import { makePlan } from "./_buildr_plan.ts";
import { formatJson, type Output } from "./output.ts";

/**
 * Makes `superorch buildr explain`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function explainCommand(output: Output): CommandUnknownOpts {
  const command = new Command("explain")
    .description(
      "Explain a stage: where it runs and why there, what it waits for, each line as it is run, " +
        "and under which conditions.",
    )
    .argument("<stage>", "its name") as unknown as CommandUnknownOpts;
  return addPlanFlags(command)
    .option("--json", "print JSON")
    .action(async (...words) => {
      const stage = words[0] as string;
      const flags = words[1] as PlanFlags & { readonly json?: boolean };
      const plan = await makePlan([], flags, output, { quiet: true });
      const { text, data } = explainStage(plan, stage);
      output.out.write(flags.json === true ? formatJson(data) : text);
    });
}
