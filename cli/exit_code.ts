/** A command that ran, and ends with the exit code of what it ran. */
export class ExitCode extends Error {
  /** The name of the class. */
  override readonly name: string = "ExitCode";
  /** What the process ends with. */
  readonly code: number;

  /**
   * Ends the command; nothing is printed for it.
   *
   * @param code What the process ends with.
   */
  constructor(code: number) {
    super(`Ended with exit code ${code}`);
    this.code = code;
  }
}
