import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";
import {
  addExecutionOptions,
  type ExecutionFlags,
  type ForceFlags,
  performTargets,
} from "./_orc_run.ts";

/** Makes `orc clone`. */
export function cloneCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("clone")
    .description("Clone the repositories of components.")
    .argument("<components...>", "component");
  return addExecutionOptions(command)
    .option("--no-force", "do nothing for what is cloned already")
    .action(async () => {
      const { force, ...flags } = command.opts() as ExecutionFlags & ForceFlags;
      const repositories = new Set<string>();
      for (const spec of command.args) {
        const { repository } = (await context.build(spec)).component;
        if (repository === null) {
          throw new OrcFailure("This component does not have a git repository configured!");
        }
        repositories.add(repository);
      }
      const targets = [...repositories].map((repository) =>
        ({ kind: "clone", repository }) as const
      );
      await performTargets(context, [targets], { ...flags, noForce: force === false });
    });
}
