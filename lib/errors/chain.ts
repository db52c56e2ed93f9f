import { innerErrors, isError, readMember } from "./_read.ts";

/**
 * Lists a thrown value and its causes, newest first.
 *
 * Follows `cause`, stops at a cycle, and does not look into `AggregateError.errors`.
 *
 * @param thrown Any thrown value.
 * @returns The value itself and each cause below it; the last one is the root.
 */
export function chainOf(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  const seen = new Set<unknown>();
  let current: unknown = thrown;
  while (!seen.has(current)) {
    chain.push(current);
    if (typeof current !== "object" || current === null) break;
    seen.add(current);
    const cause = readMember(current, "cause");
    if (cause === undefined) break;
    current = cause;
  }
  return chain;
}

/**
 * Finds the first value in a chain that is an instance of a class.
 *
 * @param thrown Any thrown value.
 * @param type The class that is looked for.
 * @returns The newest match, `undefined` if there is none.
 * @example
 * ```ts
 * import { findCause, StackedError } from "@superorch/superorch/errors";
 *
 * const error = new StackedError("Cannot start", { cause: new RangeError("port 70000") });
 * console.log(findCause(error, RangeError)?.message); // "port 70000"
 * ```
 */
export function findCause<T>(
  thrown: unknown,
  // deno-lint-ignore no-explicit-any -- any constructor will do, whatever it takes
  type: abstract new (...args: any[]) => T,
): T | undefined {
  return everyErrorIn(thrown).find((value): value is T => isError(value) && value instanceof type);
}

/**
 * Lists all values of a chain and of the aggregates in it, newest first.
 *
 * @param thrown Any thrown value.
 * @returns Each value once, outer before inner.
 */
export function everyErrorIn(thrown: unknown): readonly unknown[] {
  const found = new Set<unknown>();
  const pending: unknown[] = [thrown];
  for (const next of pending) {
    if (found.has(next)) continue;
    for (const value of chainOf(next)) {
      if (found.has(value)) break;
      found.add(value);
      for (const inner of innerErrors(value)) pending.push(inner);
    }
  }
  return [...found];
}
