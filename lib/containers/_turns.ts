import { abortable } from "../retry/mod.ts";

/** Lets one piece of work after the other have its turn. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * Waits for a turn.
   *
   * @param signal Gives the place up.
   * @returns Dispose of it at the end of the turn.
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      await abortable(before, signal);
    } catch (error) {
      before.then(resolve); // whoever comes next still waits for those before
      throw error;
    }
    return { [Symbol.dispose]: resolve };
  }
}
