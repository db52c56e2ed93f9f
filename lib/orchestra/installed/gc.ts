import { CONFIGURE_SUCCESSFUL, configureRecord } from "../actions/directories.ts";
import { closure } from "../hashes/closure.ts";
import { type Configuration, type InstalledBuild, qualifiedName, sanitize } from "../model.ts";
import { joinPath } from "../_path.ts";
import { isMissing } from "./complete_transaction.ts";
import { SANDBOX_DIRECTORY } from "./metadata.ts";

/** What nothing needs any more. */
export interface Garbage {
  /** Installed components that nobody asked for and nothing that is installed needs. */
  readonly components: readonly string[];
  /** Build directories of builds that are not configured, temporary roots, roots of sandboxes. */
  readonly directories: readonly string[];
  /** Logs, records and material of such builds in the cache. */
  readonly cached: readonly string[];
}

/**
 * Finds what nothing needs any more: installed components that were only installed as dependencies
 * and are none now, directories of builds that are not configured any more, temporary roots and
 * roots of sandboxes that failed runs have left, and what is cached for either.
 *
 * Whether a component is needed goes by the configuration: one that it does not have is needed by
 * nothing, and stays if it was asked for by name.
 *
 * Permissions: `--allow-read` of the directories.
 *
 * @param configuration The components.
 * @param installed What is installed.
 * @returns What can go.
 */
export function findGarbage(
  configuration: Configuration,
  installed: readonly InstalledBuild[],
): Garbage {
  const needed = new Set<string>();
  for (const { component, manuallyInstalled } of installed) {
    if (!manuallyInstalled) continue;
    needed.add(component);
    if (!configuration.components.has(component)) continue;
    for (const name of closure(configuration.components, component)) needed.add(name);
  }
  const { buildsDir, orchestraRoot, tmpRoots, cache } = configuration.paths;
  const targets = [...configuration.components.values()].flatMap(({ name, builds }) =>
    [...builds.keys()].map((build) => ({ component: name, build }))
  );
  // Both kinds of names of build directories; parents of slashed names are kept as well.
  const builds = new Set<string>();
  for (const { component, build } of targets) {
    builds.add(`${sanitize(component)}/${sanitize(build)}`);
    const parts = `${component}/${build}`.split("/");
    for (let end = 1; end <= parts.length; end++) builds.add(parts.slice(0, end).join("/"));
    builds.add(sanitize(component));
  }
  const directories = namesIn(buildsDir).flatMap((name) => {
    const path = joinPath(buildsDir, name);
    if (!builds.has(name)) return [path];
    return namesIn(path).filter((inner) => !builds.has(`${name}/${inner}`))
      // What is in a build directory itself is nobody's build.
      .filter(() => !isBuildDirectory(path))
      .map((inner) => joinPath(path, inner));
  });
  for (const name of namesIn(tmpRoots)) directories.push(joinPath(tmpRoots, name));
  const sandboxes = joinPath(orchestraRoot, SANDBOX_DIRECTORY);
  for (const name of namesIn(sandboxes)) directories.push(joinPath(sandboxes, name));
  const scripts = new Set(targets.flatMap((target) => {
    const name = sanitize(qualifiedName(target));
    return [`configure_${name}.log`, `install_${name}.log`];
  }));
  const records = new Set(targets.map((target) => configureRecord(configuration, target)));
  const cached = [
    ...namesIn(joinPath(cache, "logs")).filter((name) => !scripts.has(name))
      .map((name) => joinPath(cache, `logs/${name}`)),
    ...namesIn(joinPath(cache, "configure")).map((name) => joinPath(cache, `configure/${name}`))
      .filter((path) => !records.has(path)),
  ];
  return {
    components: installed.map(({ component }) => component).filter((name) => !needed.has(name)),
    directories: directories.sort(),
    cached: cached.sort(),
  };
}

function isBuildDirectory(path: string): boolean {
  return namesIn(path).includes(CONFIGURE_SUCCESSFUL);
}

function namesIn(directory: string): readonly string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
