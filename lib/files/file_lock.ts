import { StackedError, stackErr, TimeoutError } from "../errors/mod.ts";
import { readRecord, writeRecord } from "./_lock_record.ts";
import { makeParents } from "./_parents.ts";
import { pause } from "./_pause.ts";

/** Who has a lock. */
export interface LockHolder {
  /** The process, as its own PID namespace numbers it. */
  readonly pid: number;
  /** What it is doing, in its own words. */
  readonly purpose?: string;
  /** Since when, as ISO 8601 text. */
  readonly since: string;
}

/** How to take a {@linkcode FileLock}. */
export interface FileLockOptions {
  /** What the lock is for; others read it while they wait. At most 200 characters are kept. */
  readonly purpose?: string;
  /** How long to wait for another holder. Default: for ever; 0 tries once. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Is called once if somebody else has the lock; `undefined` if it is not known who. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
  /** Create missing parent directories. Default `false`. */
  readonly parents?: boolean;
}

/** Somebody else kept a lock for longer than the caller was ready to wait. */
export class LockTimeoutError extends TimeoutError {
  /** The lock file, as the caller gave it. */
  readonly path: string;
  /** How long the wait was. */
  readonly timeoutMs: number;
  /** Who has it, `undefined` if the file does not tell. */
  readonly holder: LockHolder | undefined;

  /**
   * Makes the error from its fields.
   *
   * @param path The lock file.
   * @param timeoutMs How long the wait was.
   * @param holder Who has it.
   */
  constructor(path: string, timeoutMs: number, holder: LockHolder | undefined) {
    super(
      `Cannot lock ${JSON.stringify(path)} within ${timeoutMs} ms: ` +
        `it is held by ${describeHolder(holder)}`,
    );
    this.path = path;
    this.timeoutMs = timeoutMs;
    this.holder = holder;
  }
}

// The descriptor of a waiting flock cannot be taken back: under Deno 2.9.6 the asynchronous
// `FsFile.lock()` ignores `close()` and takes the lock later all the same, with nobody to release
// it. So the wait asks again: soon at first, for short holds, and at most 20 times a second (one
// `tryLock()` takes 33 µs).
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 50;

/**
 * An advisory lock on a file of its own, for one program at a time.
 *
 * The kernel holds it (flock on Unix, LockFileEx on Windows), so it is free as soon as its owner
 * is gone, however that came. It excludes other processes and other callers in the same process
 * alike; child processes do not inherit it. Do not lock the data file itself: that file may be
 * replaced, and this one is removed on release. Locks on network file systems are as good as
 * those file systems make them.
 *
 * Permissions: `--allow-read` and `--allow-write` for the file, and for its directory with
 * `parents`.
 *
 * @example
 * ```ts
 * import { FileLock } from "@superorch/superorch/files";
 *
 * const directory = await Deno.makeTempDir();
 * {
 *   await using _lock = await FileLock.acquire(`${directory}/state.lock`, { timeoutMs: 5_000 });
 *   // read, change and write the state
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class FileLock implements AsyncDisposable {
  /** The lock file, as the caller gave it. */
  readonly path: string;
  // Absolute: the program may go to another directory while it has the lock.
  readonly #realPath: string;
  #file: Deno.FsFile | undefined;

  private constructor(path: string, realPath: string, file: Deno.FsFile) {
    this.path = path;
    this.#realPath = realPath;
    this.#file = file;
  }

  /**
   * Takes the lock, and waits for it while somebody else has it.
   *
   * @param path The lock file; it is created if it is missing.
   * @param options What for, how long, and what to do meanwhile.
   * @returns The lock; dispose of it to release it.
   * @throws {LockTimeoutError} when another holder keeps it for longer than `timeoutMs`.
   * @throws {StackedError} when the file cannot be opened, or holds something that no lock wrote.
   * @throws {RangeError} when `timeoutMs` is negative or not a number.
   */
  static async acquire(path: string, options: FileLockOptions = {}): Promise<FileLock> {
    const { timeoutMs = Infinity, signal, purpose, parents } = options;
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Cannot wait ${timeoutMs} ms for a lock: it must be 0 or more`);
    }
    signal?.throwIfAborted();
    const layer = `FileLock.acquire(path: ${JSON.stringify(path)})`;
    if (parents) await makeParents(path);
    const deadline = performance.now() + timeoutMs;
    let onWait = options.onWait;
    let pollMs = FIRST_POLL_MS;
    while (true) {
      const file = await stackErr(
        Deno.open(path, { read: true, write: true, create: true }),
        `${layer} could not open the lock file`,
        { location: false },
      );
      try {
        // A device or a pipe has no content to tell it by, and must not be removed on release.
        if (!(await file.stat()).isFile) throw notALockFile(layer, "it is not a regular file");
        while (!await stackErr(file.tryLock(true), layer, { location: false })) {
          const content = await readRecord(file).catch(() => undefined); // Windows refuses to read it
          const holder = content?.kind === "record" ? content.holder : undefined;
          const remainingMs = deadline - performance.now();
          if (remainingMs <= 0) throw new LockTimeoutError(path, timeoutMs, holder);
          onWait?.(holder);
          onWait = undefined;
          await pause(Math.min(pollMs, remainingMs), signal);
          pollMs = Math.min(pollMs * 2, LAST_POLL_MS);
          if (!await isStillAt(file, path)) break;
        }
        // Whoever had the lock before may have removed the file meanwhile, and a third caller may
        // hold its successor: only a lock on the file that the path leads to counts.
        if (await isStillAt(file, path)) {
          const content = await stackErr(readRecord(file), layer, { location: false });
          if (content.kind === "foreign") throw notALockFile(layer, "it has other content");
          const since = new Date().toISOString();
          // For others to read only: a full disk must not keep anybody from the lock.
          await writeRecord(file, { pid: Deno.pid, since, purpose }).catch(() => {});
          return new FileLock(path, await Deno.realPath(path), file);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
    }
  }

  /**
   * Removes the file and releases the lock; a second call does nothing.
   *
   * @returns A promise that settles when others can have the lock.
   */
  async release(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      // Before the lock is given up: afterwards the file may be somebody else's.
      if (await isStillAt(file, this.#realPath)) await Deno.remove(this.#realPath);
    } catch {
      // A directory that we may not write to: the file stays, and is free all the same.
    } finally {
      file.close();
    }
  }

  /** Releases the lock at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

async function isStillAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const opened = await file.stat();
  try {
    const current = await Deno.stat(path);
    // Windows has no inode numbers here, but it also refuses to remove a locked, open file.
    return opened.ino === current.ino && opened.dev === current.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function notALockFile(layer: string, reason: string): StackedError {
  return new StackedError(`${layer} -> is not a lock file: ${reason}`, { location: false });
}

function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return "another process that is not known";
  // Read from a file that anybody may have written: one line, no control characters.
  const purpose = holder.purpose?.replace(/\p{Cc}/gu, "?");
  return purpose === undefined ? `process ${holder.pid}` : `process ${holder.pid} (${purpose})`;
}
