import { OrchestraError } from "../errors.ts";
import { isMissing } from "./complete_transaction.ts";
import { joinPath, parentPath } from "../_path.ts";

/** Files that are to be merged stand in the root already, and belong to somebody else. */
export class FileConflictError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "FileConflictError";
  /** The files, relative to the root. */
  readonly files: readonly string[];

  /**
   * Makes the error.
   *
   * @param files The files, relative to the root.
   */
  constructor(files: readonly string[]) {
    super(["File conflicts detected:", ...files, "Aborting merge"].join("\n"));
    this.files = files;
  }
}

/**
 * Finds which files cannot be merged because something of somebody else is in their place.
 *
 * @param root The root.
 * @param merged What is to be merged: files, and directories, be they empty, relative to the root.
 * @param leaving What is removed before, relative to the root.
 * @returns Those in conflict, sorted.
 * @throws {OrchestraError} when a link in the root leads out of it.
 */
export function findConflicts(
  root: string,
  merged: { readonly files: readonly string[]; readonly directories: readonly string[] },
  leaving: ReadonlySet<string>,
): readonly string[] {
  const { files, directories } = merged;
  const places = new Places(root, leaving);
  const going = new Set([...leaving].map((path) => places.canonical(path)));
  const conflicts = files.filter((path) => {
    const parent = places.parentOf(path);
    if (parent.kind === "missing") return false;
    if (parent.kind === "blocked") return !going.has(parent.by);
    return isTaken(root, places.canonical(path), going);
  });
  const blocked = directories.filter((path) =>
    isBlocked(joinPath(root, path)) && !going.has(places.canonical(path))
  );
  return [...new Set([...conflicts, ...blocked])].sort();
}

/** Whether something that is no directory, nor leads to one, is where a directory is to be. */
function isBlocked(path: string): boolean {
  try {
    return !Deno.statSync(path).isDirectory;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return Deno.lstatSync(path).isSymlink; // one that leads nowhere
  } catch (error) {
    if (isMissing(error)) return false; // free, or what is above it is blocked
    throw error;
  }
}

function isTaken(root: string, path: string, going: ReadonlySet<string>): boolean {
  const absolute = joinPath(root, path);
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(absolute);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  if (!info.isDirectory) return !going.has(path);
  for (const { name } of Deno.readDirSync(absolute)) {
    if (isTaken(root, `${path}/${name}`, going)) return true;
  }
  return false;
}

type Parent =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "missing" }
  /** Something that is no directory stands there. */
  | { readonly kind: "blocked"; readonly by: string };

/** Knows where the directories of a root really are: `lib` is mostly a link to `lib64`. */
class Places {
  readonly #root: string;
  readonly #leaving: ReadonlySet<string>;
  readonly #realRoot: string | undefined;
  readonly #parents = new Map<string, Parent>();

  constructor(root: string, leaving: ReadonlySet<string>) {
    this.#root = root;
    this.#leaving = leaving;
    try {
      this.#realRoot = Deno.realPathSync(root);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The path without links among its directories. */
  canonical(path: string): string {
    const parent = this.parentOf(path);
    if (parent.kind !== "directory") return path;
    return joinPath(parent.path, path.slice(path.lastIndexOf("/") + 1));
  }

  parentOf(path: string): Parent {
    const parent = parentPath(path);
    let known = this.#parents.get(parent);
    if (known === undefined) {
      known = this.#look(parent);
      this.#parents.set(parent, known);
    }
    return known;
  }

  #look(directory: string): Parent {
    if (this.#realRoot === undefined) return { kind: "missing" };
    if (directory === "") return { kind: "directory", path: "" };
    const above = this.parentOf(directory);
    if (above.kind !== "directory") return above;
    const absolute = joinPath(this.#root, directory);
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(absolute);
    } catch (error) {
      if (isMissing(error)) return { kind: "missing" };
      throw error;
    }
    if (info.isSymlink) {
      // A directory will be in the place of the link.
      if (this.#leaving.has(directory)) return { kind: "missing" };
      try {
        info = Deno.statSync(absolute);
      } catch (error) {
        if (!isMissing(error)) throw error; // a link that leads nowhere is in the way
      }
    }
    if (!info.isDirectory) return { kind: "blocked", by: this.canonical(directory) };
    const real = Deno.realPathSync(absolute);
    if (real === this.#realRoot) return { kind: "directory", path: "" };
    if (!real.startsWith(`${this.#realRoot}/`)) {
      throw new OrchestraError(
        `Cannot merge into ${JSON.stringify(absolute)}: it leads out of the root, to ` +
          JSON.stringify(real),
      );
    }
    return { kind: "directory", path: real.slice(this.#realRoot.length + 1) };
  }
}
