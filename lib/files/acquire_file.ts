import { StackedError, stackUnlessAborted } from "../errors/mod.ts";
import { acquireDirPath, acquireFilePath } from "./acquire_path.ts";
import { type FileOptions, filePathText, type WriteOptions } from "./file_options.ts";
import { makeParents } from "./_parents.ts";
import { joinPath, splitPath } from "./_path.ts";

/** Where a file is, or is going to be. */
export interface PreacquiredFile {
  /** The real, absolute path of the directory, which exists. */
  readonly directory: string;
  /** The name of the file in it. */
  readonly fileName: string;
  /** Both together. */
  readonly path: string;
}

/**
 * Checks that a file can be acquired, and opens nothing: its directory must exist, and unless it
 * may be created, the file itself. With `parents` the directory is made.
 *
 * Permissions: `--allow-read`, and `--allow-write` with `parents`.
 *
 * @param options Which file, and what for.
 * @returns Where it is.
 * @throws {StackedError} when the directory or the file is missing, or something else stands there.
 */
export async function preacquire(options: FileOptions): Promise<PreacquiredFile> {
  const path = filePathText(options.path);
  const call = `preacquire(${describe(path, options.write)})`;
  const { create = true, parents = false } = options.write ?? { create: false };
  const { directory: given, name: fileName } = splitPath(path);
  if (fileName === "" || fileName === "." || fileName === "..") {
    throw new StackedError(`${call} -> is not a file`, { location: false });
  }
  const directory = await stackUnlessAborted(
    `${call} could not acquire the directory`,
    async () => {
      if (create && parents) await makeParents(path);
      return await acquireDirPath(given);
    },
  );
  const found = joinPath(directory, fileName);
  if (create) await requireWritableKind(found, call);
  else await stackUnlessAborted(`${call} could not acquire the file`, () => acquireFilePath(found));
  return { directory, fileName, path: found };
}

/**
 * Opens a file.
 *
 * Permissions: `--allow-read` for reading, `--allow-read` and `--allow-write` for writing.
 *
 * @param options Which file, and what for.
 * @returns The open file, to be closed by the caller, best with `closeFile()`.
 * @throws {StackedError} as {@linkcode preacquire} does, or when the system refuses.
 * @example
 * ```ts
 * import { acquireFile, closeFile } from "@superorch/superorch/files";
 *
 * const directory = await Deno.makeTempDir();
 * const file = await acquireFile({ path: [directory, "run.log"], write: { append: true } });
 * await file.write(new TextEncoder().encode("started\n"));
 * await closeFile(file);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function acquireFile(options: FileOptions): Promise<Deno.FsFile> {
  return await stackUnlessAborted("acquireFile()", async () => {
    const { path } = await preacquire(options);
    if (options.write === undefined) return await Deno.open(path, { read: true });
    const { create = true, append = false, mode } = options.write;
    // Append mode and not a seek to the end: two writers must not overwrite each other.
    return await Deno.open(path, { write: !append, append, create, truncate: !append, mode });
  });
}

function describe(path: string, write: WriteOptions | undefined): string {
  if (write === undefined) return `{ path: ${JSON.stringify(path)}, read }`;
  const { create = true, append = false } = write;
  return `{ path: ${JSON.stringify(path)}, write: { create: ${create}, append: ${append} } }`;
}

// A directory cannot be written to; a pipe without a reader would block the open for ever, out of
// reach of any signal. Devices such as /dev/stderr are welcome.
async function requireWritableKind(path: string, call: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new StackedError(call, { cause: error, location: false });
  }
  if (info.isDirectory || info.isFifo || info.isSocket) {
    throw new StackedError(`${call} -> is not a file`, { location: false });
  }
}
