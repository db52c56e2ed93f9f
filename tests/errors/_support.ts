/**
 * Gets what a function throws.
 *
 * @param work Must throw.
 * @returns The thrown value.
 */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("Nothing was thrown");
}

/** The line of this file's caller, for comparing with a location. */
export function lineHere(): number {
  const frames = (new Error().stack ?? "").split("\n");
  return Number(/:(\d+):\d+\)?$/.exec(frames[2] ?? "")?.[1]);
}
