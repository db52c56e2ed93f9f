import { BuildrInputError } from "../input_error.ts";
import type { LoadManifestOptions } from "./model.ts";

/** Names of a manifest, in the order in which they are looked for. */
export const MANIFEST_NAMES: readonly string[] = [".buildr", ".buildr.yml", ".buildr.yaml"];

/** A manifest that was found. */
export interface FoundManifest {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of the project. */
  readonly directory: string;
  /** Path to show: relative where it is below the working directory. */
  readonly shown: string;
  /** Names of other manifests beside it. */
  readonly others: readonly string[];
}

/**
 * Finds the manifest of a project: the first of `.buildr`, `.buildr.yml` and `.buildr.yaml` that is
 * no directory, as the original looked for them.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param options Where it is looked for.
 * @throws {BuildrInputError} when there is none; names the directory and the names tried.
 */
export async function findManifest(options: LoadManifestOptions = {}): Promise<FoundManifest> {
  const cwd = options.cwd ?? Deno.cwd();
  const wanted = options.path ?? ".";
  const project = absolute(wanted, cwd);
  if (options.file !== undefined) {
    const path = absolute(options.file, cwd);
    const info = await statOf(path, options.file);
    if (info === undefined || info.isDirectory) {
      const reason = info === undefined ? "there is no such file" : "it is a directory";
      throw new BuildrInputError(`Cannot read "${options.file}": ${reason}`);
    }
    const directory = options.path === undefined ? parentOf(path) : project;
    return { path, directory, shown: shownPath(path, cwd), others: [] };
  }
  const info = await statOf(project, wanted);
  if (info === undefined || !info.isDirectory) {
    const reason = info === undefined ? "there is no such directory" : "it is not a directory";
    throw new BuildrInputError(`Cannot find a manifest in ${quoted(project)}: ${reason}`);
  }
  const present: string[] = [];
  for (const name of MANIFEST_NAMES) {
    const one = await statOf(joined(project, name), name);
    if (one !== undefined && !one.isDirectory) present.push(name);
  }
  const [name, ...others] = present;
  if (name === undefined) {
    const tried = MANIFEST_NAMES.map((one) => `"${one}"`).join(", ");
    throw new BuildrInputError(
      `Cannot find a manifest in ${quoted(project)}: there is none of ${tried}; ` +
        `"superorch buildr init" writes one`,
    );
  }
  const path = joined(project, name);
  return { path, directory: project, shown: shownPath(path, cwd), others };
}

async function statOf(path: string, shown: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    const reason = error instanceof Deno.errors.PermissionDenied
      ? "it is not allowed"
      : (error as Error).message;
    throw new BuildrInputError(`Cannot read ${quoted(shown)}: ${reason}`, { cause: error });
  }
}

function quoted(path: string): string {
  return JSON.stringify(path);
}

function joined(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function shownPath(path: string, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** A path from the root, without `.` and `..`; links stay as they are. */
export function absolute(path: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
