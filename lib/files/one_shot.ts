import { StackedError, stackUnlessAborted } from "../errors/mod.ts";
import { acquireFile, preacquire } from "./acquire_file.ts";
import { closeFile } from "./close_file.ts";
import type { FilePath, WriteOptions } from "./file_options.ts";
import { writeFully } from "./_write_fully.ts";

/** What ends a read early. */
export interface ReadFileOptions {
  /** Rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** How a whole file is written, and what ends it early. */
export interface WriteFileOptions extends WriteOptions {
  /** Rejects with its reason; what is written until then stays. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a file as text.
 *
 * Permissions: `--allow-read`.
 *
 * @param path The file.
 * @param options What ends it early.
 * @returns The text; a byte order mark is part of it.
 * @throws {StackedError} when it cannot be read, or is not UTF-8.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export function readText(path: FilePath, options: ReadFileOptions = {}): Promise<string> {
  const call = `readText(path: ${JSON.stringify(path)})`;
  return stackUnlessAborted(call, async () => {
    const bytes = await readAll(path, options.signal);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new StackedError("The content is not UTF-8", { location: false });
    }
  }, options.signal);
}

/**
 * Reads a file.
 *
 * Permissions: `--allow-read`.
 *
 * @param path The file.
 * @param options What ends it early.
 * @returns The bytes.
 * @throws {StackedError} when it cannot be read.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export function readBytes(
  path: FilePath,
  options: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const call = `readBytes(path: ${JSON.stringify(path)})`;
  return stackUnlessAborted(call, () => readAll(path, options.signal), options.signal);
}

/**
 * Writes text to a file, in place; it is on the disk when this returns. For a file that others may
 * read meanwhile, see `writeAtomic()`.
 *
 * Permissions: `--allow-read` and `--allow-write`.
 *
 * @param path The file. By default it is created or emptied.
 * @param text The text, stored as UTF-8.
 * @param options Append, create, parents, mode and signal.
 * @throws {StackedError} when it cannot be written.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export function writeText(
  path: FilePath,
  text: string,
  options: WriteFileOptions = {},
): Promise<void> {
  const call = `writeText(path: ${JSON.stringify(path)})`;
  return stackUnlessAborted(
    call,
    () => writeAll(path, new TextEncoder().encode(text), options),
    options.signal,
  );
}

/**
 * Writes bytes to a file, as {@linkcode writeText} does text.
 *
 * @param path The file. By default it is created or emptied.
 * @param bytes The content.
 * @param options Append, create, parents, mode and signal.
 * @throws {StackedError} when it cannot be written.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export function writeBytes(
  path: FilePath,
  bytes: Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const call = `writeBytes(path: ${JSON.stringify(path)})`;
  return stackUnlessAborted(call, () => writeAll(path, bytes, options), options.signal);
}

/**
 * Copies the bytes of a file, and neither its permissions nor its times; the copy is on the disk
 * when this returns.
 *
 * Permissions: `--allow-read` and `--allow-write`.
 *
 * @param source The file to read.
 * @param target The file to write. By default it is created or emptied.
 * @param options Append, create, parents, mode and signal.
 * @throws {StackedError} when either cannot be used, or both are the same file.
 * @throws {unknown} the signal's reason when it is aborted; what is copied until then stays.
 */
export function copyFile(
  source: FilePath,
  target: FilePath,
  options: WriteFileOptions = {},
): Promise<void> {
  const { signal, ...write } = options;
  const call = `copyFile(source: ${JSON.stringify(source)}, target: ${JSON.stringify(target)})`;
  return stackUnlessAborted(call, async () => {
    signal?.throwIfAborted();
    using input = await acquireFile({ path: source });
    const { path } = await preacquire({ path: target, write });
    await requireDifferentFile(input, path);
    const output = await acquireFile({ path: target, write });
    try {
      const buffer = new Uint8Array(COPY_BYTES);
      for (let count; (count = await input.read(buffer)) !== null;) {
        await writeFully(output, buffer.subarray(0, count), signal);
      }
    } catch (error) {
      output.close();
      throw error;
    }
    await closeFile(output);
  }, signal);
}

/** How much is copied between two looks at the signal. */
const COPY_BYTES = 256 * 1024;

// Opening the target empties it: with the source under another name all would be lost.
async function requireDifferentFile(input: Deno.FsFile, target: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.stat(target);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const own = await input.stat();
  if (own.ino !== null && own.ino !== 0 && own.ino === found.ino && own.dev === found.dev) {
    throw new StackedError("Cannot copy a file onto itself", { location: false });
  }
}

async function readAll(
  path: FilePath,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  const file = await preacquire({ path });
  return await Deno.readFile(file.path, { signal });
}

async function writeAll(
  path: FilePath,
  bytes: Uint8Array,
  { signal, ...write }: WriteFileOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const file = await acquireFile({ path, write });
  try {
    await writeFully(file, bytes, signal);
  } catch (error) {
    file.close();
    throw error;
  }
  await closeFile(file);
}
