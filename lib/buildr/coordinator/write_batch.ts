/** How things are written. */
export interface WriteBatchOptions<T, R> {
  /** Writes all of them, or throws and has written none; what became of each. */
  readonly write: (items: readonly T[]) => readonly R[];
  /** How long one may wait for others: a write costs about as much as the disk needs to sync. */
  readonly waitMs: number;
  /** With so many nobody waits any longer. Default no limit. */
  readonly maxItems?: number;
}

interface Waiting<T, R> {
  readonly items: readonly T[];
  readonly resolve: (results: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes things many at a time, in their order. */
export class WriteBatch<T, R> {
  readonly #options: WriteBatchOptions<T, R>;
  #waiting: Waiting<T, R>[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param options How. */
  constructor(options: WriteBatchOptions<T, R>) {
    this.#options = options;
  }

  /** Adds some. @returns What became of them, when they have been written. */
  add(items: readonly T[]): Promise<readonly R[]> {
    const { waitMs, maxItems = Infinity } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<readonly R[]>();
    this.#waiting.push({ items, resolve, reject });
    this.#count += items.length;
    if (this.#count >= maxItems) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
    return promise;
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#count = 0;
    if (waiting.length === 0) return;
    let results: readonly R[];
    try {
      results = this.#options.write(waiting.flatMap(({ items }) => items));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      return;
    }
    let from = 0;
    for (const { items, resolve } of waiting) {
      resolve(results.slice(from, from += items.length));
    }
  }
}
