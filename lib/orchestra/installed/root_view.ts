import { OrchestraError } from "../errors.ts";
import { isMissing } from "./complete_transaction.ts";
import { type Journal, readJournal, STAGED_DIRECTORY } from "./journal.ts";
import { joinPath } from "../_path.ts";

/**
 * A root as it will be when the change that a run was interrupted in is complete. For a root
 * without such a change that is how it is.
 */
export interface RootView {
  /** The interrupted change. */
  readonly pending: Journal | undefined;
  /**
   * Finds what will be at a path.
   *
   * @param path Relative path.
   * @returns Where it is now, absolute; `undefined` when nothing will be there.
   */
  locate(path: string): string | undefined;
}

/**
 * Looks at a root. Nothing is changed.
 *
 * @param root The root.
 * @returns The view.
 * @throws {OrchestraError} when there is an interrupted change that cannot be understood, or
 * something else than a directory.
 */
export async function rootView(root: string): Promise<RootView> {
  await requireRoot(root);
  const pending = await readJournal(root);
  const removed = new Set(pending?.remove);
  const added = new Set(pending?.add);
  const locate = (path: string) => {
    if (removed.has(path)) return undefined;
    if (added.has(path)) {
      const staged = joinPath(root, `${STAGED_DIRECTORY}/${path}`);
      if (exists(staged)) return staged;
    }
    const absolute = joinPath(root, path);
    return exists(absolute) ? absolute : undefined;
  };
  return { pending, locate };
}

/**
 * Makes sure that a root is a directory, if it is there at all.
 *
 * @param root The root.
 * @throws {OrchestraError} when it is a file, a link that leads to itself, or not to be looked at.
 */
export async function requireRoot(root: string): Promise<void> {
  let problem: string;
  try {
    if ((await Deno.stat(root)).isDirectory) return;
    problem = "it is a file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    problem = error instanceof Error ? error.message : String(error);
  }
  throw new OrchestraError(`The root must be a directory: ${JSON.stringify(root)}: ${problem}`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
