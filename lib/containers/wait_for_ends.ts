import type { GraphNode } from "./node.ts";
import { hasFailed } from "./report.ts";

/**
 * Waits until all of some nodes have ended, or one of some has failed.
 *
 * @param wanted Those that are to end.
 * @param watched Those that must not fail.
 * @param outer Ends the wait.
 * @throws {unknown} the reason of the signal.
 */
export async function waitForEnds(
  wanted: readonly GraphNode[],
  watched: readonly GraphNode[],
  outer: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const ends = wanted.map(({ status }) => status.until(() => status.isOver || undefined, signal));
  const failures = watched.map((node) =>
    node.status.until(() => hasFailed(node) || undefined, signal)
  );
  try {
    await Promise.race([Promise.all(ends), ...failures]);
  } finally {
    stop.abort();
    await Promise.allSettled([...ends, ...failures]);
  }
}
