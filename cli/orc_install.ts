import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { BuildTarget, PlanTarget } from "../lib/orchestra/model.ts";
import { installTargets } from "./_orc_install_targets.ts";
import type { OrcContext } from "./_orc_context.ts";
import {
  addBuildOptions,
  addExecutionOptions,
  type BuildFlags,
  type ExecutionFlags,
  type ForceFlags,
  type InstallFlags,
  performTargets,
} from "./_orc_run.ts";

type Flags = BuildFlags & ExecutionFlags & InstallFlags & ForceFlags;

/** Makes `orc install`. */
export function installCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("install")
    .description(
      "Install components, from their binary archives or by building them. One after the other, " +
        "each with all that it needs; with --jobs or --keep-going all as one plan.",
    )
    .argument("<components...>", "component, or component@build");
  return addExecutionOptions(addBuildOptions(command))
    .option("--no-force", "do nothing for what is installed already")
    .option("--no-deps", "install only what is named, and nothing that it needs")
    .option("--no-merge", "do not put what is installed into the root")
    .option("--no-uninstall-dependants", "leave installed components that depend on these")
    .option("--create-binary-archives", "archive what is built")
    .option("--keep-tmproot", "leave temporary roots behind")
    .action(async () => {
      const flags = command.opts() as Flags;
      const wanted = await installTargets(context, command.args, flags.test === true);
      const { force, deps, ...others } = flags;
      const together = (flags.jobs ?? 1) > 1 || flags.keepGoing === true;
      await performTargets(context, batches(wanted, together), {
        ...others,
        noForce: force === false,
        noDeps: deps === false,
      });
    });
}

/** One plan for each, or as few as there can be with one build of a component in each. */
function batches(
  targets: readonly BuildTarget[],
  together: boolean,
): readonly (readonly PlanTarget[])[] {
  const found: (BuildTarget & { readonly kind: "install" })[][] = [];
  for (const target of targets.map((one) => ({ kind: "install", ...one } as const))) {
    const last = found.at(-1);
    const clashes = last?.some(({ component }) => component === target.component) ?? true;
    if (!together || clashes) found.push([target]);
    else last?.push(target);
  }
  return found;
}
