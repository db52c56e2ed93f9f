import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { cleanAll, cleanBuild } from "../lib/orchestra/actions/clean.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";

/** Makes `orc clean`. */
export function cleanCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("clean")
    .description("Remove build directories, and sources if that is wanted.")
    .argument("[components...]", "component, or component@build")
    .option("-s, --include-sources", "remove sources too")
    .option("--all", "of all components")
    .option("-n, --pretend", "only tell what would be removed")
    .option("--lfs-retries <count>", "has no effect here")
    .option("--json", "print the removed directories as JSON")
    .action(async (specs: string[], { includeSources, all, pretend, json }) => {
      if ((specs.length > 0) === (all === true)) {
        throw new OrcFailure("--all implies all components, do not specify any of them");
      }
      const configuration = await context.configuration();
      const options = { includeSources: includeSources === true, pretend: pretend === true };
      const gone: string[] = [];
      if (all === true) gone.push(...await cleanAll(configuration, options));
      const targets = [];
      for (const spec of specs) targets.push((await context.build(spec)).target);
      for (const target of targets) gone.push(...await cleanBuild(configuration, target, options));
      const word = pretend === true ? "Would remove" : "Removed";
      for (const path of gone) context.log("INFO", `${word} ${path}`);
      context.forgetWorld();
      if (json === true) context.printJson(gone);
    });
}
