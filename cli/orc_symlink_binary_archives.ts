import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { symlinkArchives } from "../lib/orchestra/archives/symlink_archives.ts";
import type { OrcContext } from "./_orc_context.ts";

/** Makes `orc symlink-binary-archives`. */
export function symlinkBinaryArchivesCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("symlink-binary-archives")
    .description("Let NAME.tar.xz lead to the current archive of each build that has one.")
    .argument("<name>", "for example the name of a branch")
    .option("--json", "print the links as JSON")
    .action(async (name, { json }) => {
      const links = await symlinkArchives(name, {
        configuration: await context.configuration(),
        world: await context.world(),
        hashes: await context.hashes(),
        onBuild: (build) => context.log("INFO", `Updating binary archive symlink for ${build}`),
      });
      if (json === true) context.printJson(links);
    });
}
