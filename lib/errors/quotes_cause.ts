import { readMember } from "./_read.ts";

const QUOTES_CAUSE: unique symbol = Symbol.for("org.superorch.errors.quotesCause");

/**
 * Notes that the message of an error has everything that its causes say, so that a rendering does
 * not say it once more. The causes stay in the chain, for `findCause` and for JSON.
 *
 * @param error The error.
 */
export function noteQuotesCause(error: Error): void {
  Object.defineProperty(error, QUOTES_CAUSE, { value: true });
}

/**
 * Tells whether the message of a thrown value has everything that its causes say.
 *
 * @param thrown Any thrown value.
 */
export function quotesCause(thrown: unknown): boolean {
  return readMember(thrown, QUOTES_CAUSE) === true;
}
