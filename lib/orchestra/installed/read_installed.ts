import { type InstalledBuild, type InstalledState, sanitize } from "../model.ts";
import { baseName, joinPath } from "../_path.ts";
import {
  BrokenMetadataError,
  METADATA_DIRECTORY,
  metadataDirectory,
  parseMetadata,
} from "./metadata.ts";
import { rootView } from "./root_view.ts";

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
  const view = await rootView(root);
  const names = (view.pending?.add ?? []).filter((path) =>
    path.startsWith(`${METADATA_DIRECTORY}/`)
  )
    .map(baseName).filter((name) => name.endsWith(".json"));
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
  for (const name of [...new Set(names)].sort()) {
    const path = joinPath(directory, name);
    const place = view.locate(`${METADATA_DIRECTORY}/${name}`);
    if (place === undefined) continue;
    try {
      const build = parseMetadata(await Deno.readTextFile(place), path);
      if (`${sanitize(build.component)}.json` !== name) {
        throw new BrokenMetadataError(path, `is about ${JSON.stringify(build.component)}`);
      }
      builds.push(build);
    } catch (error) {
      if (error instanceof BrokenMetadataError) broken.push(error);
      else if (!(error instanceof Deno.errors.NotFound)) {
        broken.push(new BrokenMetadataError(path, `cannot be read (${textOf(error)})`));
      }
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

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
