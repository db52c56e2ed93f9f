/** The longest time that a timer takes: a longer one would fire after 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Starts a timer of any length; one of `Infinity` never fires and keeps nothing alive.
 *
 * @returns A function that stops it; a second call does nothing.
 */
export function startTimer(durationMs: number, onFire: () => void): () => void {
  if (durationMs === Infinity) return () => {};
  let timer: ReturnType<typeof setTimeout>;
  const arm = (remainingMs: number) => {
    const stepMs = Math.min(remainingMs, LONGEST_MS);
    timer = setTimeout(() => {
      if (remainingMs > stepMs) arm(remainingMs - stepMs);
      else onFire();
    }, stepMs);
  };
  arm(durationMs);
  return () => clearTimeout(timer);
}

/** Refuses what no clock can count: negative numbers and `NaN`. */
export function requireDuration(name: string, durationMs: number): void {
  if (!(durationMs >= 0)) {
    throw new RangeError(`Cannot use ${durationMs} as ${name}: it must be 0 or more`);
  }
}
