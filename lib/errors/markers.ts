import { readMember } from "./_read.ts";
import { everyErrorIn } from "./chain.ts";

/**
 * Something took longer than it was given.
 *
 * Found by name anywhere in a chain, so the time-outs of `AbortSignal.timeout()` and of other
 * copies of this module count too.
 */
export class TimeoutError extends Error {
  /** The name of the class. */
  override readonly name: string = "TimeoutError";
}

/**
 * "I only failed because somebody else did": lets a program tell whoever reads its output to look
 * for the guilty one elsewhere. Its printed form is exactly its name, so that it survives being
 * written to a stream and read back.
 */
export class ProbablyNotRootCauseError extends Error {
  /** The name of the class. */
  override readonly name: string = "ProbablyNotRootCauseError";
}

/**
 * Tells whether a time-out is anywhere in a chain of errors.
 *
 * @param thrown Any thrown value.
 * @returns `true` for a {@linkcode TimeoutError}, a `DOMException` named `TimeoutError`, or a
 * `Deno.errors.TimedOut` at any depth.
 */
export function isTimeout(thrown: unknown): boolean {
  return hasName(thrown, ["TimeoutError", "TimedOut"]);
}

/**
 * Tells whether a chain is marked as a consequence of a failure elsewhere.
 *
 * @param thrown Any thrown value.
 * @returns `true` for a {@linkcode ProbablyNotRootCauseError} at any depth.
 */
export function isProbablyNotRootCause(thrown: unknown): boolean {
  return hasName(thrown, ["ProbablyNotRootCauseError"]);
}

function hasName(thrown: unknown, names: readonly string[]): boolean {
  return everyErrorIn(thrown).some((value) => {
    const name = readMember(value, "name");
    return typeof name === "string" && names.includes(name);
  });
}
