import { matchesGlob, normalGlob } from "./glob.ts";

/** Directories that are no part of a project. */
const NOT_OURS = new Set([".git", ".buildr-out"]);

/**
 * Hashes the files that match some globs: their paths and contents, in the order of the paths.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param directory Absolute path of the project.
 * @param globs Globs of paths below it; `!` in front takes files away again.
 * @returns 32 hexadecimal digits; those of nothing when no file matches.
 */
export async function hashFiles(
  directory: string,
  globs: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const lines: string[] = [];
  for (const path of await findFiles(directory, globs, options)) {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(`${directory}/${path}`, { signal: options.signal });
    } catch (error) {
      // It went away after it was found.
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    lines.push(`${JSON.stringify(path)} ${await sha256(bytes)}\n`);
  }
  return (await sha256(new TextEncoder().encode(lines.join("")))).slice(0, 32);
}

/**
 * Finds the files that match some globs.
 *
 * @param directory Absolute path of the project.
 * @param globs Globs of paths below it; `!` in front takes files away again.
 * @returns Their paths below the directory, sorted by their code points.
 */
export async function findFiles(
  directory: string,
  globs: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const root of rootsOf(globs)) await visit(root);
  return [...found].sort();

  async function visit(path: string): Promise<void> {
    options.signal?.throwIfAborted();
    const info = await statOf(`${directory}/${path}`);
    if (info === undefined) return;
    if (!info.isDirectory) {
      if (info.isFile && matchesGlob(path, globs)) found.add(path);
      return;
    }
    if (path !== "" && NOT_OURS.has(path.slice(path.lastIndexOf("/") + 1))) return;
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(`${directory}/${path}`)) {
      const below = path === "" ? name : `${path}/${name}`;
      if (isDirectory) await visit(below);
      else if (matchesGlob(below, globs)) {
        // A link to a directory could lead round in a circle.
        const target = isSymlink ? await statOf(`${directory}/${below}`) : undefined;
        if (!isSymlink || target?.isFile === true) found.add(below);
      }
    }
  }
}

/** The directories that a walk has to begin in: a glob for one file does not read the whole tree. */
function rootsOf(globs: readonly string[]): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const glob of globs) {
    if (glob.startsWith("!")) continue;
    const parts = normalGlob(glob).split("/");
    const fixed = parts.findIndex((part) => /[*?[{\\]/.test(part));
    roots.add((fixed === -1 ? parts : parts.slice(0, fixed)).join("/"));
  }
  return roots;
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
