/**
 * Waits for a promise, but no longer than until a signal is aborted.
 *
 * For work that cannot be stopped itself: it goes on, and what it gives or fails with later is
 * dropped. Stop the work with the same signal where that is possible.
 *
 * @param work A promise.
 * @param signal The signal; without one this only waits.
 * @returns What `work` gives.
 * @throws {unknown} the signal's reason when it is aborted first; what `work` fails with otherwise.
 */
export async function abortable<T>(work: PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
