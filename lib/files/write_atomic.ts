import { StackedError, stackUnlessAborted } from "../errors/mod.ts";
import { makeParents } from "./_parents.ts";
import { isAbsolutePath, joinPath, splitPath } from "./_path.ts";
import { writeFully, writeStream } from "./_write_fully.ts";

/** How {@linkcode writeAtomic} writes. */
export interface WriteAtomicOptions {
  /** Permission bits of the file. Default: those it has; for a new file, what the umask leaves. */
  readonly mode?: number;
  /** Create missing parent directories. Default `false`. */
  readonly parents?: boolean;
  /** Gives up and leaves the old file as it was. */
  readonly signal?: AbortSignal;
}

/**
 * Replaces a file as a whole: readers see the old content or the new, also after a crash or a
 * power cut, and on failure the old file is untouched and nothing else is left.
 *
 * The content goes to a hidden temporary file in the same directory, is forced to the disk, and is
 * renamed over the old file; then the directory is forced to the disk. Only a SIGKILL in between
 * leaves the temporary file, named `.NAME.<12 hex>.tmp`.
 *
 * A symbolic link stays: what it leads to is replaced, or created if it leads nowhere yet. The
 * owner is kept where that is permitted; hard links and extended attributes are not.
 *
 * Permissions: `--allow-read` and `--allow-write` for the directory.
 *
 * @param path The file.
 * @param data Its new content; a stream is cancelled on failure.
 * @param options Mode, parents and signal.
 * @throws {StackedError} when the path is something other than a regular file, or the system
 * refuses: no space, no directory, no permission.
 * @throws {unknown} the signal's reason when it is aborted.
 * @example
 * ```ts
 * import { writeAtomic } from "@superorch/superorch/files";
 *
 * const directory = await Deno.makeTempDir();
 * await writeAtomic(`${directory}/settings.json`, "{}\n", { mode: 0o600 });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array | ReadableStream<Uint8Array>,
  options: WriteAtomicOptions = {},
): Promise<void> {
  const work = async () => {
    try {
      options.signal?.throwIfAborted();
      if (options.parents) await makeParents(path);
      const target = await followLinks(path);
      const old = await regularFileAt(target);
      await replace(target, old, data, options);
    } catch (error) {
      if (data instanceof ReadableStream && !data.locked) void data.cancel(error).catch(() => {});
      throw error;
    }
  };
  await stackUnlessAborted(`writeAtomic(path: ${JSON.stringify(path)})`, work, options.signal);
}

async function replace(
  target: string,
  old: Deno.FileInfo | undefined,
  data: string | Uint8Array | ReadableStream<Uint8Array>,
  { mode = old?.mode ?? undefined, signal }: WriteAtomicOptions,
): Promise<void> {
  const { directory, name } = splitPath(target);
  const temporary = joinPath(directory, temporaryName(name));
  const file = await Deno.open(temporary, {
    write: true,
    createNew: true,
    // What is meant for few readers must not be open to more while it is being written.
    mode: mode === undefined ? undefined : mode & 0o600,
  });
  let open = true;
  try {
    if (data instanceof ReadableStream) await writeStream(file, data, signal);
    else await writeFully(file, typeof data === "string" ? encode(data) : data, signal);
    if (Deno.build.os !== "windows") {
      await keepOwner(temporary, old);
      if (mode !== undefined) await Deno.chmod(temporary, mode & 0o7777);
    }
    await file.sync();
    file.close();
    open = false;
    signal?.throwIfAborted();
    await Deno.rename(temporary, target);
  } catch (error) {
    if (open) file.close();
    await Deno.remove(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  }
  await syncDirectory(directory);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function temporaryName(name: string): string {
  const random = crypto.getRandomValues(new Uint8Array(6)).toHex();
  // 255 bytes is the longest name that file systems take, and a character is up to 4 of them.
  return `.${name.slice(0, 50)}.${random}.tmp`;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

async function followLinks(path: string): Promise<string> {
  let current = path;
  for (let count = 0; count <= MAX_LINKS; count++) {
    let link: string;
    try {
      if (!(await Deno.lstat(current)).isSymlink) return current;
      link = await Deno.readLink(current);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return current;
      throw error;
    }
    current = isAbsolutePath(link) ? link : joinPath(splitPath(current).directory, link);
  }
  throw new StackedError(`More than ${MAX_LINKS} symbolic links`, { location: false });
}

async function regularFileAt(path: string): Promise<Deno.FileInfo | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (info.isFile) return info;
  const kind = info.isDirectory ? "is a directory" : "is not a regular file";
  throw new StackedError(`${JSON.stringify(path)} ${kind}`, { location: false });
}

async function keepOwner(temporary: string, old: Deno.FileInfo | undefined): Promise<void> {
  if (old === undefined) return;
  const made = await Deno.stat(temporary);
  if (made.uid === old.uid && made.gid === old.gid) return;
  // Only root may give files away; anybody else's copy is their own, as with every editor.
  await Deno.chown(temporary, old.uid, old.gid).catch(() => {});
}

async function syncDirectory(directory: string): Promise<void> {
  if (Deno.build.os === "windows") return; // a directory cannot be opened there
  try {
    using handle = await Deno.open(directory, { read: true });
    await handle.sync();
  } catch (error) {
    // Allowed to write in it but not to list it, or a file system that cannot do it: the rename
    // has happened, and the file system's own journal is all there is.
    const code = (error as { code?: unknown }).code;
    if (code !== "EACCES" && code !== "EINVAL" && code !== "ENOTSUP") throw error;
  }
}
