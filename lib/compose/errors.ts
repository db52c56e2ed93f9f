/**
 * What the user asked for cannot be done, and it is no mistake at a place of a file: there is no
 * compose file, a name cannot be one.
 */
export class ComposeInputError extends Error {
  /** The name of the class. */
  override readonly name: string = "ComposeInputError";
}
