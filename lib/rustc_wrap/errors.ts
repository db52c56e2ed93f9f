/** What an {@linkcode InfrastructureError} knows. */
export interface InfrastructureFields {
  /** What was attempted, in a few words. */
  readonly action: string;
  /** Why it did not work, on one line. */
  readonly reason: string;
  /** Whether it will be so for the rest of the build: an engine that is not there. */
  readonly lasting?: boolean;
}

/**
 * Something failed that is neither rustc nor the code it compiles: no engine, no image, no space.
 * Local rustc can step in.
 */
export class InfrastructureError extends Error {
  /** The name of the class. */
  override readonly name: string = "InfrastructureError";
  /** What was attempted. */
  readonly action: string;
  /** Why it did not work. */
  readonly reason: string;
  /** Whether it will be so for the rest of the build. */
  readonly lasting: boolean;

  /** Makes the message from the fields. */
  constructor(fields: InfrastructureFields, options?: ErrorOptions) {
    super(`Cannot ${fields.action}: ${fields.reason}`, options);
    this.action = fields.action;
    this.reason = fields.reason;
    this.lasting = fields.lasting ?? false;
  }
}
