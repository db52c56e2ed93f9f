import { abortable } from "../retry/mod.ts";

/** Lets callers in one after the other, in the order in which they came. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Runs work when it is its turn; an abort before that leaves the queue in order. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => done);
    try {
      await abortable(before, signal);
      return await work();
    } finally {
      resolve();
    }
  }

  /** Settles when everybody who is in the queue now is through. */
  idle(): Promise<void> {
    return this.#last;
  }
}
