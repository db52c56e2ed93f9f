import { command } from "../../commands/mod.ts";
import { stackErr } from "../../errors/mod.ts";
import { OrchestraError } from "../errors.ts";
import type { InstalledBuild } from "../model.ts";
import { completeTransaction, isMissing, type OnStep, removeTree } from "./complete_transaction.ts";
import { FileConflictError, findConflicts } from "./conflicts.ts";
import { formatIndex, readIndex } from "./file_index.ts";
import { type Journal, STAGED_DIRECTORY, TRANSACTION_DIRECTORY, writeJournal } from "./journal.ts";
import { listTree } from "./list_tree.ts";
import { formatMetadata, indexFile, METADATA_DIRECTORY, metadataFile } from "./metadata.ts";
import { joinPath, parentPath } from "../_path.ts";

const OWNER_ALL = 0o700;
/** What would be taken for metadata of others, for the lock or for a change of the root. */
const OWN_FILES = new RegExp(`^${METADATA_DIRECTORY}/(?:\\..*|[^/]*\\.(?:json|idx))$`, "s");

/** What is merged into a root, and what goes for it. */
export interface MergeRequest {
  /** The root; it is made if it is not there. */
  readonly root: string;
  /** A directory that looks as the root will: what was built, or unpacked. */
  readonly from: string;
  /** Files of `from` that belong to the component, relative, in the order of the index. */
  readonly files: readonly string[];
  /** What the metadata will say. */
  readonly installed: InstalledBuild;
  /** Components whose files go: the old build need not be named. */
  readonly replacing?: readonly string[];
  /** Leave `from` as it is, at the cost of a copy. Default `false`: it is moved. */
  readonly keep?: boolean;
}

/** How a root is changed. */
export interface ChangeOptions {
  /** Gives up, as long as nothing has been decided. */
  readonly signal?: AbortSignal;
  /** Is called before each step that changes the root. */
  readonly onStep?: OnStep;
}

/**
 * Puts what was built into a root, in the place of the old build and of components that depended on
 * it. Either all of this happens or nothing: it is prepared inside the root, written down in a
 * journal, and only then carried out; whoever is interrupted leaves it to the next
 * `completeTransaction()`. Hold the lock of the root.
 *
 * @param request What is merged.
 * @param options Signal and a listener.
 * @returns The index of the component.
 * @throws {FileConflictError} when files of somebody else are in the way; nothing has changed then.
 * @throws {StackedError} when the system refuses, for example because the disk is full.
 */
export async function mergeIntoRoot(
  request: MergeRequest,
  options: ChangeOptions = {},
): Promise<readonly string[]> {
  const { root, from, installed, replacing = [], keep = false } = request;
  const { signal, onStep = () => {} } = options;
  const component = installed.component;
  const own = [indexFile(component), metadataFile(component)];
  const isMetadata = new Set(own);
  const files = [...request.files.filter((path) => !isMetadata.has(path)), ...own];
  requireNames(from, files, own);
  const leaving = await filesOf(root, [component, ...replacing]);
  const { directories, files: all } = await listTree(from, { signal });
  const places = withParents(directories, files);
  const merged = { files, directories: places.map(({ path }) => path) };
  const conflicts = findConflicts(root, merged, leaving);
  if (conflicts.length > 0) throw new FileConflictError(conflicts);
  signal?.throwIfAborted();

  const belongs = new Set(files);
  const links = all.filter((path) => !belongs.has(path) && isLink(joinPath(from, path)));
  onStep("stage");
  const unstage = await stage(root, from, keep, signal);
  try {
    const staged = joinPath(root, STAGED_DIRECTORY);
    for (const { path, mode } of directories) {
      // Nothing could be moved out of it otherwise, nor into its like in the root.
      if ((mode & OWNER_ALL) !== OWNER_ALL) {
        Deno.chmodSync(joinPath(staged, path), mode | OWNER_ALL);
      }
    }
    await Deno.mkdir(joinPath(staged, METADATA_DIRECTORY), { recursive: true });
    onStep("write metadata");
    await Deno.writeTextFile(joinPath(staged, indexFile(component)), formatIndex(files));
    await Deno.writeTextFile(joinPath(staged, metadataFile(component)), formatMetadata(installed));
    signal?.throwIfAborted();
    onStep("write the journal");
    const whole = newDirectories(root, places);
    await writeJournal(root, {
      purpose: `install ${component}@${installed.build}`,
      remove: [...leaving].filter((path) => !belongs.has(path)),
      add: files,
      moves: [...whole, ...files.filter((path) => !isBelow(path, whole))],
      directories: places.filter(({ path }) => !isBelow(path, whole)),
      links: links.filter((path) => !isBelow(path, whole)),
    });
  } catch (error) {
    await unstage();
    throw error;
  }
  await completeTransaction(root, { onStep });
  return files;
}

