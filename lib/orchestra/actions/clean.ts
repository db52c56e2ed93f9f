import { isMissing, removeTree } from "../installed/complete_transaction.ts";
import type { BuildTarget, Configuration } from "../model.ts";
import { joinPath } from "../_path.ts";
import { buildDirectory, configureRecord, isThere } from "./directories.ts";
import { repositoryDirectory, sourceDirectory } from "./sources.ts";

/** What is cleaned. */
export interface CleanOptions {
  /** Whether sources go as well. Default `false`. */
  readonly includeSources?: boolean;
  /** Only tells what would go. Default `false`. */
  readonly pretend?: boolean;
}

/**
 * Removes the build directory of a build, with the record of how its configure ended.
 *
 * @param configuration Where it is.
 * @param target The build.
 * @param options Whether its sources go too.
 * @returns The directories that are gone, or would be.
 */
export async function cleanBuild(
  configuration: Configuration,
  target: BuildTarget,
  { includeSources = false, pretend = false }: CleanOptions = {},
): Promise<readonly string[]> {
  const repository = configuration.components.get(target.component)?.repository ?? null;
  const directories = [
    buildDirectory(configuration, target),
    ...(includeSources ? [sourceDirectory(configuration, target.component)] : []),
    ...(includeSources && repository !== null
      ? [repositoryDirectory(configuration, repository)]
      : []),
  ];
  const there = [...new Set(directories)].filter(isThere);
  if (pretend) return there;
  for (const directory of there) await removeAny(directory);
  await Deno.remove(configureRecord(configuration, target)).catch((error) => {
    if (!isMissing(error)) throw error;
  });
  return there;
}

/**
 * Empties the directory of all builds, which stays itself.
 *
 * @param configuration Where it is.
 * @param options Whether that of all sources is emptied too.
 * @returns What is gone, or would be.
 */
export async function cleanAll(
  configuration: Configuration,
  { includeSources = false, pretend = false }: CleanOptions = {},
): Promise<readonly string[]> {
  const { buildsDir, sourcesDir, cache } = configuration.paths;
  const gone: string[] = [];
  for (const directory of [buildsDir, ...(includeSources ? [sourcesDir] : [])]) {
    for (const name of namesIn(directory)) gone.push(joinPath(directory, name));
  }
  if (pretend) return gone;
  for (const path of gone) await removeAny(path);
  await removeTree(joinPath(cache, "configure"));
  return gone;
}

// The directory of a component's sources may be a link to a clone.
async function removeAny(path: string): Promise<void> {
  if ((await Deno.lstat(path)).isDirectory) await removeTree(path);
  else await Deno.remove(path);
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
