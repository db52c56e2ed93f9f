import type { TarEntry } from "../../engine/tar/mod.ts";
import { OUT_DIR } from "./labels.ts";

/** What is never a part of a project. */
const NEVER = new Set([".git", OUT_DIR]);

/**
 * Lists the files of a project: what git tracks, and what it does not but does not ignore either.
 * Without git, or outside of a repository, all files.
 *
 * Permissions: `--allow-run=git`, `--allow-read` of the directory.
 *
 * @param directory The project.
 * @param signal Ends the search.
 * @returns Paths below the directory, sorted; directories only where they are repositories of their
 * own.
 */
export async function projectFiles(
  directory: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const listed = await gitFiles(directory, signal);
  if (listed === undefined) return await allFiles(directory, "", signal);
  return listed.filter((path) => !NEVER.has(path.split("/", 1)[0] ?? ""));
}

async function gitFiles(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal,
    }).output();
    signal?.throwIfAborted();
    if (!success) return undefined;
    const text = new TextDecoder().decode(stdout);
    return [...new Set(text.split("\0"))].filter((path) => path !== "").toSorted();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Deno.errors.NotFound) return undefined; // there is no git
    throw error;
  }
}

/** Lists all files below a directory. */
export async function allFiles(
  directory: string,
  below = "",
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (
    const { name, isDirectory } of Deno.readDir(below === "" ? directory : `${directory}/${below}`)
  ) {
    signal?.throwIfAborted();
    if (below === "" && NEVER.has(name)) continue;
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) found.push(...await allFiles(directory, path, signal));
    else found.push(path);
  }
  return found.toSorted();
}

/**
 * Makes entries of an archive of files of a project.
 *
 * Modes, times, owners and links are theirs. What is gone meanwhile, or was deleted and git does
 * not know yet, is left out; so are sockets, pipes and devices.
 *
 * @param directory The project.
 * @param paths Files and directories below it.
 * @param target Where they go in the archive.
 */
export async function* projectEntries(
  directory: string,
  paths: Iterable<string>,
  target: string,
): AsyncGenerator<TarEntry> {
  yield { kind: "directory", ...attributes(target, await Deno.stat(directory)) };
  const made = new Set<string>();
  for (const path of paths) yield* entriesOf(directory, path, target, made);
}

async function* entriesOf(
  directory: string,
  path: string,
  target: string,
  made: Set<string>,
): AsyncGenerator<TarEntry> {
  const source = `${directory}/${path}`;
  const info = await lstatIfThere(source);
  if (info === undefined) return;
  for (const parent of parentsOf(path)) {
    if (made.has(parent)) continue;
    made.add(parent);
    const above = await lstatIfThere(`${directory}/${parent}`);
    if (above !== undefined) {
      yield { kind: "directory", ...attributes(`${target}/${parent}`, above) };
    }
  }
  const inside = attributes(`${target}/${path}`, info);
  if (info.isSymlink) yield { kind: "symlink", ...inside, target: await Deno.readLink(source) };
  else if (info.isFile) yield { kind: "file", ...inside, content: { hostPath: source } };
  else if (info.isDirectory) {
    made.add(path);
    yield { kind: "directory", ...inside };
    for (const below of await allFiles(directory, path)) {
      yield* entriesOf(directory, below, target, made);
    }
  }
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function attributes(path: string, info: Deno.FileInfo) {
  return {
    path,
    ...(info.mode === null ? {} : { mode: info.mode & 0o7777 }),
    ...(info.uid === null ? {} : { uid: info.uid }),
    ...(info.gid === null ? {} : { gid: info.gid }),
    mtimeSeconds: Math.floor((info.mtime?.getTime() ?? 0) / 1000),
  };
}

/** What is at a path, `undefined` when nothing is. */
export async function lstatIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
