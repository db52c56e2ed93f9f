import { type InstalledBuild, type InstalledState, sanitize } from "../model.ts";
import { joinPath } from "../_path.ts";
import { BrokenMetadataError, metadataDirectory, parseMetadata } from "./metadata.ts";

/** What the metadata of a root says, with what cannot be understood. */
export interface ReadInstalled {
  /** What is installed, sorted by component. */
  readonly builds: readonly InstalledBuild[];
  /** What could not be read, sorted by path. */
  readonly broken: readonly BrokenMetadataError[];
}

/**
 * Reads what is installed in a root. A root that is not there has nothing.
 *
 * Permissions: `--allow-read` of the root.
 *
 * @param root The root.
 * @returns What is installed.
 * @throws {BrokenMetadataError} when a file cannot be understood.
 */
export async function readInstalled(root: string): Promise<InstalledState> {
  const { builds, broken } = await readMetadata(root);
  if (broken[0] !== undefined) throw broken[0];
  return installedState(builds);
}

/**
 * Reads all metadata of a root, also where some of it is broken.
 *
 * @param root The root.
 * @returns What could be read, and what could not.
 */
export async function readMetadata(root: string): Promise<ReadInstalled> {
  const directory = metadataDirectory(root);
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.endsWith(".json") && !name.startsWith(".")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  const builds: InstalledBuild[] = [];
  const broken: BrokenMetadataError[] = [];
  for (const name of names.sort()) {
    const path = joinPath(directory, name);
    try {
      const build = parseMetadata(await Deno.readTextFile(path), path);
      if (`${sanitize(build.component)}.json` !== name) {
        throw new BrokenMetadataError(path, `is about ${JSON.stringify(build.component)}`);
      }
      builds.push(build);
    } catch (error) {
      if (error instanceof BrokenMetadataError) broken.push(error);
      else if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  builds.sort((a, b) => a.component < b.component ? -1 : 1);
  return { builds, broken };
}

/**
 * Makes a state from a list, for example one that leaves something out.
 *
 * @param builds What is installed.
 * @returns The state.
 */
export function installedState(builds: readonly InstalledBuild[]): InstalledState {
  const byComponent = new Map(builds.map((build) => [build.component, build]));
  return { get: (component) => byComponent.get(component), all: () => builds };
}
