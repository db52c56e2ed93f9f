import { Deadline, type DeadlineOptions } from "./deadline.ts";

/**
 * Gives a function a limited time.
 *
 * @param work The function; it gets a signal that is aborted when the time is over. One that does
 * not look at it is left behind, and what it gives later is dropped.
 * @param timeoutMs The time; `Infinity` for no limit but the signal.
 * @param options The caller's signal, and what has to be done.
 * @returns What `work` gives.
 * @throws {TimeoutError} when the time is over first.
 * @throws {unknown} the reason of the caller's signal when that is aborted first; what `work`
 * fails with otherwise.
 * @example
 * ```ts
 * import { withTimeout } from "@superorch/superorch/retry";
 *
 * const text = await withTimeout((signal) => Deno.readTextFile("deno.json", { signal }), 5_000);
 * ```
 */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => PromiseLike<T> | T,
  timeoutMs: number,
  options: DeadlineOptions = {},
): Promise<T> {
  using deadline = Deadline.after(timeoutMs, options);
  const { signal } = deadline;
  signal.throwIfAborted();
  try {
    return await deadline.race((async () => await work(signal))());
  } catch (error) {
    // What stopped work rejects with is a consequence: the time-out is what the caller must see.
    throw signal.aborted ? signal.reason : error;
  }
}
