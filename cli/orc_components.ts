import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { Component, Configuration, Hashes, World } from "../lib/orchestra/mod.ts";
import { componentDependencies, type ListedBuild } from "./_orc_component_dependencies.ts";
import type { OrcContext } from "./_orc_context.ts";
import { pythonJson } from "./_orc_python_json.ts";

interface ComponentsFlags {
  readonly installed?: boolean;
  readonly notInstalled?: boolean;
  readonly deps?: boolean;
  readonly hashes?: boolean;
  readonly json?: boolean;
  readonly repositoryUrl?: string;
  readonly branch?: string;
}

/** Makes `orc components`. */
export function componentsCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("components")
    .description("List components with their builds, in the order of the configuration.")
    .argument("[component]", "only this one")
    .option("--installed", "only those that are installed")
    .option("--not-installed", "only those that are not")
    .option("--deps", "with what their builds depend on")
    .option("--hashes", "with their recursive hashes")
    .option("--repository-url <url>", "only those whose sources come from there")
    .option("--branch <pattern>", "only those whose repository is at such a branch")
    .option("--json", "as JSON, one line, sorted by name")
    .action(async (spec, flags) => {
      const configuration = await context.configuration();
      const world = await context.world();
      const all = spec === undefined
        ? [...configuration.components.values()]
        : [(await context.build(spec)).component];
      const wanted = all.filter((one) => isWanted(one, flags, configuration, world));
      const hashes = await context.hashes();
      const text = flags.json
        ? printJson(wanted, configuration, world, hashes)
        : printHuman(wanted, flags, configuration, world, hashes);
      context.output.out.write(text);
    });
}

function isWanted(
  component: Component,
  flags: ComponentsFlags,
  configuration: Configuration,
  world: World,
): boolean {
  const { repository } = component;
  if (flags.repositoryUrl !== undefined) {
    const wanted = normalUrl(flags.repositoryUrl);
    const urls = repository === null
      ? []
      : configuration.remoteBaseUrls.map(({ url }) => normalUrl(`${url}/${repository}`));
    if (!urls.includes(wanted)) return false;
  }
  if (flags.branch !== undefined) {
    const branch = repository === null ? null : world.commits.head(repository).branch;
    if (branch === null || !globPattern(flags.branch).test(branch)) return false;
  }
  const installed = world.installed.get(component.name) !== undefined;
  return !(flags.installed === true && !installed) && !(flags.notInstalled === true && installed);
}

/** A URL without credentials and with `.git` at the end. */
function normalUrl(url: string): string {
  const plain = url.replace(/^(https?:\/\/)[^/@]*@/, "$1");
  return plain.endsWith(".git") ? plain : `${plain}.git`;
}

/** Patterns as the shell has them, but `*` matches slashes too, which branches have. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (part, not?: string, set?: string) => {
    if (part === "*") return "[\\s\\S]*";
    if (part === "?") return "[\\s\\S]";
    if (set !== undefined && set !== "") {
      return `[${not === "!" ? "^" : ""}${set.replace(/[\\\]^]/g, "\\$&")}]`;
    }
    return part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /(?!)/; // such as [z-a], which nothing matches
  }
}

function printJson(
  wanted: readonly Component[],
  configuration: Configuration,
  world: World,
  hashes: Hashes,
): string {
  const sorted = wanted.toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const list = sorted.map((component) => {
    const { name, repository } = component;
    const installed = world.installed.get(name);
    const head = repository === null ? undefined : world.commits.head(repository);
    const dependencies = componentDependencies(component, configuration, world, hashes);
    const builds = Object.fromEntries(dependencies.map((build) => [build.name, {
      build_dependencies: build.install,
      default: build.name === component.defaultBuild,
      dependencies: build.configure,
      installed: installed?.build === build.name,
      ndebug: component.builds.get(build.name)!.ndebug,
      qualified_name: `${name}@${build.name}`,
    }]));
    return {
      add_to_path: component.addToPath,
      build_from_source: component.buildFromSource,
      builds,
      default_build: component.defaultBuild,
      ...(head === undefined ? {} : { head_branch_name: head.branch, head_commit: head.commit }),
      installed: installed !== undefined,
      installed_build_name: installed?.build ?? null,
      license: component.license,
      manually_installed: installed?.manuallyInstalled ?? false,
      name,
      recursive_hash: hashes.recursiveHash(name),
      repository,
      skip_post_install: component.skipPostInstall,
    };
  });
  return `${pythonJson(list)}\n`;
}

function printHuman(
  wanted: readonly Component[],
  flags: ComponentsFlags,
  configuration: Configuration,
  world: World,
  hashes: Hashes,
): string {
  return wanted.map((component) => {
    const installed = world.installed.get(component.name);
    const builds: readonly ListedBuild[] = flags.deps
      ? componentDependencies(component, configuration, world, hashes)
      : [...component.builds.keys()].map((name) => ({ name, configure: [], install: [] }));
    const hash = flags.hashes ? [`recursive hash: ${hashes.recursiveHash(component.name)}`] : [];
    const lines = builds.map((build) => {
      const notes: string[] = [];
      if (installed?.build === build.name) {
        notes.push(installed.manuallyInstalled ? "installed_manually" : "installed as dependency");
      }
      if (build.name === component.defaultBuild) notes.push("default");
      if (build.configure.length > 0) notes.push(`config deps: ${build.configure.join(" ")}`);
      if (build.install.length > 0) notes.push(`install deps: ${build.install.join(" ")}`);
      return `  Build ${build.name} ${bracketed(notes)}\n`;
    });
    return `Component ${component.name} ${bracketed(hash)}\n${lines.join("")}\n`;
  }).join("");
}

function bracketed(notes: readonly string[]): string {
  return notes.map((note) => `[${note}]`).join(" ");
}
