/** What a failed build knows. */
export interface BuildFailedFields {
  /** What was to be built: a tag, or `image` or `files`. */
  readonly subject: string;
  /** Which builder it was. */
  readonly builder: "classic" | "buildkit";
  /** The step that failed; `undefined` when no step did, for example for a wrong Dockerfile. */
  readonly step: string | undefined;
  /** Exit code of the step's program. */
  readonly exitCode: number | undefined;
  /** The builder's own words. */
  readonly reason: string;
  /** The last output of that step, or of the whole build when no step failed. */
  readonly logTail: string;
}

/** How much of the output goes into the message; all that is kept is in `logTail`. */
const MESSAGE_LINES = 20;
const MESSAGE_CHARACTERS = 4000;

/** A build did not give what it was to give. */
export class BuildFailedError extends Error implements BuildFailedFields {
  /** The name of the class. */
  override readonly name: string = "BuildFailedError";
  /** What was to be built. */
  readonly subject: string;
  /** Which builder it was. */
  readonly builder: "classic" | "buildkit";
  /** The step that failed. */
  readonly step: string | undefined;
  /** Exit code of the step's program. */
  readonly exitCode: number | undefined;
  /** The builder's own words. */
  readonly reason: string;
  /** The last output of that step. */
  readonly logTail: string;

  /** Makes the message from the fields. */
  constructor(fields: BuildFailedFields, options?: ErrorOptions) {
    super(messageOf(fields), options);
    this.subject = fields.subject;
    this.builder = fields.builder;
    this.step = fields.step;
    this.exitCode = fields.exitCode;
    this.reason = fields.reason;
    this.logTail = fields.logTail;
  }
}

/** What was asked for is not what this builder can do. */
export class BuildUnsupportedError extends Error {
  /** The name of the class. */
  override readonly name: string = "BuildUnsupportedError";
  /** What was asked for, for example `secrets`. */
  readonly feature: string;

  /** Makes the message from the fields. */
  constructor(feature: string, reason: string) {
    super(`Cannot build with ${feature}: ${reason}`);
    this.feature = feature;
  }
}

/** A file of the build context cannot be sent. */
export class BuildContextError extends Error {
  /** The name of the class. */
  override readonly name: string = "BuildContextError";
  /** The file, from the root of the context. */
  readonly path: string;

  /** Makes the message from the fields. */
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`Cannot send "${path}" of the build context: ${reason}`, options);
    this.path = path;
  }
}

function messageOf(fields: BuildFailedFields): string {
  const { subject, step, exitCode, reason, logTail } = fields;
  // Everybody who has seen a build fail looks for these words; only the classic builder says them.
  const why = exitCode === undefined
    ? `: ${escapeControls(reason)}`
    : ` returned a non-zero code: ${exitCode}`;
  const where = step === undefined ? "" : `: step "${escapeControls(step)}"`;
  const output = tailOf(logTail);
  return `Cannot build ${subject}${where}${why}${output === "" ? "" : `\n${output}`}`;
}

function tailOf(text: string): string {
  const lines = escapeControls(text).trimEnd().split("\n").slice(-MESSAGE_LINES);
  const tail = lines.join("\n");
  return tail.length <= MESSAGE_CHARACTERS ? tail : `…${tail.slice(-MESSAGE_CHARACTERS)}`;
}

function escapeControls(text: string): string {
  // deno-lint-ignore no-control-regex -- escapes from a build must not reach a terminal
  return text.replace(/\r\n/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
