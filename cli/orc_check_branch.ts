import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { checkBranch, nearestBranch } from "../lib/orchestra/git/check_branch.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";
import { calledAs } from "./names.ts";
import { ownCommand } from "./own_command.ts";

/** Makes `orc check-branch`. */
export function checkBranchCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("check-branch")
    .description("Run the check_branch commands of a component on each commit of its branch.")
    .argument("<component>", "the component; its repository is cloned")
    .option("--onto <reference>", "what the branch started from; default: the nearest branch")
    .option("-n, --pretend", "only tell what it would be rebased upon")
    .option("--lfs-retries <count>", "has no effect here")
    .option("--json", "print the result as JSON")
    .action(async (spec: string, { onto, pretend, json }) => {
      const configuration = await context.configuration();
      const { component } = await context.build(spec);
      const { signal } = context;
      if (component.repository === null) {
        throw new OrcFailure("This component does not have a git repository configured!");
      }
      const upon = onto ?? await nearestBranch(configuration, component, { signal });
      if (upon === undefined) {
        throw new OrcFailure("No branch to rebase upon found, specify it with --onto");
      }
      context.log("INFO", `Rebasing upon ${upon}`);
      const own = ownCommand();
      const isGood = pretend === true || await checkBranch(configuration, component, {
        onto: upon,
        orc: [own.executable, ...own.args, calledAs("orc")],
        onOutput: (chunk) => context.output.err.write(new TextDecoder().decode(chunk)),
        signal,
      });
      if (json === true) context.printJson({ onto: upon, ok: isGood });
      if (!isGood) throw new OrcFailure("Rebase failed!");
      if (pretend !== true) context.log("INFO", "Success");
    });
}
