/**
 * A mistake of the person at the keyboard: printed without any trace, and the exit code is 2.
 */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name: string = "UsageError";
}
