import { StackedError, stackUnlessAborted } from "../errors/mod.ts";
import { acquireDirPath } from "./acquire_path.ts";
import { hasSeparator, joinPath } from "./_path.ts";

/** What ends {@linkcode removeFilesInDir} early. */
export interface RemoveFilesOptions {
  /** Rejects with its reason; what is removed until then stays so. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the files of one directory that end in one of several ways.
 *
 * An element that starts with a dot means whole extensions at the end of a name: `.gz` means
 * `a.tar.gz` and `tar.gz`; `.tar.gz` means `a.tar.gz` and not `tar.gz`; `.r.gz` means neither. Any
 * other element is a whole name. Only regular files directly in the directory are removed;
 * directories, symbolic links and names such as `.gitignore`, which are no extension, never.
 *
 * Permissions: `--allow-read` and `--allow-write` for the directory.
 *
 * @param directory The directory.
 * @param endsWith Extensions and whole names.
 * @param options What ends it early.
 * @returns The names of the removed files, sorted.
 * @throws {StackedError} before anything is removed, when an element is empty, a lone dot, or more
 * than one path component, or the directory is missing; later, when the system refuses a removal.
 * @throws {unknown} the signal's reason when it is aborted.
 * @example
 * ```ts
 * import { removeFilesInDir, writeText } from "@superorch/superorch/files";
 *
 * const directory = await Deno.makeTempDir();
 * await writeText([directory, "a.tar.gz"], "");
 * await writeText([directory, "notes"], "");
 * console.log(await removeFilesInDir(directory, [".gz", "notes"])); // ["a.tar.gz", "notes"]
 * await Deno.remove(directory);
 * ```
 */
export function removeFilesInDir(
  directory: string,
  endsWith: readonly string[],
  { signal }: RemoveFilesOptions = {},
): Promise<readonly string[]> {
  const call = `removeFilesInDir(directory: ${JSON.stringify(directory)}, endsWith: ${
    JSON.stringify(endsWith)
  })`;
  return stackUnlessAborted(call, async () => {
    for (const element of endsWith) requireOneComponent(element);
    const real = await acquireDirPath(directory);
    const names: string[] = [];
    for await (const entry of Deno.readDir(real)) {
      if (entry.isFile && endsWith.some((element) => matches(entry.name, element))) {
        names.push(entry.name);
      }
    }
    names.sort();
    for (const name of names) {
      signal?.throwIfAborted();
      await Deno.remove(joinPath(real, name)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // somebody else was faster
      });
    }
    return names;
  }, signal);
}

function matches(name: string, element: string): boolean {
  if (!element.startsWith(".")) return name === element;
  // Longer than the element: a name that is all extension, such as ".gitignore", has none.
  return name.length > element.length && name.endsWith(element);
}

function requireOneComponent(element: string): void {
  if (element !== "" && element !== "." && element !== ".." && !hasSeparator(element)) return;
  throw new StackedError(
    `Cannot use ${JSON.stringify(element)} as an ending: it must be one file name or extension`,
    { location: false },
  );
}
