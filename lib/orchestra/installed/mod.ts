/**
 * Roots: what is installed in them, how that is changed as a whole or not at all, and whether it is
 * in order.
 *
 * Permissions: `--allow-read` and `--allow-write` of the root; `--allow-run=cp` where something is
 * merged from another file system.
 *
 * @example
 * ```ts
 * import { describeProblem, lockRoot, verifyRoot } from "@superorch/superorch/orchestra/installed";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   await using _lock = await lockRoot(root, { purpose: "looking around" });
 *   await Deno.writeTextFile(`${root}/stray`, "");
 * }
 * const { problems } = await verifyRoot(root);
 * console.log(problems.map(describeProblem)); // ["stray belongs to no component"]
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @module
 */

export { completeTransaction, type OnStep } from "./complete_transaction.ts";
export { FileConflictError, findConflicts } from "./conflicts.ts";
export { formatIndex, parseIndex, readIndex } from "./file_index.ts";
export { findGarbage, type Garbage } from "./gc.ts";
export type { Journal } from "./journal.ts";
export { listTree, type Tree, type TreeDirectory } from "./list_tree.ts";
export { type ChangeOptions, mergeIntoRoot, type MergeRequest, removeFromRoot } from "./merge.ts";
export {
  BrokenMetadataError,
  formatMetadata,
  indexFile,
  metadataFile,
  parseMetadata,
} from "./metadata.ts";
export {
  installedState,
  type ReadInstalled,
  readInstalled,
  readMetadata,
} from "./read_installed.ts";
export { LOCKED_ROOT_VARIABLE, lockRoot, type RootLockOptions } from "./root_lock.ts";
export { type RootView, rootView } from "./root_view.ts";
export {
  describeProblem,
  type RootProblem,
  type VerifiedRoot,
  type VerifyOptions,
  verifyRoot,
} from "./verify.ts";
