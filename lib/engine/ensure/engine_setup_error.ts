/** Where setting up or stopping an engine can fail. */
export type EngineSetupStep =
  | "platform"
  | "privilege"
  | "state"
  | "lock"
  | "space"
  | "install"
  | "start"
  | "check"
  | "image"
  | "stop";

/** What an {@linkcode EngineSetupError} is made from. */
export interface EngineSetupErrorFields {
  /** Which part of the work failed. */
  readonly step: EngineSetupStep;
  /** What could not be done and why, without a final period. */
  readonly problem: string;
  /** What the user can do about it, without a final period; empty if nothing is known. */
  readonly hint: string;
}

/** An engine could not be set up or stopped. The message is one line. */
export class EngineSetupError extends Error implements EngineSetupErrorFields {
  /** The name of the class. */
  override readonly name: string = "EngineSetupError";
  /** Which part of the work failed. */
  readonly step: EngineSetupStep;
  /** What could not be done and why. */
  readonly problem: string;
  /** What the user can do about it; empty if nothing is known. */
  readonly hint: string;

  /**
   * Makes the message from the fields.
   *
   * @param fields What failed, why, and what helps.
   */
  constructor(fields: EngineSetupErrorFields) {
    const problem = oneLine(fields.problem);
    const hint = oneLine(fields.hint);
    super(hint === "" ? problem : `${problem}; ${hint}`);
    this.step = fields.step;
    this.problem = problem;
    this.hint = hint;
  }
}

const LIMIT_CHARACTERS = 600;

// Parts of it are other programs' words: bounded, on one line, without terminal sequences.
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "?").trim();
  return line.length <= LIMIT_CHARACTERS ? line : `${line.slice(0, LIMIT_CHARACTERS)}…`;
}
