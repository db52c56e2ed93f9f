/**
 * Repositories of components: at which commits they are, brought up to date, checked, and locked.
 *
 * Permissions: `--allow-run=git`, `--allow-read` and `--allow-write` of clones and caches,
 * `--allow-env=GIT_SSH_COMMAND`.
 *
 * @example
 * ```ts
 * import { localHead } from "@superorch/superorch/orchestra/git";
 *
 * const directory = await Deno.makeTempDir();
 * console.log(localHead(directory)); // undefined
 * await Deno.remove(directory);
 * ```
 *
 * @module
 */

export { checkBranch, type CheckBranchOptions, nearestBranch } from "./check_branch.ts";
export { findGitDirectory, localHead } from "./local_head.ts";
export { type LockFile, lockFilePath, readLockFile, writeLockFile } from "./lock_file.ts";
export {
  askRemotes,
  readRemoteRefs,
  remoteHead,
  type RemoteRefs,
  remoteRefsPath,
  writeRemoteRefs,
} from "./remote_refs.ts";
export { repositoriesOf, update, type UpdateOptions, type UpdateResult } from "./update.ts";