/**
 * Removes components from a root: exactly what their indexes list, and their metadata. Either all
 * of this happens or nothing, as with {@linkcode mergeIntoRoot}. Hold the lock of the root.
 *
 * @param root The root.
 * @param components Names of components; those that are not installed have nothing to remove.
 * @param options A listener.
 */
export async function removeFromRoot(
  root: string,
  components: readonly string[],
  options: ChangeOptions = {},
): Promise<void> {
  const leaving = await filesOf(root, components);
  if (leaving.size === 0) return;
  options.signal?.throwIfAborted();
  await Deno.mkdir(joinPath(root, TRANSACTION_DIRECTORY), { recursive: true });
  const journal: Journal = {
    purpose: `uninstall ${components.join(" ")}`,
    remove: [...leaving],
    add: [],
    moves: [],
    directories: [],
    links: [],
  };
  options.onStep?.("write the journal");
  try {
    await writeJournal(root, journal);
  } catch (error) {
    await removeTree(joinPath(root, TRANSACTION_DIRECTORY));
    throw error;
  }
  await completeTransaction(root, options);
}

/** What cannot be written into an index must not get into a root, which nobody could clean then. */
function requireNames(from: string, files: readonly string[], own: readonly string[]): void {
  for (const path of files) {
    const wrong = path.includes("\n")
      ? "it has a newline"
      : OWN_FILES.test(path) && !own.includes(path)
      ? "that is where orchestra keeps its own files"
      // What is not UTF-8 is read with U+FFFD in its place, and under that name there is nothing.
      : path.includes("\ufffd") && !own.includes(path) && !isThere(joinPath(from, path))
      ? "it is not UTF-8"
      : undefined;
    if (wrong === undefined) continue;
    throw new OrchestraError(`Cannot merge a file named ${JSON.stringify(path)}: ${wrong}`);
  }
}

/** What goes with some components, metadata last. */
async function filesOf(root: string, components: readonly string[]): Promise<Set<string>> {
  const files = new Set<string>();
  const metadata: string[] = [];
  for (const component of new Set(components)) {
    const own = [indexFile(component), metadataFile(component)];
    for (const path of await readIndex(root, component) ?? []) {
      if (!own.includes(path)) files.add(path);
    }
    for (const path of own) if (isThere(joinPath(root, path))) metadata.push(path);
  }
  return new Set([...files, ...metadata]);
}

/** Brings the tree into the file system of the root, and gives back how to undo that. */
async function stage(
  root: string,
  from: string,
  keep: boolean,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  const transaction = joinPath(root, TRANSACTION_DIRECTORY);
  const staged = joinPath(root, STAGED_DIRECTORY);
  await removeTree(transaction);
  await stackErr(
    Deno.mkdir(transaction, { recursive: true }),
    `Cannot merge into ${JSON.stringify(root)}`,
    { location: false },
  );
  if (!keep) {
    try {
      await Deno.rename(from, staged);
      return async () => {
        await Deno.rename(staged, from).catch(() => {}); // what made us give up is what to tell
        await removeTree(transaction);
      };
    } catch (error) {
      // Another file system: what cannot be moved is copied.
      if ((error as { code?: unknown }).code !== "EXDEV") throw error;
    }
  }
  try {
    const copy = command(["cp", "-a", "--reflink=auto", "--", from, staged], {
      dieWithParent: true,
    });
    const result = await copy.runToCompletion({ signal, group: true });
    await stackErr(() => result.assertSuccess(), `Cannot copy into ${JSON.stringify(root)}`, {
      location: false,
    });
  } catch (error) {
    await removeTree(transaction);
    throw error;
  }
  return () => removeTree(transaction);
}

// Metadata may be all that is in share/orchestra, and a script may have removed the skeleton.
function withParents(
  directories: Journal["directories"],
  files: readonly string[],
): Journal["directories"] {
  const known = new Set(directories.map(({ path }) => path));
  const missing = new Set<string>();
  for (const file of files) {
    for (let path = parentPath(file); path !== "" && !known.has(path); path = parentPath(path)) {
      missing.add(path);
    }
  }
  return [
    ...[...missing].map((path) => ({ path, mode: 0o755 })),
    ...directories.map(({ path, mode }) => ({ path, mode: mode | OWNER_ALL })),
  ].sort((a, b) => a.path < b.path ? -1 : 1);
}

/** The topmost directories of which the root has nothing: these are moved with all they have. */
function newDirectories(root: string, directories: Journal["directories"]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { path } of directories) {
    if (!isBelow(path, found) && !isThere(joinPath(root, path))) found.add(path);
  }
  return found;
}

function isBelow(path: string, directories: ReadonlySet<string>): boolean {
  for (let at = path; at !== ""; at = parentPath(at)) if (directories.has(at)) return true;
  return false;
}

function isLink(path: string): boolean {
  return Deno.lstatSync(path).isSymlink;
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
