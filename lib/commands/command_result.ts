import type { Command } from "./command.ts";
import { escapeControls } from "./command_line.ts";
import { CommandFailedError, type CommandFailure, describeEnd } from "./errors.ts";
import { redactorOf } from "./secrets.ts";

/** Looked at of each stream for an error's text; more than is shown, as escaping makes it longer. */
const TAIL_BYTES = 4_096;

/** What a {@linkcode CommandResult} is made from. */
export interface CommandResultFields {
  /** What ran. */
  readonly command: Command;
  /** The exit code. */
  readonly code: number;
  /** The signal that ended it, or `null`. */
  readonly signal: Deno.Signal | null;
  /** Whether we ended it. */
  readonly terminated: boolean;
  /** What is recorded of its standard output. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** What is recorded of its standard error. */
  readonly stderr: Uint8Array<ArrayBuffer>;
  /** How many bytes of standard output the limit has cost. */
  readonly stdoutDroppedBytes: number;
  /** How many bytes of standard error the limit has cost. */
  readonly stderrDroppedBytes: number;
}

/** How a command ended and what it printed. A failure is a result too, not an exception. */
export class CommandResult implements CommandResultFields {
  /** What ran. */
  readonly command: Command;
  /** The exit code; 128 and the number of the signal if one ended it. */
  readonly code: number;
  /** The signal that ended it, or `null`: a program that exits with 137 by itself has none. */
  readonly signal: Deno.Signal | null;
  /** Whether we ended it: by `terminate`, `kill`, an abort, disposal, or a Ctrl-C passed on. */
  readonly terminated: boolean;
  /** The recorded bytes of standard output: all of them, or the last `recordLimitBytes`. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** The recorded bytes of standard error. */
  readonly stderr: Uint8Array<ArrayBuffer>;
  /** How many bytes before `stdout` the limit has cost. */
  readonly stdoutDroppedBytes: number;
  /** How many bytes before `stderr` the limit has cost. */
  readonly stderrDroppedBytes: number;
  readonly #showsOutput: boolean;

  /**
   * Makes a result.
   *
   * @param fields How it ended.
   * @param options `showOutput: false`: leave the output out of prints and errors.
   */
  constructor(fields: CommandResultFields, options: { readonly showOutput?: boolean } = {}) {
    this.command = fields.command;
    this.code = fields.code;
    this.signal = fields.signal;
    this.terminated = fields.terminated;
    this.stdout = fields.stdout;
    this.stderr = fields.stderr;
    this.stdoutDroppedBytes = fields.stdoutDroppedBytes;
    this.stderrDroppedBytes = fields.stderrDroppedBytes;
    this.#showsOutput = options.showOutput ?? true;
  }

  /** Whether its exit code is 0; so may be that of a program that was told to end. */
  get success(): boolean {
    return this.code === 0 && this.signal === null;
  }

  /** Whether it succeeded, or only failed because we ended it. */
  get successfulOrTerminated(): boolean {
    return this.success || this.terminated;
  }

  /**
   * Standard output as text.
   *
   * @returns The text.
   * @throws {TypeError} when it is not UTF-8.
   * @throws {RangeError} when its start is missing and nobody has asked for a limit.
   */
  stdoutText(): string {
    return this.#text("standard output", this.stdout, this.stdoutDroppedBytes);
  }

  /**
   * Standard error as text.
   *
   * @returns The text.
   * @throws {TypeError} when it is not UTF-8.
   * @throws {RangeError} when its start is missing and nobody has asked for a limit.
   */
  stderrText(): string {
    return this.#text("standard error", this.stderr, this.stderrDroppedBytes);
  }

  /** Standard output as text, with U+FFFD for invalid bytes. */
  stdoutLossy(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.stdout);
  }

  /** Standard error as text, with U+FFFD for invalid bytes. */
  stderrLossy(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.stderr);
  }

  /**
   * Requires success.
   *
   * @returns This result, for chaining.
   * @throws {CommandFailedError} when the command failed or was ended.
   */
  assertSuccess(): this {
    if (this.success) return this;
    throw new CommandFailedError(this.#failure());
  }

  /** The same result, whose prints and errors leave the output out. */
  withoutOutput(): CommandResult {
    return new CommandResult(this, { showOutput: false });
  }

  /** The command and how it ended, redacted, in one line and the output after it. */
  toString(): string {
    const end = this.success ? "succeeded" : describeEnd(this);
    const part = (name: string, bytes: Uint8Array, dropped: number) => {
      const text = this.#tail(bytes, dropped);
      return text === "" ? "" : `\n${name}:\n${text}`;
    };
    return `Command ${end}: ${this.command}` +
      part("stdout", this.stdout, this.stdoutDroppedBytes) +
      part("stderr", this.stderr, this.stderrDroppedBytes);
  }

  /** How it ended, for `JSON.stringify` and reports: redacted, with the ends of the output only. */
  toJSON(): CommandFailure & { readonly success: boolean } {
    return { success: this.success, ...this.#failure() };
  }

  /** What `console.log` shows under Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows under Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #failure(): CommandFailure {
    return {
      commandLine: this.command.toString(),
      code: this.code,
      signal: this.signal,
      terminated: this.terminated,
      stdoutTail: this.#tail(this.stdout, this.stdoutDroppedBytes),
      stderrTail: this.#tail(this.stderr, this.stderrDroppedBytes),
    };
  }

  #text(name: string, bytes: Uint8Array, dropped: number): string {
    if (dropped > 0 && this.command.spec.recordLimitBytes === undefined) {
      throw new RangeError(
        `Cannot give the ${name} of "${this.command}" as text: its first ${dropped} bytes were ` +
          `dropped; set "recordLimitBytes"`,
      );
    }
    // A limit may cut the first character in half: that is no mistake of the program's.
    let start = 0;
    if (dropped > 0) { while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++; }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        bytes.subarray(start),
      );
    } catch (cause) {
      throw new TypeError(`Cannot give the ${name} of "${this.command}" as text: not UTF-8`, {
        cause,
      });
    }
  }

  #tail(bytes: Uint8Array, dropped: number): string {
    if (!this.#showsOutput) return "";
    return outputTail(this.command, bytes, dropped);
  }
}

/**
 * The end of some output as text for people: redacted, control characters escaped.
 *
 * @param command Whose output it is.
 * @param bytes The output.
 * @param droppedBytes How many bytes came before `bytes`.
 * @returns At most 4 KiB of it.
 */
export function outputTail(command: Command, bytes: Uint8Array, droppedBytes: number): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const redactor = redactorOf(command.spec);
  if (redactor.isEmpty) return escapeControls(decoder.decode(bytes.subarray(-TAIL_BYTES)));
  // Redacted before it is cut: half of a secret at the cut would not be recognized.
  const text = decoder.decode(bytes.subarray(-16 * TAIL_BYTES));
  const cut = droppedBytes > 0 || bytes.length > 16 * TAIL_BYTES;
  const shown = cut ? redactor.tailText(text) : redactor.text(text);
  return escapeControls(shown.slice(-TAIL_BYTES));
}
