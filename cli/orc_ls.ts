import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { repositoryDirectory } from "../lib/orchestra/environment/mod.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";

/** Makes `orc ls`. */
export function lsCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("ls")
    .description("List directories, one per line.")
    .option("--git-sources", "of all repositories, whether they are cloned or not")
    .option("--binary-archives", "of the archive remotes that are there")
    .option("--json", "as a list")
    .action(async ({ gitSources, binaryArchives, json }) => {
      if (Boolean(gitSources) === Boolean(binaryArchives)) {
        throw new OrcFailure("Please specify one of --git-sources or --binary-archives");
      }
      const directories =
        await (gitSources ? gitDirectories(context) : archiveDirectories(context));
      if (json) context.printJson(directories);
      else for (const directory of directories) context.print(directory);
    });
}

async function gitDirectories(context: OrcContext): Promise<readonly string[]> {
  const configuration = await context.configuration();
  const names = [...configuration.components.values()].flatMap(({ repository }) =>
    repository ?? []
  );
  return [...new Set(names)].sort().map((name) => repositoryDirectory(configuration, name));
}

async function archiveDirectories(context: OrcContext): Promise<readonly string[]> {
  const { paths, binaryArchives } = await context.configuration();
  const all = binaryArchives.map(({ name }) => `${paths.binaryArchives}/${name}`);
  const there = await Promise.all(all.map((path) => Deno.stat(path).then(() => true, () => false)));
  return all.filter((_, index) => there[index]);
}
