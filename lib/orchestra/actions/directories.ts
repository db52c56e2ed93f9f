import { isMissing } from "../installed/complete_transaction.ts";
import { buildDirectory, cloneDirectory, sourceDirectory } from "../environment/mod.ts";
import { type BuildTarget, type Configuration, qualifiedName } from "../model.ts";
import { joinPath, relativePath } from "../_path.ts";

/**
 * Lets the directory of a component's sources lead to the clone that it shares with others.
 *
 * @param configuration Where sources are.
 * @param component Name of the component.
 */
export async function linkSources(configuration: Configuration, component: string): Promise<void> {
  const repository = configuration.components.get(component)?.repository ?? null;
  if (repository === null) return;
  const link = sourceDirectory(configuration, component);
  const clone = cloneDirectory(configuration, repository);
  if (link === clone || isThere(link) || !isThere(clone)) return;
  await Deno.symlink(relativePath(configuration.paths.sourcesDir, clone), link).catch((error) => {
    // Another action of the same repository was faster.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
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
