import { stackErr } from "../../errors/mod.ts";
import { writeAtomic } from "../../files/mod.ts";
import { OrchestraError } from "../errors.ts";
import { isInside, joinPath } from "../_path.ts";
import type { TreeDirectory } from "./list_tree.ts";
import { METADATA_DIRECTORY } from "./metadata.ts";

/** Where a change of a root is prepared, relative to the root. */
export const TRANSACTION_DIRECTORY = `${METADATA_DIRECTORY}/.transaction`;
/** What is to be merged, relative to the root. */
export const STAGED_DIRECTORY = `${TRANSACTION_DIRECTORY}/new`;
const JOURNAL_FILE = `${TRANSACTION_DIRECTORY}/journal.json`;

/**
 * A change of a root that has been decided: from here on it is only carried out, and each step of
 * it can be done again. All paths are relative to the root.
 */
export interface Journal {
  /** What the change is: `install a@b`. */
  readonly purpose: string;
  /** Files to be removed, metadata last; none of them is in `add`. */
  readonly remove: readonly string[];
  /** Files that wait in the staged directory, metadata last. */
  readonly add: readonly string[];
  /**
   * How they get into the root, in this order: each is one of these files, or a directory of which
   * nothing is in the root yet.
   */
  readonly moves: readonly string[];
  /** Directories to be made, parents first. */
  readonly directories: readonly TreeDirectory[];
  /** Links of the skeleton that wait in the staged directory and are made if nothing is there. */
  readonly links: readonly string[];
}

/**
 * Writes the journal; with that the change has been decided.
 *
 * @param root The root.
 * @param journal The change.
 * @throws {StackedError} when the system refuses, for example because the disk is full.
 */
export async function writeJournal(root: string, journal: Journal): Promise<void> {
  await stackErr(
    writeAtomic(joinPath(root, JOURNAL_FILE), JSON.stringify({ version: 1, ...journal })),
    `Cannot begin to ${journal.purpose} in ${JSON.stringify(root)}, which stays as it is`,
    { location: false },
  );
}

/**
 * Reads the change that a run was interrupted in.
 *
 * @param root The root.
 * @returns The change; `undefined` when there is none.
 * @throws {OrchestraError} when the journal is not one of ours.
 */
export async function readJournal(root: string): Promise<Journal | undefined> {
  const path = joinPath(root, JOURNAL_FILE);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
  const broken = (why: string) =>
    new OrchestraError(`Cannot go on with an interrupted change: ${JSON.stringify(path)} ${why}`);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken("is not JSON");
  }
  if (value["version"] !== 1) throw broken("was written by another version");
  const paths = (name: string): readonly string[] => {
    const list = value[name];
    const isPath = (path: unknown) => typeof path === "string" && isInside(path);
    if (!Array.isArray(list) || !list.every(isPath)) throw broken(`has a wrong list "${name}"`);
    return list;
  };
  const directories = value["directories"];
  const isDirectory = (entry: unknown) => {
    const { path, mode } = (entry ?? {}) as Partial<TreeDirectory>;
    return typeof path === "string" && isInside(path) && typeof mode === "number";
  };
  if (!Array.isArray(directories) || !directories.every(isDirectory)) {
    throw broken('has a wrong list "directories"');
  }
  return {
    purpose: String(value["purpose"]),
    remove: paths("remove"),
    add: paths("add"),
    moves: paths("moves"),
    directories,
    links: paths("links"),
  };
}

/**
 * Forgets a change that has been carried out.
 *
 * @param root The root.
 */
export async function removeJournal(root: string): Promise<void> {
  await Deno.remove(joinPath(root, JOURNAL_FILE));
}
