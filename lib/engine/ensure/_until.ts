import { delay } from "../../retry/mod.ts";

/**
 * Asks again and again until there is an answer.
 *
 * @param check Gives `undefined` while there is none.
 * @param options `intervalMs` lies between two questions.
 * @returns The answer, `undefined` when the time is over.
 */
export async function until<T>(
  check: () => Promise<T | undefined>,
  options: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<T | undefined> {
  const deadline = performance.now() + options.timeoutMs;
  while (true) {
    options.signal?.throwIfAborted();
    const answer = await check();
    if (answer !== undefined) return answer;
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) return undefined;
    await delay(Math.min(options.intervalMs, remainingMs), { signal: options.signal });
  }
}
