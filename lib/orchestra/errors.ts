/**
 * Something that the user has to put right: a configuration, a plan, a file of the root or of an
 * archive is not as it must be. The message is whole without its class and without a stack.
 */
export class OrchestraError extends Error {
  /** The name of the class. */
  override readonly name: string = "OrchestraError";

  /**
   * Makes the error.
   *
   * @param message What is wrong; it may have several lines.
   * @param options The cause, if there is one that says more.
   */
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
  }
}

/** A component or a build that the configuration does not have. */
export class UnknownNameError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "UnknownNameError";
  /** What was looked for. */
  readonly wanted: string;
  /** The most similar name that there is. */
  readonly suggestion: string | undefined;

  /**
   * Makes the error.
   *
   * @param what What kind of thing it is, for example `Component`.
   * @param wanted What was looked for.
   * @param suggestion The most similar name that there is.
   */
  constructor(what: string, wanted: string, suggestion: string | undefined) {
    const meant = suggestion === undefined ? "" : ` Did you mean ${suggestion}?`;
    super(`${what} ${wanted} not found!${meant}`);
    this.wanted = wanted;
    this.suggestion = suggestion;
  }
}
