import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { isThere } from "../lib/orchestra/actions/directories.ts";
import { cleanArchives } from "../lib/orchestra/archives/clean_archives.ts";
import { ARCHIVE_EXTENSIONS } from "../lib/orchestra/archives/archive_path.ts";
import { type ArchiveRemote, archiveRemotes } from "../lib/orchestra/archives/remote.ts";
import { RemoteArchives } from "../lib/orchestra/archives/remote_archives.ts";
import { listTree } from "../lib/orchestra/installed/list_tree.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";
import { showHelp } from "./_orc_help.ts";

/** Makes `orc binary-archives`. */
export function binaryArchivesCommand(context: OrcContext): CommandUnknownOpts {
  const command: CommandUnknownOpts = new Command("binary-archives")
    .description("List and clean binary archives, or bring them to where others get them.")
    .action(() => showHelp(command))
    .addCommand(lsCommand(context))
    .addCommand(cleanCommand(context))
    .addCommand(pushCommand(context));
  return command;
}

function lsCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("ls")
    .description("List the directories of the archive remotes that are there.")
    .option("-a, --include-non-cloned", "also of those that are not")
    .option("--json", "as a list of name, kind, directory and url");
  command.action(async ({ includeNonCloned, json }) => {
    const configuration = await context.configuration();
    const remotes = archiveRemotes(configuration)
      .filter(({ directory }) => includeNonCloned === true || isThere(directory));
    const urls = new Map(configuration.binaryArchives.map(({ name, url }) => [name, url]));
    if (json === true) {
      context.printJson(remotes.map(({ name, kind, directory }) => ({
        name,
        kind,
        directory,
        url: urls.get(name),
      })));
    } else for (const { directory } of remotes) context.print(directory);
  });
  return command;
}

function cleanCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("clean")
    .description(
      "Remove archives that no link leads to; run symlink-binary-archives first. What is " +
        "committed in a clone is only removed from its working tree.",
    )
    .option("--pretend", "only tell what would be removed")
    .option("--json", "print the removed files as JSON");
  command.action(async ({ pretend, json }) => {
    const configuration = await context.configuration();
    const gone = await cleanArchives(configuration, {
      pretend: pretend === true,
      signal: context.signal,
    });
    const word = pretend === true ? "Would remove" : "Removing";
    for (const path of gone) context.log("INFO", `${word} ${path}`);
    if (json === true) context.printJson(gone);
  });
  return command;
}

function pushCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("push")
    .description(
      "Bring the archives of this machine to remotes that are a directory, a web server or an " +
        "OCI registry, unless they are there. Those of git repositories are committed with git.",
    )
    .argument("[remotes...]", "names of remotes; default: all that can be pushed to")
    .option("-n, --pretend", "only tell what would be pushed")
    .option("--json", "print what was pushed as JSON");
  command.action(async (names: string[], { pretend, json }) => {
    const configuration = await context.configuration();
    const all = archiveRemotes(configuration);
    const unknown = names.filter((name) => !all.some((remote) => remote.name === name));
    if (unknown.length > 0) {
      const known = all.map(({ name }) => name).join(", ");
      throw new OrcFailure(`Archive remote ${unknown.join(", ")} not found! There are: ${known}`);
    }
    const wanted = all.filter(({ name, kind }) =>
      names.length > 0 ? names.includes(name) : kind !== "git"
    );
    await using remoteArchives = new RemoteArchives(configuration);
    const pushed: { remote: string; path: string }[] = [];
    for (const remote of wanted) {
      for (const path of await archivesIn(remote)) {
        const isNew = pretend === true
          ? await remoteArchives.lacks(remote, path, { signal: context.signal })
          : await remoteArchives.push(remote, path, { signal: context.signal });
        if (!isNew) continue;
        context.log("INFO", `${pretend === true ? "Would push" : "Pushed"} ${path}`);
        pushed.push({ remote: remote.name, path });
      }
    }
    if (json === true) context.printJson(pushed);
  });
  return command;
}

async function archivesIn({ directory }: ArchiveRemote): Promise<readonly string[]> {
  const { files } = await listTree(directory);
  return files.filter((path) =>
    // Links are names of this machine only.
    /\/[^_/]+_[0-9a-f]{40}\.tar[^/]*$/.test(path) &&
    ARCHIVE_EXTENSIONS.some((extension) => path.endsWith(extension))
  ).sort();
}
