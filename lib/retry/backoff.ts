import { requireDuration } from "./_timer.ts";

/** Gives the pause in milliseconds before a retry; the first one is number 1. */
export type Backoff = (retry: number) => number;

/** The shape of {@linkcode exponentialBackoff}. */
export interface ExponentialBackoffOptions {
  /** The first pause. */
  readonly firstMs: number;
  /** How much longer each pause is than the one before, at least 1. Default 2. */
  readonly factor?: number;
  /** The longest pause. Default: 30 times the first. */
  readonly maxMs?: number;
  /**
   * The part of each pause that is drawn by lot, from 0 to 1. Default 0. With 1, many clients that
   * failed together come back spread over the whole pause.
   */
  readonly jitter?: number;
  /** Draws the lot, from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Makes pauses that grow by a factor up to a limit.
 *
 * @param options First pause, growth, limit and jitter.
 * @returns The pauses, for `delayMs` of `waitForOk()`.
 * @throws {RangeError} when a number is out of its range.
 * @example
 * ```ts
 * import { exponentialBackoff } from "@superorch/superorch/retry";
 *
 * const pause = exponentialBackoff({ firstMs: 100, maxMs: 500 });
 * console.log([1, 2, 3, 4].map(pause)); // [100, 200, 400, 500]
 * ```
 */
export function exponentialBackoff(options: ExponentialBackoffOptions): Backoff {
  const { firstMs, factor = 2, maxMs = firstMs * 30, jitter = 0, random = Math.random } = options;
  requireDuration("firstMs", firstMs);
  requireDuration("maxMs", maxMs);
  if (!(factor >= 1)) throw new RangeError(`Cannot use ${factor} as factor: it must be 1 or more`);
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot use ${jitter} as jitter: it must be from 0 to 1`);
  }
  return (retry) => {
    const wholeMs = Math.min(maxMs, firstMs * factor ** (retry - 1));
    return wholeMs - wholeMs * jitter * random();
  };
}
