/**
 * Paths that exist, files that are on the disk when the call returns, atomic replacement and locks
 * between programs.
 *
 * @module
 */

export { FileLock, type FileLockOptions, type LockHolder, LockTimeoutError } from "./file_lock.ts";
export { writeAtomic, type WriteAtomicOptions } from "./write_atomic.ts";
