import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { removeFromRoot } from "../lib/orchestra/installed/merge.ts";
import { metadataFile } from "../lib/orchestra/installed/metadata.ts";
import { readMetadata } from "../lib/orchestra/installed/read_installed.ts";
import { requireRoot } from "../lib/orchestra/installed/root_view.ts";
import type { OrcContext } from "./_orc_context.ts";
import { lockForCommand } from "./_orc_lock.ts";

/** Makes `orc uninstall`. */
export function uninstallCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("uninstall")
    .description("Remove what components have installed.")
    .argument("<components...>", "component, or component@build for that build only")
    .option("--json", "print the removed components as JSON")
    .action(async (specs: string[], { json }) => {
      const { paths } = await context.configuration();
      const root = paths.orchestraRoot;
      await requireRoot(root);
      const isThere = (await Deno.stat(root).catch(() => undefined))?.isDirectory === true;
      const found = isThere ? await remove(context, root, specs) : [];
      for (const spec of isThere ? [] : specs) {
        context.log("INFO", `Component ${spec} is not installed`);
      }
      context.forgetWorld();
      if (json === true) context.printJson(found);
    });
}

async function remove(
  context: OrcContext,
  root: string,
  specs: readonly string[],
): Promise<readonly string[]> {
  await using _lock = await lockForCommand(context, root, `uninstall ${specs.join(" ")}`);
  const { builds, broken } = await readMetadata(root);
  const found: string[] = [];
  for (const spec of specs) {
    const [, name = "", build = ""] = /^([^@]*)@?(.*)$/s.exec(spec) ?? [];
    // Broken metadata says nothing of the build; the name of its file is enough.
    const isBroken = broken.some(({ path }) => path.endsWith(`/${metadataFile(name)}`));
    const isInstalled = isBroken ||
      builds.some((one) => one.component === name && (build === "" || build === one.build));
    if (isInstalled) found.push(name);
    else context.log("INFO", `Component ${spec} is not installed`);
  }
  for (const name of found) context.log("INFO", `Uninstalling ${name}`);
  await removeFromRoot(root, found);
  return found;
}
