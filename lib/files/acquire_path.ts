import { StackedError, stackUnlessAborted } from "../errors/mod.ts";

/**
 * Resolves a path that exists: absolute, without `..`, without symbolic links.
 *
 * Something else may take its place between this call and the next; open the file and handle the
 * failure where that matters.
 *
 * Permissions: `--allow-read` for the path and, if it is relative, for the current directory.
 *
 * @param path The path.
 * @returns The real, absolute path.
 * @throws {StackedError} when nothing is there.
 */
export function acquirePath(path: string): Promise<string> {
  return stackUnlessAborted(`acquirePath(path: ${JSON.stringify(path)})`, () => realPath(path));
}

/**
 * Resolves the path of a file, as {@linkcode acquirePath} does.
 *
 * @param path The path; symbolic links are followed.
 * @returns The real, absolute path.
 * @throws {StackedError} when nothing is there, or something other than a regular file.
 */
export async function acquireFilePath(path: string): Promise<string> {
  const call = `acquireFilePath(path: ${JSON.stringify(path)})`;
  const [real, info] = await stackUnlessAborted(call, () => resolve(path));
  if (!info.isFile) throw new StackedError(`${call} -> is not a file`, { location: false });
  return real;
}

/**
 * Resolves the path of a directory, as {@linkcode acquirePath} does.
 *
 * @param path The path; symbolic links are followed.
 * @returns The real, absolute path.
 * @throws {StackedError} when nothing is there, or something other than a directory.
 */
export async function acquireDirPath(path: string): Promise<string> {
  const call = `acquireDirPath(path: ${JSON.stringify(path)})`;
  const [real, info] = await stackUnlessAborted(call, () => resolve(path));
  if (!info.isDirectory) {
    throw new StackedError(`${call} -> is not a directory`, { location: false });
  }
  return real;
}

/**
 * Requires a path to lead to a file and gives it back as it is, relative if it was; for places
 * that want a path inside a directory, such as `COPY` in a Dockerfile.
 *
 * @param path The path; symbolic links are followed.
 * @returns The same path.
 * @throws {StackedError} when nothing is there, or something other than a regular file.
 */
export async function acquireFilePathWithoutCanonicalization(path: string): Promise<string> {
  const call = `acquireFilePathWithoutCanonicalization(path: ${JSON.stringify(path)})`;
  const info = await stackUnlessAborted(call, () => Deno.stat(path));
  if (!info.isFile) throw new StackedError(`${call} -> is not a file`, { location: false });
  return path;
}

async function resolve(path: string): Promise<[real: string, info: Deno.FileInfo]> {
  const real = await realPath(path);
  return [real, await Deno.stat(real)];
}

async function realPath(path: string): Promise<string> {
  const real = await Deno.realPath(path);
  // The form of Windows that many programs do not take: \\?\C:\x, \\?\UNC\server\share.
  if (!real.startsWith("\\\\?\\")) return real;
  return real.startsWith("\\\\?\\UNC\\") ? `\\\\${real.slice(8)}` : real.slice(4);
}
