import type { BuildTarget, Configuration } from "../model.ts";
import { qualifiedName, sanitize } from "../model.ts";

/** Where things are, of a configuration. */
type Places = Pick<Configuration, "paths">;

/**
 * `SOURCE_DIR`: where the sources of a component are. Components with a repository of another name
 * have a link there, to {@linkcode cloneDirectory}.
 */
export function sourceDirectory({ paths }: Places, component: string): string {
  return `${paths.sourcesDir}/${sanitize(component)}`;
}

/** Where a repository is cloned to, for all components that share it. */
export function cloneDirectory({ paths }: Places, repository: string): string {
  return `${paths.sourcesDir}/${repository}`;
}

/**
 * `BUILD_DIR`: where a build is built. One that the original has made, whose path has the slashes
 * of the names, is used as long as there is no other.
 *
 * Permissions: `--allow-read` of it, if a name has a slash.
 */
export function buildDirectory({ paths }: Places, { component, build }: BuildTarget): string {
  const sanitized = `${paths.buildsDir}/${sanitize(component)}/${sanitize(build)}`;
  const original = `${paths.buildsDir}/${component}/${build}`;
  return original === sanitized || exists(sanitized) || !exists(original) ? sanitized : original;
}

/** `TMP_ROOT`: what a build is installed into before it is merged. */
export function temporaryRoot({ paths }: Places, target: BuildTarget): string {
  return `${paths.tmpRoots}/${sanitize(qualifiedName(target).replace("@", "_"))}`;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
