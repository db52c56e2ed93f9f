import { joinPath } from "./_path.ts";

/** A path, or a directory and a name (or relative path) in it. */
export type FilePath = string | readonly [directory: string, fileName: string];

/** How a file is opened for writing. */
export interface WriteOptions {
  /** Create the file if it is missing. Default `true`. */
  readonly create?: boolean;
  /** Write behind what is there; without it the file is emptied. Default `false`. */
  readonly append?: boolean;
  /** Create missing parent directories; needs `create`. Default `false`. */
  readonly parents?: boolean;
  /** Permission bits of a file that is created, less the umask. Default `0o666`. */
  readonly mode?: number;
}

/** Which file, and what for; plain data that can be stored, printed and sent. */
export interface FileOptions {
  /** Where. A bare name means the current directory. */
  readonly path: FilePath;
  /** How to write; without it the file is opened for reading. */
  readonly write?: WriteOptions;
}

/**
 * Turns both forms of a path into one.
 *
 * @param path A path, or a directory and a name.
 * @returns The path as text; nothing is resolved.
 * @throws {TypeError} when there is no file name, or the name of a pair is absolute.
 */
export function filePathText(path: FilePath): string {
  if (typeof path === "string") {
    if (path === "") throw new TypeError("Cannot use an empty path: it must name a file");
    return path;
  }
  const [directory, fileName] = path;
  if (fileName === "" || /^([\\/]|[A-Za-z]:[\\/])/.test(fileName)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(fileName)} in ${JSON.stringify(directory)}: ` +
        "it must be a name or a relative path",
    );
  }
  return joinPath(directory, fileName);
}
