import { LimitError, StarlarkError } from "./errors.ts";

/**
 * An error with a function's name before its message. The engine's and our own limits, and errors
 * that have a call stack already, stay as they are.
 */
export function namedError(name: string, error: unknown): unknown {
  if (
    !(error instanceof Error) || error instanceof RangeError || error instanceof LimitError ||
    error instanceof StarlarkError
  ) return error;
  return new Error(`${name}: ${error.message}`);
}
