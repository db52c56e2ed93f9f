import type { BlobKind, BlobStore } from "../model.ts";
import { parentOf } from "../_paths.ts";

/** Where and how much a {@linkcode DiskStore} keeps. */
export interface DiskStoreOptions {
  /** Made when something is kept. */
  readonly directory: string;
  /** What was not used for longest goes first when there is more than this. */
  readonly limitBytes: number;
}

/** One thing that is kept. */
export interface StoredBlob {
  /** Result, or list of inputs. */
  readonly kind: BlobKind;
  /** Its key. */
  readonly key: string;
  /** Size. */
  readonly sizeBytes: number;
  /** When it was last kept or used, in milliseconds since 1970. */
  readonly usedMs: number;
}

/** After it has become too large, this much of the limit stays, so that it does not happen soon. */
const SWEPT_TO = 0.8;
/** Times of use are written only when they change by this much: each costs a write. */
const USE_GRAIN_MS = 60_000;
/** A file that somebody writes is renamed within seconds; an older one has lost its writer. */
const ABANDONED_MS = 3600_000;

/** The sizes are added up to one line again when there are some thousand of them. */
const MAX_COUNT_BYTES = 32 * 1024;

/**
 * Keeps blobs in a directory, one file each. Several programs may use one at the same time: files
 * appear as a whole, and whoever finds too many removes the oldest.
 */
export class DiskStore implements BlobStore {
  /** For messages. */
  readonly name = "disk";
  /** It is this user's own. */
  readonly keepsPrivate = true;
  /** Where it keeps. */
  readonly directory: string;
  readonly #limitBytes: number;

  /** Opens nothing yet. */
  constructor(options: DiskStoreOptions) {
    this.directory = options.directory;
    this.#limitBytes = options.limitBytes;
  }

  /** The bytes of a key. */
  get(kind: BlobKind, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(kind, key);
    try {
      // Of one go: everything else of this process waits for it anyway.
      const bytes = Deno.readFileSync(path);
      this.#used(path);
      return Promise.resolve(bytes);
    } catch {
      return Promise.resolve(undefined); // what cannot be read counts as not there
    }
  }

  /** The bytes of a key, without counting as a use of them. */
  async peek(kind: BlobKind, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await Deno.readFile(this.#path(kind, key));
    } catch {
      return undefined; // as above
    }
  }

  /** Keeps bytes, all or nothing. */
  put(kind: BlobKind, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = this.#path(kind, key);
    const temporary = `${this.directory}/tmp/${crypto.randomUUID()}`;
    try {
      Deno.mkdirSync(parentOf(path), { recursive: true });
      Deno.mkdirSync(parentOf(temporary), { recursive: true });
      Deno.writeFileSync(temporary, bytes, { mode: 0o600 });
      Deno.renameSync(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      return Promise.reject(error);
    }
    if (this.#count(bytes.length) > this.#limitBytes) this.sweep();
    return Promise.resolve();
  }

  /** Removes one blob, if it is there. */
  remove(kind: BlobKind, key: string): void {
    removeQuietly(this.#path(kind, key));
  }

  /** Everything that is kept. */
  *list(): Generator<StoredBlob> {
    for (const kind of ["result", "inputs"] as const) {
      for (const shard of namesIn(`${this.directory}/${kind}`)) {
        for (const key of namesIn(`${this.directory}/${kind}/${shard}`)) {
          try {
            const { size, mtime } = Deno.statSync(`${this.directory}/${kind}/${shard}/${key}`);
            yield { kind, key, sizeBytes: size, usedMs: mtime?.getTime() ?? 0 };
          } catch {
            // somebody else was faster to remove it
          }
        }
      }
    }
  }

  /**
   * Removes what was not used for longest until there is room again, and what dead writers left.
   *
   * @param limitBytes How much may stay. Default: 80 % of the limit when there is more than that.
   * @returns How many bytes were removed.
   */
  sweep(limitBytes?: number): number {
    const blobs = [...this.list()].sort((a, b) => a.usedMs - b.usedMs);
    let total = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const before = total;
    const wanted = limitBytes ??
      (total > this.#limitBytes ? this.#limitBytes * SWEPT_TO : Infinity);
    for (const { kind, key, sizeBytes } of blobs) {
      if (total <= wanted) break;
      this.remove(kind, key);
      total -= sizeBytes;
    }
    const now = Date.now();
    for (const name of namesIn(`${this.directory}/tmp`)) {
      const path = `${this.directory}/tmp/${name}`;
      try {
        if (now - (Deno.statSync(path).mtime?.getTime() ?? 0) > ABANDONED_MS) removeQuietly(path);
      } catch {
        // gone already
      }
    }
    this.#writeCount(total);
    return before - total;
  }

  /** Nothing stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #path(kind: BlobKind, key: string): string {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError(`Not a key: ${JSON.stringify(key)}`);
    return `${this.directory}/${kind}/${key.slice(0, 2)}/${key}`;
  }

  #used(path: string): void {
    try {
      const now = new Date();
      const before = Deno.statSync(path).mtime?.getTime() ?? 0;
      if (now.getTime() - before > USE_GRAIN_MS) Deno.utimeSync(path, now, now);
    } catch {
      // removed meanwhile, or on a disk that is read-only: it is only the order of removal
    }
  }

  /** The sum of all sizes is in a file that everybody appends to: listing all takes too long. */
  #count(added: number): number {
    const path = `${this.directory}/size`;
    try {
      Deno.writeTextFileSync(path, `${added}\n`, { append: true });
      let sum = 0;
      const text = Deno.readTextFileSync(path);
      for (const line of text.split("\n")) sum += Number(line) || 0;
      if (text.length > MAX_COUNT_BYTES) this.#writeCount(sum);
      return sum;
    } catch {
      return 0; // no space for a line: there was none for the blob either
    }
  }

  #writeCount(total: number): void {
    const path = `${this.directory}/size`;
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    try {
      Deno.writeTextFileSync(temporary, `${total}\n`);
      Deno.renameSync(temporary, path);
    } catch {
      removeQuietly(temporary); // the next sweep counts anew
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // it is gone, which is what was wanted
  }
}
