/** A message of another type than the expected one is next. It stays there. */
export class MessageTypeError extends TypeError {
  /** The name of the class. */
  override readonly name: string = "MessageTypeError";
  /** The type that was asked for. */
  readonly expected: string;
  /** The type of the message that is next. */
  readonly received: string;

  /**
   * Makes the error from its fields.
   *
   * @param expected The type that was asked for.
   * @param received The type of the message that is next.
   */
  constructor(expected: string, received: string) {
    super(
      `Cannot receive a message of type ${JSON.stringify(expected)}: ` +
        `the next one is of type ${JSON.stringify(received)}`,
    );
    this.expected = expected;
    this.received = received;
  }
}

/** A message is larger than one of the two sides allows. */
export class MessageTooLargeError extends RangeError {
  /** The name of the class. */
  override readonly name: string = "MessageTooLargeError";
  /** How large it is. */
  readonly sizeBytes: number;
  /** How large it may be. */
  readonly limitBytes: number;

  /**
   * Makes the error from its fields.
   *
   * @param action What was attempted: `"send"` or `"receive"`.
   * @param sizeBytes How large the message is.
   * @param limitBytes How large it may be.
   */
  constructor(action: "send" | "receive", sizeBytes: number, limitBytes: number) {
    super(
      `Cannot ${action} a message of ${sizeBytes} bytes: the limit is ${limitBytes} bytes`,
    );
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
  }
}

/** The other side does not know the shared secret, or only one side has one. */
export class AuthenticationError extends Error {
  /** The name of the class. */
  override readonly name: string = "AuthenticationError";
}
