import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { OrcContext } from "./_orc_context.ts";
import {
  addBuildOptions,
  addExecutionOptions,
  type BuildFlags,
  type ExecutionFlags,
  type ForceFlags,
  performTargets,
} from "./_orc_run.ts";

type Flags = BuildFlags & ExecutionFlags & ForceFlags;

/** Makes `orc configure`. */
export function configureCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("configure")
    .description("Run the configure scripts of components, after installing what they need.")
    .argument("<components...>", "component, or component@build");
  return addExecutionOptions(addBuildOptions(command))
    .option("--no-force", "do nothing for what is configured already")
    .option("--no-deps", "configure only what is named, and install nothing that it needs")
    .action(async () => {
      const { force, deps, ...flags } = command.opts() as Flags;
      const targets = [];
      for (const spec of command.args) {
        targets.push({ kind: "configure", ...(await context.build(spec)).target } as const);
      }
      await performTargets(context, [targets], {
        ...flags,
        noForce: force === false,
        noDeps: deps === false,
      });
    });
}
