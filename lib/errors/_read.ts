/** Marks every {@linkcode StackedError}, of this copy of the module and of any other. */
export const STACKED: unique symbol = Symbol.for("org.superorch.errors.stacked");

/**
 * Reads a member of any thrown value. One whose getter throws, or that is a revoked proxy, has
 * none: what reports an error must not fail itself.
 */
export function readMember(value: unknown, key: string | symbol): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return (value as Record<string | symbol, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Whether a value is an error; a revoked proxy is none. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** The errors of an `AggregateError`, none for anything else. */
export function innerErrors(value: unknown): readonly unknown[] {
  if (!isError(value) || !(value instanceof AggregateError)) return [];
  const errors = readMember(value, "errors");
  return Array.isArray(errors) ? errors : [];
}

/** Whether a value can be awaited for another one. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof readMember(value, "then") === "function";
}
