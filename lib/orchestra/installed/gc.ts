import { CONFIGURE_SUCCESSFUL, configureRecord, isThere } from "../actions/directories.ts";
import { closure } from "../hashes/closure.ts";
import {
  ARCHITECTURE,
  type Configuration,
  type InstalledBuild,
  qualifiedName,
  sanitize,
} from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import { isMissing } from "./complete_transaction.ts";
import { SANDBOX_DIRECTORY } from "./metadata.ts";

/** The name of an archive, or of what is beside it, as long as it is written. */
const UNFINISHED_ARCHIVE = /^_tmp_[0-9a-f-]{36}/;

/** What nothing needs any more. */
export interface Garbage {
  /** Installed components that nobody asked for and nothing that is installed needs. */
  readonly components: readonly string[];
  /** Build directories of builds that are not configured, temporary roots, roots of sandboxes. */
  readonly directories: readonly string[];
  /** Logs and records of such builds in the cache, and archives that a run was killed over. */
  readonly cached: readonly string[];
}

/**
 * Finds what nothing needs any more: installed components that were only installed as dependencies
 * and are none now, directories of builds that are not configured any more, temporary roots and
 * roots of sandboxes that failed runs have left, what is cached for either, and archives that a run
 * was killed over. Of directories that `paths` puts elsewhere only those that show that they are
 * builds or temporary roots.
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
  const { dotdir, buildsDir, binaryArchives, orchestraRoot, tmpRoots, cache } = configuration.paths;
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
  // In directories that the user has chosen there may be things of others.
  const mayBeShared = buildsDir !== joinPath(parentPath(dotdir), "build");
  const directories = namesIn(buildsDir).flatMap((name) => {
    const path = joinPath(buildsDir, name);
    if (!builds.has(name)) return mayBeShared && !isOfBuilds(path) ? [] : [path];
    return namesIn(path).filter((inner) => !builds.has(`${name}/${inner}`))
      // What is in a build directory itself is nobody's build.
      .filter(() => !isBuildDirectory(path))
      .map((inner) => joinPath(path, inner))
      .filter((inner) => !mayBeShared || isOfBuilds(inner));
  });
  for (const name of namesIn(tmpRoots)) {
    const path = joinPath(tmpRoots, name);
    const isOurs = tmpRoots.startsWith(`${dotdir}/`) || isThere(path + orchestraRoot);
    if (isOurs) directories.push(path);
  }
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
    ...unfinishedIn(binaryArchives),
  ];
  return {
    components: installed.map(({ component }) => component).filter((name) => !needed.has(name)),
    directories: directories.sort(),
    cached: cached.sort(),
  };
}

/** Whether it is a build directory, or one that holds those of a component. */
function isOfBuilds(path: string): boolean {
  return isBuildDirectory(path) ||
    namesIn(path).some((name) => isBuildDirectory(joinPath(path, name)));
}

/** Archives that a run was killed over, in all remotes. */
function unfinishedIn(binaryArchives: string): string[] {
  const found: string[] = [];
  const open = namesIn(binaryArchives).map((name) =>
    joinPath(binaryArchives, `${name}/${ARCHITECTURE}`)
  );
  for (let path; (path = open.pop()) !== undefined;) {
    for (const { name, isDirectory } of entriesIn(path)) {
      if (isDirectory) open.push(joinPath(path, name));
      else if (UNFINISHED_ARCHIVE.test(name)) found.push(joinPath(path, name));
    }
  }
  return found;
}

function isBuildDirectory(path: string): boolean {
  return namesIn(path).includes(CONFIGURE_SUCCESSFUL);
}

function namesIn(directory: string): readonly string[] {
  return entriesIn(directory).map(({ name }) => name).sort();
}

function entriesIn(directory: string): readonly Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
