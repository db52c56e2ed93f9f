import { isBelow } from "./_paths.ts";
import { sha256 } from "./sha256.ts";
import type { TarEntry } from "../engine/tar/mod.ts";

/** All entries get this time: files that are made later are newer. */
export const SNAPSHOT_MTIME_SECONDS = 42;

/** One file, directory or link of a snapshot, and what its content is. */
export interface SnapshotEntry {
  /** As it is sent; `path` is absolute without its leading slash. */
  readonly entry: TarEntry;
  /** SHA-256 of a file's content. */
  readonly digest?: string;
}

/** How a tree is read. */
export interface SnapshotOptions {
  /** Directories that are left out, absolute. */
  readonly exclude?: readonly string[];
  /** Reading ends with {@linkcode SnapshotTooLargeError} above this. Default: no limit. */
  readonly limitBytes?: number;
  /** The same for the number of files. */
  readonly limitFiles?: number;
  /** Whether files are read; without, they have no content and no digest. Default `true`. */
  readonly contents?: boolean;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** A tree has more than it was allowed to have. */
export class SnapshotTooLargeError extends Error {
  /** The name of the class. */
  override readonly name: string = "SnapshotTooLargeError";
}

/** What is never a source: version control, and what cargo and other tools mark as made. */
const NEVER = new Set([".git", ".hg", ".svn", ".jj"]);

/**
 * Reads a tree as it is: sorted, owned by nobody in particular, without times, with modes and links.
 *
 * Directories with a `CACHEDIR.TAG` are left out, as `target` has one, and so is version control.
 * What is neither file nor directory nor link is left out as well.
 *
 * @param root The directory, or a single file.
 * @param options What is left out.
 * @returns The entries, sorted; parents are among them.
 */
export async function snapshot(
  root: string,
  options: SnapshotOptions = {},
): Promise<SnapshotEntry[]> {
  const { exclude = [], limitBytes = Infinity, limitFiles = Infinity, signal } = options;
  const { contents = true } = options;
  const entries: SnapshotEntry[] = [];
  let bytes = 0;
  let files = 0;
  const walk = async (path: string, info: Deno.FileInfo): Promise<void> => {
    const common = {
      path: path.slice(1),
      mode: (info.mode ?? 0o644) & 0o777,
      mtimeSeconds: SNAPSHOT_MTIME_SECONDS,
    };
    if (info.isSymlink) {
      const target = Deno.readLinkSync(path);
      entries.push({ entry: { ...common, mode: 0o777, kind: "symlink", target } });
    } else if (info.isFile) {
      bytes += info.size;
      if (bytes > limitBytes || ++files > limitFiles) {
        throw new SnapshotTooLargeError(`More than ${limitFiles} files or ${limitBytes} bytes`);
      }
      if (!contents) {
        entries.push({ entry: { ...common, kind: "file", content: { hostPath: path } } });
        return;
      }
      const content = readable(path);
      if (content === undefined) return;
      entries.push({ entry: { ...common, kind: "file", content }, digest: await sha256(content) });
    } else if (info.isDirectory) {
      signal?.throwIfAborted();
      entries.push({ entry: { ...common, kind: "directory" } });
      // By code units, not by the rules of a language: the order is part of the digest.
      const names = namesIn(path);
      if (path !== root && names.includes("CACHEDIR.TAG")) return;
      for (const name of names) {
        const child = `${path}/${name}`;
        if (NEVER.has(name) || exclude.some((directory) => isBelow(child, directory))) continue;
        const found = lstat(child);
        if (found !== undefined) await walk(child, found);
      }
    }
  };
  await walk(root, Deno.lstatSync(root));
  return entries;
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return [];
    throw error;
  }
}

/** Somebody else's files are no sources of ours, and one that has gone was none. */
function readable(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}

/** A file that goes while its directory is read was not there. */
function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** SHA-256 over entries: names, kinds, modes and contents. */
export async function digestOf(entries: Iterable<SnapshotEntry>): Promise<string> {
  const lines: unknown[] = [];
  for (const { entry, digest } of entries) {
    const rest = digest ?? ("target" in entry ? entry.target : "");
    lines.push([entry.kind, entry.path, entry.mode ?? null, rest]);
  }
  return await sha256(JSON.stringify(lines));
}

/**
 * SHA-256 over the names in a directory, whatever is in the files.
 *
 * @param directory The directory.
 * @param entries A snapshot that it is in.
 * @param entryPath How a path counts. Default: as it is.
 * @returns The digest.
 */
export async function namesDigest(
  directory: string,
  entries: Iterable<SnapshotEntry>,
  entryPath: (path: string) => string = (path) => path,
): Promise<string> {
  const names: string[] = [];
  for (const { entry } of entries) {
    if (isBelow(`/${entry.path}`, directory)) names.push(`${entry.kind} ${entryPath(entry.path)}`);
  }
  return await sha256(names.sort().join("\n"));
}
