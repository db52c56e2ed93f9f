import { StackedError, TimeoutError } from "../errors/mod.ts";
import type { Backoff } from "./backoff.ts";
import { Deadline } from "./deadline.ts";
import { delay } from "./delay.ts";
import { requireDuration } from "./_timer.ts";

/** How often and how long {@linkcode waitForOk} tries. */
export interface WaitForOkOptions {
  /** How many more calls after the first: a whole number, or `Infinity`. */
  readonly retries: number;
  /** The pause between two calls, or a function such as `exponentialBackoff()` gives. */
  readonly delayMs: number | Backoff;
  /** The limit for everything together, pauses and a hanging call included. Default: none. */
  readonly timeoutMs?: number;
  /** Ends it, also in the middle of a call. */
  readonly signal?: AbortSignal;
  /** Tells whether another try may help. Default: always. */
  readonly isRetryable?: (error: unknown) => boolean;
  /** Is told of each failure that will be followed by another call. */
  readonly onRetry?: (error: unknown, retry: number, delayMs: number) => void;
}

/**
 * Calls a function until it does not fail, at most `retries + 1` times.
 *
 * @param options How often and how long.
 * @param call The function. It gets a signal that is aborted when nobody waits for it any more,
 * and its own number, from 0.
 * @returns What the first call that does not fail gives.
 * @throws {StackedError} when the last call failed or the time is over: a time-out as
 * `isTimeout()` sees it, with the last failure below it.
 * @throws {StackedError} when a failure is not retryable: that failure is the `cause`.
 * @throws {unknown} the signal's reason when it is aborted.
 * @throws {RangeError} when a number is out of its range.
 * @example
 * ```ts
 * import { waitForOk } from "@superorch/superorch/retry";
 *
 * const text = await waitForOk(
 *   { retries: 10, delayMs: 300, timeoutMs: 5_000 },
 *   (signal) => Deno.readTextFile("deno.json", { signal }),
 * );
 * ```
 */
export async function waitForOk<T>(
  options: WaitForOkOptions,
  call: (signal: AbortSignal, number: number) => PromiseLike<T> | T,
): Promise<T> {
  const { retries, delayMs, timeoutMs, isRetryable = () => true, onRetry } = options;
  requireNumbers(options);
  using deadline = Deadline.after(timeoutMs, { signal: options.signal });
  const { signal } = deadline;
  let lastError: { readonly value: unknown } | undefined;
  for (let number = 0;; number++) {
    try {
      signal.throwIfAborted();
      return await deadline.race((async () => await call(signal, number))());
    } catch (error) {
      if (signal.aborted) throw ended(options, signal, lastError ?? { value: error });
      if (!isRetryable(error)) {
        throw new StackedError(`${describe(options)} met an error that no retry can help`, {
          cause: error,
          location: false,
        });
      }
      lastError = { value: error };
    }
    if (number >= retries) throw timedOut(options, "", lastError.value);
    const pauseMs = typeof delayMs === "function" ? delayMs(number + 1) : delayMs;
    onRetry?.(lastError.value, number + 1, pauseMs);
    try {
      await delay(pauseMs, { signal });
    } catch (error) {
      throw signal.aborted ? ended(options, signal, lastError) : error;
    }
  }
}

// The caller's own abort is passed on as it is; only our own time-out tells of the last failure.
function ended(
  options: WaitForOkOptions,
  signal: AbortSignal,
  last: { readonly value: unknown },
): unknown {
  const { reason } = signal;
  if (options.signal?.aborted && reason === options.signal.reason) return reason;
  return timedOut(options, reason.message, last.value === reason ? undefined : last.value);
}

function timedOut(options: WaitForOkOptions, text: string, lastError: unknown): StackedError {
  const marker = lastError === undefined
    ? new TimeoutError(text)
    : new TimeoutError(text, { cause: lastError });
  const after = lastError === undefined ? "" : ", last error stack was:";
  return new StackedError(`${describe(options)} timed out${after}`, {
    cause: marker,
    location: false,
  });
}

function describe({ retries, delayMs }: WaitForOkOptions): string {
  const pause = typeof delayMs === "function" ? "back-off" : delayMs;
  return `waitForOk(retries: ${retries}, delayMs: ${pause})`;
}

function requireNumbers({ retries, delayMs }: WaitForOkOptions): void {
  if (!(retries >= 0) || (!Number.isInteger(retries) && retries !== Infinity)) {
    throw new RangeError(`Cannot retry ${retries} times: it must be a whole number, 0 or more`);
  }
  if (typeof delayMs === "number") requireDuration("delayMs", delayMs);
}
