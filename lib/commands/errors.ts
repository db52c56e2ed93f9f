import type { CommandResult } from "./command_result.ts";

/** Shown of each stream at the end of a message. */
const SHOWN_LENGTH = 2_000;

/** A command that could not be started. Its `cause` is what the system said. */
export class CommandStartError extends Error {
  /** The name of the class. */
  override readonly name: string = "CommandStartError";
  /** The program, as it was named. */
  readonly program: string;
  /** The whole command, redacted. */
  readonly commandLine: string;

  /**
   * Makes the error.
   *
   * @param fields What was to be started, and why it was not.
   */
  constructor(
    fields: {
      readonly program: string;
      readonly commandLine: string;
      readonly reason: string;
      readonly cause?: unknown;
    },
  ) {
    super(`Cannot start "${fields.commandLine}": ${fields.reason}`, { cause: fields.cause });
    this.program = fields.program;
    this.commandLine = fields.commandLine;
  }
}

/** What a failed command has to say for itself. */
export interface CommandFailure {
  /** The whole command, redacted. */
  readonly commandLine: string;
  /** Its exit code; 128 and the number of the signal if one ended it. */
  readonly code: number;
  /** The signal that ended it, or `null`. */
  readonly signal: Deno.Signal | null;
  /** Whether we ended it. */
  readonly terminated: boolean;
  /** The end of its standard output, redacted, control characters escaped, at most 2,000 long. */
  readonly stdoutTail: string;
  /** The end of its standard error, likewise. */
  readonly stderrTail: string;
}

/** A command that ran and did not succeed. */
export class CommandFailedError extends Error implements CommandFailure {
  /** The name of the class. */
  override readonly name: string = "CommandFailedError";
  /** The whole command, redacted. */
  readonly commandLine: string;
  /** Its exit code; 128 and the number of the signal if one ended it. */
  readonly code: number;
  /** The signal that ended it, or `null`. */
  readonly signal: Deno.Signal | null;
  /** Whether we ended it. */
  readonly terminated: boolean;
  /** The end of its standard output, redacted, control characters escaped, at most 2,000 long. */
  readonly stdoutTail: string;
  /** The end of its standard error, likewise. */
  readonly stderrTail: string;

  /**
   * Makes the error.
   *
   * @param failure What it has to say.
   */
  constructor(failure: CommandFailure) {
    super(describeFailure(failure));
    this.commandLine = failure.commandLine;
    this.code = failure.code;
    this.signal = failure.signal;
    this.terminated = failure.terminated;
    this.stdoutTail = shorten(failure.stdoutTail);
    this.stderrTail = shorten(failure.stderrTail);
  }
}

/** A command that did not end in time. A `TimeoutError` is its `cause`. */
export class CommandTimeoutError extends Error {
  /** The name of the class. */
  override readonly name: string = "CommandTimeoutError";
  /** The whole command, redacted. */
  readonly commandLine: string;
  /** How long it was waited for. */
  readonly timeoutMs: number;
  /** The end of its standard output so far, as in {@linkcode CommandFailure}. */
  readonly stdoutTail: string;
  /** The end of its standard error so far, likewise. */
  readonly stderrTail: string;

  /**
   * Makes the error.
   *
   * @param fields What was waited for, and what it had printed.
   */
  constructor(
    fields: {
      readonly commandLine: string;
      readonly timeoutMs: number;
      readonly state: string;
      readonly stdoutTail: string;
      readonly stderrTail: string;
      readonly cause: unknown;
    },
  ) {
    const why = `Command did not end within ${fields.timeoutMs} ms, ${fields.state}`;
    super([`${why}: ${fields.commandLine}`, ...outputParts(fields)].join("\n"), {
      cause: fields.cause,
    });
    this.commandLine = fields.commandLine;
    this.timeoutMs = fields.timeoutMs;
    this.stdoutTail = shorten(fields.stdoutTail);
    this.stderrTail = shorten(fields.stderrTail);
  }
}

/** Something was asked of a command that has already finished. */
export class CommandFinishedError extends Error {
  /** The name of the class. */
  override readonly name: string = "CommandFinishedError";
  /** The whole command, redacted. */
  readonly commandLine: string;

  /**
   * Makes the error.
   *
   * @param action What was asked: `"terminate"`.
   * @param commandLine The command, redacted.
   */
  constructor(action: string, commandLine: string) {
    super(`Cannot ${action} "${commandLine}": it has already finished`);
    this.commandLine = commandLine;
  }
}

/** A command finished, but its output or input could not be handled; the reason is the `cause`. */
export class CommandOutputError extends Error {
  /** The name of the class. */
  override readonly name: string = "CommandOutputError";
  /** How the command ended. */
  readonly result: CommandResult;

  /**
   * Makes the error.
   *
   * @param message What could not be done.
   * @param result How the command ended.
   * @param cause Why.
   */
  constructor(message: string, result: CommandResult, cause: unknown) {
    super(message, { cause });
    this.result = result;
  }
}

/**
 * Says in one sentence how a command ended.
 *
 * @param end The exit code, the signal, and whether we did it.
 * @returns `failed with exit code 3`, `was ended by SIGSEGV`, …
 */
export function describeEnd(
  end: { readonly code: number; readonly signal: Deno.Signal | null; readonly terminated: boolean },
): string {
  const how = end.signal === null ? `with exit code ${end.code}` : `by ${end.signal}`;
  if (end.terminated) return `was terminated before it completed (${how})`;
  return end.signal === null ? `failed ${how}` : `was ended ${how}`;
}

function describeFailure(failure: CommandFailure): string {
  return [`Command ${describeEnd(failure)}: ${failure.commandLine}`, ...outputParts(failure)]
    .join("\n");
}

function outputParts(
  tails: { readonly stdoutTail: string; readonly stderrTail: string },
): string[] {
  const part = (name: string, tail: string) => {
    const text = shorten(tail).trimEnd();
    return text === "" ? [] : [`${name}:`, ...text.split("\n").map((line) => `  ${line}`)];
  };
  // Standard error last: what is nearest to the prompt is read first.
  return [...part("stdout", tails.stdoutTail), ...part("stderr", tails.stderrTail)];
}

function shorten(text: string): string {
  if (text.length <= SHOWN_LENGTH) return text;
  const cut = text.slice(-SHOWN_LENGTH + 1);
  // Half of a character outside the basic plane is none.
  return `…${/^[\udc00-\udfff]/.test(cut) ? cut.slice(1) : cut}`;
}
