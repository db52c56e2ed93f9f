import { StackedError, TimeoutError } from "../errors/mod.ts";
import { Deadline } from "./deadline.ts";
import { delay } from "./delay.ts";

/** How {@linkcode eventually} waits. */
export interface EventuallyOptions {
  /** What is waited for, for the error. */
  readonly what?: string;
  /** The longest pause between two looks. Default 50. */
  readonly pollMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** The first pause: most things that are waited for in a test are there at the second look. */
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 50;

/**
 * Looks again and again until something is so; for state that tells nobody when it changes.
 *
 * @param check Looks once. "Not yet" is to throw or to return `false`; anything else, `undefined`
 * included, is "yes", so that a group of assertions will do.
 * @param within The time, in milliseconds or as a deadline that is shared with other steps.
 * @param options Text, pause and signal.
 * @returns What the check gave.
 * @throws {StackedError} when the time is over: a time-out as `isTimeout()` sees it, with what the
 * last look failed with below it.
 * @throws {unknown} the signal's reason when it is aborted.
 * @example
 * ```ts
 * import { eventually } from "@superorch/superorch/retry";
 *
 * const info = await eventually(() => Deno.stat("deno.json"), 5_000);
 * ```
 */
export async function eventually<T>(
  check: (signal: AbortSignal) => PromiseLike<T> | T,
  within: number | Deadline,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const { what, pollMs = LAST_POLL_MS } = options;
  using deadline = typeof within === "number"
    ? Deadline.after(within, { signal: options.signal })
    : within.child(undefined, { signal: options.signal });
  const { signal } = deadline;
  let last: { readonly value: unknown } | undefined;
  let pauseMs = Math.min(FIRST_POLL_MS, pollMs);
  try {
    while (true) {
      signal.throwIfAborted();
      try {
        const result = await deadline.race((async () => await check(signal))());
        if (result !== false) return result as Exclude<T, false>;
        last = undefined;
      } catch (error) {
        if (signal.aborted) throw error;
        last = { value: error };
      }
      await delay(pauseMs, { signal });
      pauseMs = Math.min(pauseMs * 2, pollMs);
    }
  } catch (error) {
    if (!signal.aborted) throw error; // a pause that is not a number
    if (!(signal.reason instanceof TimeoutError) || signal.reason === options.signal?.reason) {
      throw signal.reason;
    }
    const text = `eventually(${what ?? ""}) -> not so within ${Math.round(deadline.timeoutMs)} ms`;
    throw new StackedError(last === undefined ? text : `${text}, last error stack was:`, {
      cause: last === undefined ? signal.reason : new TimeoutError("", { cause: last.value }),
      location: false,
    });
  }
}
