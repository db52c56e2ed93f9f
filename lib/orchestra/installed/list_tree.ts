import { OrchestraError } from "../errors.ts";
import { isMissing } from "./complete_transaction.ts";
import { joinPath } from "../_path.ts";

/** What is in a directory. */
export interface Tree {
  /** Everything but directories, relative, in the order of the walk. */
  readonly files: readonly string[];
  /** All directories below, parents first, with their permission bits. */
  readonly directories: readonly TreeDirectory[];
}

/** A directory of a {@linkcode Tree}. */
export interface TreeDirectory {
  /** Relative path. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

/** So many directories are read before others get their turn; one takes some 50 µs. */
const TURN = 100;

/**
 * Lists a directory with all that is below: in each directory first the files, then the
 * directories, by name. Links are not followed. A directory that is not there is empty.
 *
 * @param directory Where to start.
 * @param options `signal`: gives up. `odd`: names that are not UTF-8, under which nothing can be
 * opened, are listed as files instead of refused.
 * @returns What is there.
 * @throws {OrchestraError} when a name is not UTF-8.
 */
export async function listTree(
  directory: string,
  options: { readonly signal?: AbortSignal; readonly odd?: boolean } = {},
): Promise<Tree> {
  const files: string[] = [];
  const directories: TreeDirectory[] = [];
  // A stack, the next one on top: a deep tree must not exhaust that of the engine.
  const open = [""];
  for (let count = 1; open.length > 0; count++) {
    const path = open.pop()!;
    const below: string[] = [];
    const here: string[] = [];
    for (const entry of readDirectory(joinPath(directory, path), path === "")) {
      const place = joinPath(path, entry.name);
      const isOdd = entry.name.includes("\ufffd") && !isThere(joinPath(directory, place));
      if (isOdd && options.odd !== true) {
        throw new OrchestraError(
          `Cannot use a file named ${JSON.stringify(place)}: it is not UTF-8`,
        );
      }
      (entry.isDirectory && !isOdd ? below : here).push(place);
    }
    if (path !== "") {
      const { mode } = Deno.lstatSync(joinPath(directory, path));
      directories.push({ path, mode: (mode ?? 0o755) & 0o7777 });
    }
    files.push(...here.sort());
    open.push(...below.sort().reverse());
    if (count % TURN === 0) {
      options.signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return { files, directories };
}

function readDirectory(path: string, isStart: boolean): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    if (isStart && error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
