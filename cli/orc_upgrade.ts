import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { OrcContext } from "./_orc_context.ts";
import {
  addBuildOptions,
  addExecutionOptions,
  type BuildFlags,
  type ExecutionFlags,
  performTargets,
} from "./_orc_run.ts";

/** Makes `orc upgrade`. */
export function upgradeCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("upgrade")
    .description("Install again what was installed by name and is out of date.");
  return addExecutionOptions(addBuildOptions(command)).action(async () => {
    const flags = command.opts() as BuildFlags & ExecutionFlags;
    const configuration = await context.configuration();
    const { installed } = await context.world();
    const targets = installed.all().flatMap(({ component, build, manuallyInstalled }) => {
      if (!manuallyInstalled) return [];
      if (configuration.components.get(component)?.builds.has(build)) {
        return [{ kind: "install", component, build } as const];
      }
      context.log("WARNING", `${component}@${build} is installed, but not in the configuration`);
      return [];
    });
    await performTargets(context, [targets], { ...flags, noForce: true });
  });
}
