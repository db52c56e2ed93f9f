import { isBelow, joinPath, parentOf } from "./_paths.ts";
import type { Source } from "./model.ts";
import { snapshot, type SnapshotEntry, SnapshotTooLargeError } from "./snapshot.ts";

/** How sources are read. */
export interface ReadSourcesOptions {
  /** Left out. */
  readonly targetDir: string;
  /** Files that earlier versions of the unit had. */
  readonly known: readonly string[];
  /** The crate's root file: its package is looked through for paths that lead outside. */
  readonly scanFrom?: string;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Sources that are sent. */
export interface SourceFiles {
  /** Directories that they are in. */
  readonly roots: readonly string[];
  /** All of them. */
  readonly entries: readonly SnapshotEntry[];
  /** Whether a path is among them. */
  has(path: string): boolean;
  /** Adds a file or a directory, and the small directory that a file is in. */
  add(path: string): Promise<void>;
}

/** A workspace up to this is sent as a whole: nothing in it can be missing then. */
const WORKSPACE_BYTES = 8e6;
const WORKSPACE_FILES = 2000;
/** No package is larger by itself: what is, is not sources. */
const PACKAGE_BYTES = 1e9;
/** A file that is missing brings its neighbours along: modules have more modules beside them. */
const NEIGHBOUR_BYTES = 1e6;
const NEIGHBOUR_FILES = 200;

/**
 * Reads the sources of a unit: the whole workspace where it is small, else the package and what is
 * known to be needed beside it.
 *
 * @param source Where they are.
 * @param options What is known.
 * @returns The sources.
 */
export async function readSources(
  source: Source,
  options: ReadSourcesOptions,
): Promise<SourceFiles> {
  const { targetDir, known, signal } = options;
  const files = new Sources(targetDir, signal);
  const { root, packageDir } = source;
  if (root === packageDir) await files.tree(root, PACKAGE_BYTES, Infinity);
  else {
    try {
      await files.tree(root, WORKSPACE_BYTES, WORKSPACE_FILES);
    } catch (error) {
      if (!(error instanceof SnapshotTooLargeError)) throw error;
      await files.tree(packageDir, PACKAGE_BYTES, Infinity);
    }
  }
  for (const path of [...known, ...files.named()]) {
    if (!files.has(path) && exists(path)) await files.add(path);
  }
  return files;
}

class Sources implements SourceFiles {
  readonly #byPath = new Map<string, SnapshotEntry>();
  readonly #roots = new Set<string>();
  readonly #targetDir: string;
  readonly #signal: AbortSignal | undefined;

  constructor(targetDir: string, signal: AbortSignal | undefined) {
    this.#targetDir = targetDir;
    this.#signal = signal;
  }

  get roots(): readonly string[] {
    return [...this.#roots];
  }

  get entries(): readonly SnapshotEntry[] {
    return [...this.#byPath.values()];
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  async tree(directory: string, limitBytes: number, limitFiles: number): Promise<void> {
    const entries = await snapshot(directory, {
      exclude: [this.#targetDir],
      limitBytes,
      limitFiles,
      signal: this.#signal,
    });
    for (const found of entries) this.#byPath.set(`/${found.entry.path}`, found);
    this.#roots.add(directory);
  }

  async add(path: string): Promise<void> {
    if (isBelow(path, this.#targetDir)) {
      // Cargo and other units are at work there: nothing but the file that is wanted.
      for (const found of await snapshot(path)) this.#byPath.set(`/${found.entry.path}`, found);
      return;
    }
    const inside = [...this.#roots].some((root) => isBelow(path, root));
    const directory = isDirectory(path) ? path : parentOf(path);
    try {
      await this.tree(directory, NEIGHBOUR_BYTES, NEIGHBOUR_FILES);
    } catch (error) {
      if (!(error instanceof SnapshotTooLargeError)) throw error;
      for (const found of await snapshot(path)) this.#byPath.set(`/${found.entry.path}`, found);
    }
    if (!inside) this.#roots.add(directory);
  }

  /** Paths that lead upwards in strings of the code: texts and modules that are included. */
  named(): string[] {
    const named = new Set<string>();
    for (const { entry } of this.#byPath.values()) {
      if (entry.kind !== "file" || !entry.path.endsWith(".rs")) continue;
      if (!(entry.content instanceof Uint8Array)) continue;
      const text = new TextDecoder().decode(entry.content);
      if (!text.includes('"../') && !text.includes("/../")) continue;
      for (const [, path] of text.matchAll(/"((?:\.{1,2}\/)*\.\.\/[^"\n\\]{1,200})"/g)) {
        named.add(joinPath(parentOf(`/${entry.path}`), path!));
      }
    }
    return [...named];
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
