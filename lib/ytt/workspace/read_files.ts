/** From the words of `-f` to input files. */
import { comparePaths, type InputFile } from "./file.ts";
import { YttError } from "./error.ts";

/** The part of a file system that reading needs; `node:fs` fits on Deno and on Node. */
export interface FileSystem {
  /** Names in a directory. */
  readdirSync(path: string): string[];
  /** What a path is, links not followed. */
  lstatSync(path: string): { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean };
  /** What a path is, links followed. */
  statSync(path: string): { isFile(): boolean; isDirectory(): boolean };
  /** The contents of a file. */
  readFileSync(path: string): Uint8Array;
  /** The path without links. */
  realpathSync(path: string): string;
}

/** How to read. */
export interface ReadFilesOptions {
  /** What `-` stands for. Default: it is refused. */
  readonly stdin?: Uint8Array;
  /** Follow links to files, wherever they lead. Default: false. */
  readonly allowSymlinks?: boolean;
  /** Real paths (or directories) that links may lead to. Default: none. */
  readonly allowedSymlinks?: readonly string[];
  /** Default: `node:fs`. */
  readonly fs?: FileSystem;
}

/**
 * Lists the files of each argument: a file, a directory with everything below it, `-` for standard
 * input, each with an optional `name=` in front. Every argument's files are ordered by path.
 * Contents are read when they are needed. Needs `--allow-read`. Throws `YttError`.
 */
export async function readFiles(
  paths: readonly string[],
  options: ReadFilesOptions = {},
): Promise<InputFile[]> {
  const fs: FileSystem = options.fs ?? await import("node:fs");
  return paths.flatMap((argument) => {
    const index = argument.indexOf("=");
    const name = index < 0 ? undefined : argument.slice(0, index);
    const path = index < 0 ? argument : argument.slice(index + 1);
    try {
      return new Reader(fs, options).group(path, name).sort((a, b) => comparePaths(a.path, b.path));
    } catch (error) {
      if (error instanceof YttError) throw error;
      throw new YttError(`Checking file '${path}': ${reason(error, "lstat", path)}`, {
        cause: error,
      });
    }
  });
}

/** Go's words for the usual failures. */
function reason(error: unknown, action: string, path: string): string {
  const { code, message } = error as Error & { code?: string };
  const text = code === "ENOENT"
    ? "no such file or directory"
    : code === "EACCES"
    ? "permission denied"
    : undefined;
  return text === undefined ? message : `${action} ${path}: ${text}`;
}

class Reader {
  constructor(readonly fs: FileSystem, readonly options: ReadFilesOptions) {}

  group(path: string, name: string | undefined): InputFile[] {
    if (path === "-") {
      const { stdin } = this.options;
      if (stdin === undefined) {
        throw new YttError("Reading file '-': standard input is not available");
      }
      return [{ path: name ?? "stdin.yml", data: stdin }];
    }
    if (/^https?:\/\//.test(path)) {
      throw new YttError(
        `Reading file '${path}': URLs are not supported (hint: download it first)`,
      );
    }
    const info = this.fs.lstatSync(path);
    if (info.isDirectory() || (info.isSymbolicLink() && this.fs.statSync(path).isDirectory())) {
      const found: InputFile[] = [];
      const prefix = name === undefined || name === "" ? "" : `${name.replace(/\/+$/, "")}/`;
      this.#directory(path.replace(/\/+$/, "") || "/", prefix, found);
      return found;
    }
    const base = path.slice(path.lastIndexOf("/") + 1);
    return [
      this.#file(path, name === undefined || name === "" ? base : name, info.isSymbolicLink()),
    ];
  }

  #directory(path: string, prefix: string, out: InputFile[]): void {
    for (const name of this.fs.readdirSync(path)) {
      const inner = `${path}/${name}`;
      const info = this.fs.lstatSync(inner);
      if (info.isDirectory()) this.#directory(inner, `${prefix}${name}/`, out);
      else if (info.isSymbolicLink()) {
        // A link to a directory could lead around in a circle; ytt does not follow it either.
        if (!this.#isDirectory(inner)) out.push(this.#file(inner, prefix + name, true));
      } else if (info.isFile()) out.push(this.#file(inner, prefix + name, false));
    }
  }

  #isDirectory(path: string): boolean {
    try {
      return this.fs.statSync(path).isDirectory();
    } catch {
      // A dangling link is a file that cannot be read; that is said when it is.
      return false;
    }
  }

  #file(path: string, name: string, isLink: boolean): InputFile {
    if (isLink) this.#checkLink(path);
    return {
      path: name,
      data: () => {
        try {
          return this.fs.readFileSync(path);
        } catch (error) {
          throw new YttError(`Reading file '${path}': ${reason(error, "open", path)}`, {
            cause: error,
          });
        }
      },
    };
  }

  #checkLink(path: string): void {
    if (this.options.allowSymlinks) return;
    const target = this.fs.realpathSync(path);
    const allowed = this.options.allowedSymlinks ?? [];
    if (
      allowed.some((root) => target === root || target.startsWith(`${root.replace(/\/+$/, "")}/`))
    ) {
      return;
    }
    throw new YttError(
      `Checking file '${path}': Expected symlink file '${path}' -> '${target}' to be allowed, ` +
        "but was not (hint: use --allow-symlink-destination or " +
        "--dangerous-allow-all-symlink-destinations)",
    );
  }
}
