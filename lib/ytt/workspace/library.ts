/** A set of files that see each other: the workspace itself, or a directory below `_ytt_lib`. */
import type { WorkFile } from "./file.ts";

const privateDirectory = "_ytt_lib";

/** Files below one root. */
export class Library {
  readonly #byPath: ReadonlyMap<string, WorkFile>;
  /** Files that belong to the library itself, without those of libraries inside it. */
  readonly files: readonly WorkFile[];

  /** `root` is empty or ends with `/`; `all` are the files of the whole workspace. */
  constructor(readonly root: string, readonly all: readonly WorkFile[]) {
    const own = all.filter((file) =>
      file.path.startsWith(root) &&
      !file.path.slice(root.length).split("/").slice(0, -1).includes(privateDirectory)
    );
    // The last file of a path wins, in the place of the first.
    const byPath = new Map<string, WorkFile>();
    for (const file of own) byPath.set(file.path, file);
    this.files = [...byPath.values()];
    this.#byPath = byPath;
  }

  /** The path of a file as it is written inside the library. */
  relative(file: WorkFile): string {
    return file.path.slice(this.root.length);
  }

  /** Finds a file by what `load` or `data.read` was given in `from`. */
  find(path: string, from: WorkFile): WorkFile {
    const base = path.startsWith("/")
      ? this.root
      : from.path.slice(0, from.path.lastIndexOf("/") + 1);
    const found = this.#byPath.get(normalize(base + path.replace(/^\/+/, "")));
    if (found === undefined) {
      throw new Error(
        `Expected to find file '${path}' (hint: only files included via -f flag are available)`,
      );
    }
    return found;
  }

  /** Finds the library `name` below `_ytt_lib`. */
  child(name: string): Library {
    const inner = `${this.root}${privateDirectory}/`;
    if (!this.all.some((file) => file.path.startsWith(inner))) {
      throw new Error(
        `Could not find private library (directory '${privateDirectory}' missing?)`,
      );
    }
    const root = `${inner}${normalize(name)}/`;
    if (!this.all.some((file) => file.path.startsWith(root))) {
      throw new Error(
        `Expected to find library '${name}', but did not find '${root.slice(0, -1)}' directory ` +
          "(hint: only files included via -f flag are available)",
      );
    }
    return new Library(root, this.all);
  }
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
