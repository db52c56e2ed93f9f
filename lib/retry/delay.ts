import { requireDuration, startTimer } from "./_timer.ts";

/** What ends a {@linkcode delay} early. */
export interface DelayOptions {
  /** Rejects the delay with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for a time.
 *
 * @param durationMs How long; `Infinity` waits for the signal only.
 * @param options What ends it early.
 * @returns A promise that settles when the time is over; it leaves no timer when aborted.
 * @throws {unknown} the signal's reason when it is aborted.
 * @throws {RangeError} when the time is negative or not a number.
 */
export function delay(durationMs: number, { signal }: DelayOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    requireDuration("a delay in ms", durationMs);
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    const stop = startTimer(durationMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
