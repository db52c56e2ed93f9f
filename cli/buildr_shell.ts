import type { PlanNode, RunPlan } from "../lib/buildr/plan/model.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addEngineFlags, type EngineFlags } from "./_buildr_flags.ts";
import { executeRun, openShell } from "./_buildr_execute.ts";
import { makePlan } from "./_buildr_plan.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr shell`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function shellCommand(output: Output): CommandUnknownOpts {
  const command = new Command("shell")
    .description(
      "Open a shell where a stage would run: in its image, with its services, variables, secrets " +
        "and caches, after prepare. Its own lines are not run. Ends with the shell's exit code.",
    )
    .argument("<stage>", "the stage") as unknown as CommandUnknownOpts;
  return addEngineFlags(command).action(async (...words: readonly unknown[]) => {
    const stage = words[0] as string;
    const flags = words[1] as EngineFlags;
    // What it needs counts as done, but for prepare: that makes the container what it is.
    const plan = await makePlan([], { ...flags, only: [stage] }, output, { quiet: true });
    const prepared = withPrepare(plan);
    const node = theOneOf(plan, stage);
    let shellCode: number | undefined;
    const code = await executeRun(prepared, { ...flags, quiet: true }, output, {
      insteadOfScript: {
        node: node.id,
        run: async (session) => {
          shellCode = await openShell(session, output);
          return 0; // whatever the last command of a person gave, the stage has not failed
        },
      },
    });
    throw new ExitCode(code === 0 ? shellCode ?? 0 : code);
  });
}

function theOneOf(plan: RunPlan, stage: string): PlanNode {
  const nodes = [...plan.nodes, ...plan.after === undefined ? [] : [plan.after]]
    .filter((node) => node.stage.name === stage && node.skip === undefined);
  const [node, ...others] = nodes;
  if (node === undefined) {
    const skipped = plan.nodes.find((one) => one.stage.name === stage)?.skip;
    throw new UsageError(
      `Cannot open a shell in "${stage}": ${skipped?.message ?? "there is no such row"}`,
    );
  }
  if (others.length === 0) return node;
  const rows = nodes.map(({ id }) => id).join(", ");
  throw new UsageError(`Cannot open a shell in "${stage}": choose one of ${rows} with --matrix`);
}

function withPrepare(plan: RunPlan): RunPlan {
  const nodes = plan.nodes.map((node) =>
    node.stage.kind === "prepare" ? { ...node, skip: undefined } : node
  );
  return { ...plan, nodes, after: undefined };
}
