import { StackedError } from "../../errors/mod.ts";
import { BatchWriter, writeAll } from "./_batch_writer.ts";
import { keepNewest, shiftGenerations } from "./_rotate.ts";
import type { OutputSink } from "./sink.ts";

/** How a {@linkcode RotatingLog} is opened. */
export interface RotatingLogOptions {
  /** Continue an existing file instead of emptying it. Default `false`. */
  readonly append?: boolean;
  /** The file is never larger than this. Default: no limit. */
  readonly limitBytes?: number;
  /**
   * How many older files to keep, as `name.1` (the newest) to `name.N`. Default `0`: the file
   * itself is cut down to its newer half whenever it is full.
   */
  readonly generations?: number;
}

/**
 * A log file that keeps the newest bytes.
 *
 * With a limit and without generations the file never exceeds the limit, always ends with the
 * newest bytes, and holds at least half of the limit once that much was written. With generations
 * a full file is renamed and a new one begun.
 *
 * Writes are collected while one is under way; `end` (or disposal) waits for the last one. The
 * file belongs to one log at a time: two that share a name and a limit cut each other's bytes.
 *
 * Permissions: `--allow-write` for the file, `--allow-read` too when it has a limit.
 *
 * @example
 * ```ts
 * import { RotatingLog } from "@superorch/superorch/commands/output";
 *
 * const path = await Deno.makeTempFile();
 * {
 *   await using log = await RotatingLog.open(path, { limitBytes: 1024 });
 *   for (let i = 0; i < 1000; i++) await log.write(new TextEncoder().encode(`line ${i}\n`));
 * }
 * console.log((await Deno.stat(path)).size <= 1024); // true
 * await Deno.remove(path);
 * ```
 */
export class RotatingLog implements OutputSink, AsyncDisposable {
  /** The file, as it was named to {@linkcode RotatingLog.open}. */
  readonly path: string;
  readonly #limitBytes: number;
  readonly #generations: number;
  readonly #batches: BatchWriter = new BatchWriter((bytes) => this.#store(bytes));
  #file: Deno.FsFile;
  #size: number;
  #closed: Promise<void> | undefined;

  private constructor(path: string, file: Deno.FsFile, size: number, options: RotatingLogOptions) {
    this.path = path;
    this.#file = file;
    this.#size = size;
    this.#limitBytes = options.limitBytes ?? Infinity;
    this.#generations = options.generations ?? 0;
  }

  /**
   * Opens or creates a log file.
   *
   * @param path The file; its directory must exist.
   * @param options Limit, generations, append.
   * @returns The log, empty or continued.
   * @throws {StackedError} when the file cannot be opened; the system's error is its `cause`.
   * @throws {RangeError} when the limit or the generations are no sensible number.
   */
  static async open(path: string, options: RotatingLogOptions = {}): Promise<RotatingLog> {
    const { append = false, limitBytes = Infinity, generations = 0 } = options;
    if (!(limitBytes >= 1)) {
      throw new RangeError(
        `Cannot limit log "${path}" to ${limitBytes} bytes: at least 1 is needed`,
      );
    }
    if (!Number.isInteger(generations) || generations < 0) {
      throw new RangeError(`Cannot keep ${generations} generations of log "${path}"`);
    }
    let file: Deno.FsFile | undefined;
    try {
      file = await openLog(path, append, limitBytes);
      const size = append ? await file.seek(0, Deno.SeekMode.End) : 0;
      const log = new RotatingLog(path, file, size, options);
      if (size > limitBytes) await log.#makeRoom(0);
      return log;
    } catch (cause) {
      file?.close();
      throw new StackedError(`Cannot open log file "${path}"`, { cause, location: false });
    }
  }

  /** Takes a chunk; a promise asks to wait. Throws what an earlier write failed with. */
  write(chunk: Uint8Array): void | Promise<void> {
    return this.#batches.push(chunk);
  }

  /** Writes what is left and closes the file; safe to call twice. */
  end(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Same as {@linkcode RotatingLog.end}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #close(): Promise<void> {
    try {
      await this.#batches.flush();
    } finally {
      this.#file.close();
    }
  }

  async #store(bytes: Uint8Array): Promise<void> {
    try {
      // With generations nothing is skipped: a batch over the limit fills several files.
      const piece = this.#generations > 0 ? this.#limitBytes : Infinity;
      for (let from = 0; from < bytes.length;) {
        const room = this.#size < piece ? piece - this.#size : piece;
        const part = bytes.subarray(from, from + room);
        if (this.#size + part.length > this.#limitBytes) await this.#makeRoom(part.length);
        const kept = part.length > this.#limitBytes ? part.subarray(-this.#limitBytes) : part;
        await writeAll(this.#file, kept);
        this.#size += kept.length;
        from += part.length;
      }
    } catch (cause) {
      throw new StackedError(`Cannot write log file "${this.path}"`, { cause, location: false });
    }
  }

  async #makeRoom(incomingBytes: number): Promise<void> {
    if (this.#generations > 0) {
      // Opened before the old one is closed: whatever fails, there is a file to close later.
      await shiftGenerations(this.path, this.#generations);
      const fresh = await openLog(this.path, false, this.#limitBytes);
      this.#file.close();
      this.#file = fresh;
      this.#size = 0;
      return;
    }
    const room = Math.max(0, this.#limitBytes - incomingBytes);
    const keep = Math.min(room, Math.ceil(this.#limitBytes / 2));
    this.#size = await keepNewest(this.#file, this.#size, keep);
  }
}

// Without a limit the system appends each write, so that several programs can share one log. With
// one the file is rewritten in place, which appending would turn into growing.
function openLog(path: string, append: boolean, limitBytes: number): Promise<Deno.FsFile> {
  if (limitBytes !== Infinity) {
    return Deno.open(path, { read: true, write: true, create: true, truncate: !append });
  }
  return Deno.open(
    path,
    append ? { append, create: true } : {
      write: true,
      create: true,
      truncate: true,
    },
  );
}
