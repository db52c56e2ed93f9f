/** What keeps a secret from being read or written. */
export type SecretProblem =
  /** There is no identity to decrypt with. */
  | "no-identity"
  /** What should be an identity is none. */
  | "bad-identity"
  /** No identity that is there is one of the recipients. */
  | "not-a-recipient"
  /** The ciphertext is damaged, or no ciphertext at all. */
  | "damaged"
  /** The ciphertext was made for another name or project. */
  | "other-name"
  /** The variable or the file that holds the value is not there. */
  | "missing"
  /** The manifest names no recipients to encrypt for, or a wrong one. */
  | "bad-recipient";

/** A secret cannot be read or written: the user's matter, and the command line ends with 2. */
export class SecretError extends Error {
  /** The name of the class. */
  override readonly name: string = "SecretError";
  /** What is wrong. */
  readonly problem: SecretProblem;
  /** Names of the secrets that it is about. */
  readonly secrets: readonly string[];

  /**
   * Makes the error.
   *
   * @param problem What is wrong.
   * @param secrets Names of the secrets that it is about.
   * @param message The sentence; never contains a value or a key.
   */
  constructor(
    problem: SecretProblem,
    secrets: readonly string[],
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.problem = problem;
    this.secrets = secrets;
  }
}
