import { stackErr } from "../../errors/mod.ts";
import { joinPath, parentPath } from "../_path.ts";
import {
  type Journal,
  readJournal,
  removeJournal,
  STAGED_DIRECTORY,
  TRANSACTION_DIRECTORY,
} from "./journal.ts";

/** Is called before each step that changes the disk. */
export type OnStep = (step: string) => void;

/** So many files are moved before others get their turn; one takes some 20 µs. */
const TURN = 250;

/**
 * Carries out the change that is written in the journal of a root, from wherever it was
 * interrupted, and removes what a run left that had not yet decided on its change.
 *
 * Each step looks at what is there, so that doing it again does no harm. Nobody else may change the
 * root meanwhile: hold its lock.
 *
 * @param root The root.
 * @param options `onStep`: is called before each step.
 * @returns What the change was; `undefined` when there was none.
 * @throws {StackedError} when the system refuses; the next call goes on from there.
 */
export async function completeTransaction(
  root: string,
  options: { readonly onStep?: OnStep } = {},
): Promise<string | undefined> {
  const journal = await readJournal(root);
  const onStep = options.onStep ?? (() => {});
  if (journal !== undefined) {
    await stackErr(
      carryOut(root, journal, onStep),
      `Cannot complete "${journal.purpose}" in ${
        JSON.stringify(root)
      }; the next run goes on with it`,
      { location: false },
    );
    onStep("forget the journal");
    await removeJournal(root);
  }
  onStep("remove the transaction directory");
  await removeTree(joinPath(root, TRANSACTION_DIRECTORY));
  return journal?.purpose;
}

async function carryOut(root: string, journal: Journal, onStep: OnStep): Promise<void> {
  const { remove, moves, directories, links } = journal;
  const staged = joinPath(root, STAGED_DIRECTORY);
  await inTurns(remove, (path) => {
    onStep(`remove ${path}`);
    withWritableParent(joinPath(root, path), removeFile);
  });
  removeEmptyParents(root, remove, onStep);
  for (const path of links) {
    onStep(`link ${path}`);
    withWritableParent(joinPath(root, path), (to) => makeLink(joinPath(staged, path), to));
  }
  for (const { path, mode } of directories) {
    onStep(`make ${path}`);
    withWritableParent(joinPath(root, path), (to) => makeDirectory(to, mode));
  }
  await inTurns(moves, (path) => {
    onStep(`move ${path}`);
    withWritableParent(joinPath(root, path), (to) => moveFile(joinPath(staged, path), to));
  });
}

// Blocking calls take a tenth of the time of asynchronous ones, and the lock is held.
async function inTurns(paths: readonly string[], step: (path: string) => void): Promise<void> {
  for (const [index, path] of paths.entries()) {
    if (index % TURN === TURN - 1) await new Promise((resolve) => setTimeout(resolve));
    step(path);
  }
}

// The original leaves directories that may not be written to as they are; a change that has been
// decided must not fail at one for ever.
function withWritableParent(path: string, step: (path: string) => void): void {
  try {
    step(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    const parent = parentPath(path);
    Deno.chmodSync(parent, (Deno.statSync(parent).mode ?? 0) & 0o7777 | 0o700);
    step(path);
  }
}

function removeFile(path: string): void {
  try {
    const { isDirectory } = Deno.lstatSync(path);
    // Somebody else has made it; if nothing is in it, nothing is lost.
    if (isDirectory) removeEmptyDirectory(path);
    else Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

// One level only, as the original does it: who made the directories above is not known.
function removeEmptyParents(root: string, removed: readonly string[], onStep: OnStep): void {
  const parents = new Set(removed.map(parentPath).filter((path) => path !== ""));
  for (const parent of [...parents].sort().reverse()) {
    onStep(`remove empty ${parent}`);
    withWritableParent(joinPath(root, parent), removeEmptyDirectory);
  }
}

/** Removes a directory if nothing is in it. A link to one stays. */
export function removeEmptyDirectory(path: string): boolean {
  try {
    if (!Deno.lstatSync(path).isDirectory) return false;
    if (!Deno.readDirSync(path)[Symbol.iterator]().next().done) return false;
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function makeLink(from: string, to: string): void {
  try {
    Deno.symlinkSync(Deno.readLinkSync(from), to);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists) && !isMissing(error)) throw error;
  }
}

function makeDirectory(path: string, mode: number): void {
  try {
    Deno.mkdirSync(path);
    Deno.chmodSync(path, mode); // whatever the umask is
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    // A link to a directory serves as well, such as "lib" beside "lib64".
    if (!Deno.statSync(path).isDirectory) throw error;
  }
}

function moveFile(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    // Moved before the interruption, and no longer where it waited.
    if (isMissing(error) && exists(to) && !exists(from)) return;
    // Where the old build had a directory, all of whose files have just been removed.
    if (isMissing(error) || !isDirectory(to)) throw error;
    removeEmptyTree(to);
    Deno.renameSync(from, to);
  }
}

function removeEmptyTree(path: string): void {
  for (const { name } of Deno.readDirSync(path)) removeEmptyTree(joinPath(path, name));
  Deno.removeSync(path);
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

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false; // what cannot be looked at is for the caller to fail with
  }
}

/** Whether a path, or a directory above it, is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Removes a directory with all that is below, also directories that are not writable.
 *
 * @param path The directory; it need not be there.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (isMissing(error)) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    makeWritable(path);
    await Deno.remove(path, { recursive: true });
  }
}

function makeWritable(path: string): void {
  if (!Deno.lstatSync(path).isDirectory) return;
  Deno.chmodSync(path, 0o700);
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    if (isDirectory) makeWritable(joinPath(path, name));
  }
}
