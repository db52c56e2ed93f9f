import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { isThere } from "../lib/orchestra/actions/directories.ts";
import { removeTree } from "../lib/orchestra/installed/complete_transaction.ts";
import { findGarbage, type Garbage } from "../lib/orchestra/installed/gc.ts";
import { removeFromRoot } from "../lib/orchestra/installed/merge.ts";
import { readInstalled } from "../lib/orchestra/installed/read_installed.ts";
import type { OrcContext } from "./_orc_context.ts";
import { lockForCommand } from "./_orc_lock.ts";

/** Makes `orc gc`. */
export function gcCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("gc")
    .description(
      "Remove what nothing needs any more: components that were installed as dependencies of " +
        "others that are gone, directories of builds that are not configured any more, temporary " +
        "roots, and logs of such builds.",
    )
    .option("-n, --pretend", "only tell what would be removed")
    .option("--json", "print JSON: components, directories, cached")
    .action(async ({ pretend, json }) => {
      const configuration = await context.configuration();
      const root = configuration.paths.orchestraRoot;
      // Without a root nobody can be installing into it.
      await using _lock = isThere(root) && pretend !== true
        ? await lockForCommand(context, root, "gc")
        : undefined;
      const garbage = findGarbage(configuration, (await readInstalled(root)).all());
      tell(context, garbage, pretend === true ? "Would remove" : "Removing");
      if (pretend !== true) {
        await removeFromRoot(root, garbage.components, { signal: context.signal });
        for (const path of [...garbage.directories, ...garbage.cached]) {
          if ((await Deno.lstat(path)).isDirectory) await removeTree(path);
          else await Deno.remove(path);
        }
      }
      context.forgetWorld();
      if (json === true) context.printJson(garbage);
    });
}

function tell(
  { log }: OrcContext,
  { components, directories, cached }: Garbage,
  word: string,
): void {
  for (const name of components) log("INFO", `${word} component ${name}`);
  for (const path of [...directories, ...cached]) log("INFO", `${word} ${path}`);
  if (components.length + directories.length + cached.length === 0) {
    log("INFO", "There is nothing to remove");
  }
}
