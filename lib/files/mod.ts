/**
 * Paths that exist, files that are on the disk when the call returns, replacement of a file as a
 * whole, and locks between programs.
 *
 * For scripts that read, write and clean a few files and want to be told exactly what is missing
 * where. Not a watcher, not a walker, and no replacement for `Deno.readFile()` in hot loops.
 *
 * Permissions: `--allow-read` and `--allow-write` for the paths that are used.
 *
 * @example
 * ```ts
 * import { acquireDirPath, FileLock, readText, writeAtomic } from "@superorch/superorch/files";
 *
 * const directory = await acquireDirPath(await Deno.makeTempDir());
 * {
 *   await using _lock = await FileLock.acquire(`${directory}/lock`, { purpose: "counting" });
 *   await writeAtomic(`${directory}/count`, "1");
 * }
 * console.log(await readText([directory, "count"])); // "1"
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export {
  acquireDirPath,
  acquireFilePath,
  acquireFilePathWithoutCanonicalization,
  acquirePath,
} from "./acquire_path.ts";
export { type FileOptions, type FilePath, type WriteOptions } from "./file_options.ts";
export { acquireFile, preacquire, type PreacquiredFile } from "./acquire_file.ts";
export {
  copyFile,
  readBytes,
  type ReadFileOptions,
  readText,
  writeBytes,
  type WriteFileOptions,
  writeText,
} from "./one_shot.ts";
export { closeFile } from "./close_file.ts";
export { removeFilesInDir, type RemoveFilesOptions } from "./remove_files_in_dir.ts";
export { writeAtomic, type WriteAtomicOptions } from "./write_atomic.ts";
export { FileLock, type FileLockOptions, type LockHolder, LockTimeoutError } from "./file_lock.ts";
