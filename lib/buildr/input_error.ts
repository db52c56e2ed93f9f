/**
 * There is no manifest, or a selection names what is not there: the user's mistake, but at no place
 * of the file. Ends the command line with 2.
 */
export class BuildrInputError extends Error {
  /** The name of the class. */
  override readonly name: string = "BuildrInputError";
}
