/** A create takes 10–50 ms on an idle engine; past this the engine does not answer. */
const PATIENCE_MS = 3_000;

/**
 * Makes a short call that an abort does not cut off in the middle: the engine would carry it out
 * all the same, and nobody would know what it made. Only an engine that does not answer is given up
 * a few seconds after the abort.
 *
 * @param signal The caller's; when it is aborted already, nothing is called.
 * @param call Makes the call with another signal.
 * @returns What the call gives.
 * @throws {unknown} what the call fails with, or the reason of the signal.
 */
export async function patiently<T>(
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const later = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    timer = setTimeout(() => later.abort(signal.reason), PATIENCE_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await call(later.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}

/** Removing takes 0.1–0.5 s; past this the engine does not answer. */
const CLEANUP_MS = 15_000;

/**
 * Bounds a call that cleans up: nobody's signal ends it, and an engine that does not answer must
 * not hold up the end of a program.
 *
 * @returns A signal for one call.
 */
export function cleanupSignal(): AbortSignal {
  return AbortSignal.timeout(CLEANUP_MS);
}
