import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { CONFIGURATION_SCHEMA, expandConfiguration } from "../lib/orchestra/config/mod.ts";
import { installedDependencies } from "../lib/orchestra/graph/mod.ts";
import { readMaterialCache, writeMaterialCache } from "../lib/orchestra/hashes/mod.ts";
import { readIndex } from "../lib/orchestra/installed/file_index.ts";
import type { InstalledBuild } from "../lib/orchestra/mod.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";
import { showHelp } from "./_orc_help.ts";
import { ExitCode } from "./exit_code.ts";

/** The exit code when what is asked about is not installed. */
const NOT_INSTALLED = 2;

/** Makes `orc inspect`. */
export function inspectCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("inspect")
    .description("Look into the configuration and into components.");
  command.action(() => showHelp(command));
  command.addCommand(configCommand(context));
  command.addCommand(componentCommand(context));
  return command;
}

function configCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("config")
    .description("Print the expanded configuration.")
    .option("--json", "as JSON")
    .option("--schema", "print the JSON Schema of configurations instead")
    .action(async ({ json, schema }) => {
      if (schema) return context.printJson(CONFIGURATION_SCHEMA);
      // It is checked first, so that what is printed can be used.
      const { paths } = await context.configuration();
      const { configCache: useCache, ytt } = context.options;
      const { log, signal } = context;
      const expanded = await expandConfiguration({
        dotdir: paths.dotdir,
        useCache,
        ytt,
        log,
        signal,
      });
      if (json) context.printJson(expanded.config);
      else context.print(await expanded.text());
    });
}

function componentCommand(context: OrcContext): CommandUnknownOpts {
  const command = new Command("component").description("Look into a component.");
  command.action(() => showHelp(command));
  command.command("installed-files")
    .description("List what it has installed, relative to the root.")
    .argument("<component>", "the component")
    .option("--json", "as a list")
    .action(async (spec, { json }) => {
      const { component } = await installedOf(context, spec);
      const { paths } = await context.configuration();
      const files = await readIndex(paths.orchestraRoot, component) ?? [];
      if (json) context.printJson(files);
      else context.output.out.write(files.map((file) => `${file}\n`).join(""));
    });
  command.command("hash-material")
    .description("Print the text that its recursive hash is taken of.")
    .argument("<component>", "the component")
    .option("--json", "as JSON, with the hash")
    .action(async (spec, { json }) => {
      const { component } = await context.build(spec);
      const { hash, material } = await materialOf(context, component.name);
      if (json) context.printJson({ component: component.name, hash, material });
      else context.print(material);
    });
  command.command("dependencies")
    .description("List what it needs, nearest first.")
    .argument("<component>", "the component")
    .option("--installed", "of what is installed; must be given")
    .option("--runtime", "without what is needed only to build")
    .option("--json", "as a list")
    .action(async (spec, { installed, runtime, json }) => {
      const configuration = await context.configuration();
      await context.build(spec);
      if (!installed) throw new OrcFailure("Only --installed dependencies can be listed");
      const build = await installedOf(context, spec);
      const { installed: state } = await context.world();
      const options = { configuration, installed: state, runtime: runtime === true };
      const { names, missing } = installedDependencies(build, options);
      for (const name of missing) {
        context.log("WARNING", `Component ${name} is needed, and is not installed`);
      }
      if (json) context.printJson(names);
      else context.output.out.write(names.map((name) => `${name}\n`).join(""));
    });
  return command;
}

async function installedOf(context: OrcContext, spec: string): Promise<InstalledBuild> {
  const { component } = await context.build(spec);
  const installed = (await context.world()).installed.get(component.name);
  if (installed !== undefined) return installed;
  context.log("ERROR", `Component ${spec} is not installed`);
  throw new ExitCode(NOT_INSTALLED);
}

async function materialOf(
  context: OrcContext,
  component: string,
): Promise<{ hash: string; material: string }> {
  const configuration = await context.configuration();
  const { commits } = await context.world();
  const hashes = await context.hashes();
  const hash = hashes.recursiveHash(component);
  const kept = context.options.configCache
    ? await readMaterialCache(configuration, commits, component)
    : undefined;
  if (kept !== undefined) return { hash, material: kept };
  if (context.options.configCache) {
    await writeMaterialCache(configuration, commits, hashes, component).catch((error) =>
      context.log("WARNING", `Cannot keep the hash material: ${(error as Error).message}`)
    );
  }
  return { hash, material: hashes.hashMaterial(component) };
}
