import { isMissing } from "../installed/complete_transaction.ts";
import { type BuildTarget, type Configuration, qualifiedName, sanitize } from "../model.ts";
import { joinPath } from "../_path.ts";

/**
 * Where a build is configured and compiled. A directory that the original made, whose name keeps
 * the slashes of the component, goes on being used.
 *
 * @param configuration Where builds are.
 * @param target The build.
 * @returns Absolute path.
 */
export function buildDirectory(configuration: Configuration, target: BuildTarget): string {
  const { buildsDir } = configuration.paths;
  const path = `${buildsDir}/${sanitize(target.component)}/${sanitize(target.build)}`;
  const original = `${buildsDir}/${target.component}/${target.build}`;
  return original !== path && !isThere(path) && isThere(original) ? original : path;
}

/**
 * Where a build is installed before it is merged. Of builds whose names would give the same path,
 * such as `a_b@c` and `a@b_c`, the later ones in the configuration get one with an `@`.
 *
 * @param configuration Where these directories are, and what else is built.
 * @param target The build.
 * @returns Absolute path.
 */
export function tmpRoot(configuration: Configuration, target: BuildTarget): string {
  const { component, build } = target;
  const place = `${sanitize(component)}_${sanitize(build)}`;
  const isFirst = (OWNERS.get(configuration) ?? readOwners(configuration)).get(place) ===
    qualifiedName(target);
  return `${configuration.paths.tmpRoots}/${isFirst ? place : sanitize(qualifiedName(target))}`;
}

/** The build that each plain name of a temporary root belongs to. */
const OWNERS = new WeakMap<Configuration, ReadonlyMap<string, string>>();

function readOwners(configuration: Configuration): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { name, builds } of configuration.components.values()) {
    for (const build of builds.keys()) {
      const place = `${sanitize(name)}_${sanitize(build)}`;
      if (!owners.has(place)) owners.set(place, `${name}@${build}`);
    }
  }
  OWNERS.set(configuration, owners);
  return owners;
}

/**
 * The file that says that the last configure of a build has not succeeded. It is written before the
 * script is run and removed when the script has succeeded, so that it is there after a SIGKILL too.
 *
 * @param configuration Where caches are.
 * @param target The build.
 * @returns Absolute path.
 */
export function configureRecord(configuration: Configuration, target: BuildTarget): string {
  const name = encodeURIComponent(qualifiedName(target));
  return joinPath(configuration.paths.cache, `configure/${name}.failed`);
}

/** The file by which the original knows that a configure has succeeded, in the build directory. */
export const CONFIGURE_SUCCESSFUL = ".configure_successful";

/**
 * Whether a build is configured: its directory is there, and no failed run is recorded. A success
 * that the original has recorded counts.
 *
 * @param configuration Where builds are.
 * @param target The build.
 */
export function isConfigured(configuration: Configuration, target: BuildTarget): boolean {
  const directory = buildDirectory(configuration, target);
  if (!isThere(directory)) return false;
  return isThere(`${directory}/${CONFIGURE_SUCCESSFUL}`) ||
    !isThere(configureRecord(configuration, target));
}

/** Whether something is at a path, be it a link that leads nowhere. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
