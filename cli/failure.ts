import { CommanderError } from "../lib/deps/commander.ts";
import { chainOf, isTimeout, renderError, StackedError } from "../lib/errors/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { ClosedOutputError, type Sink } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line ends with. */
export const EXIT = {
  /** It worked. */
  ok: 0,
  /** The work failed. */
  failed: 1,
  /** The user's input is wrong. */
  usage: 2,
  /** It took longer than it was given. */
  timedOut: 124,
  /** Nobody reads the output any more; what a shell reports for SIGPIPE. */
  closedOutput: 141,
} as const;

/**
 * Tells the user what went wrong, once and without a stack trace, and chooses the exit code.
 *
 * @param thrown What a command threw.
 * @param err Standard error.
 * @param verbose Whether the stack of the root cause is shown below.
 * @returns The exit code.
 */
export function reportFailure(thrown: unknown, err: Sink, verbose: boolean): number {
  // Commander has printed its message, or the help that was asked for, already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (thrown instanceof ExitCode) return thrown.code;
  if (thrown instanceof ClosedOutputError) return EXIT.closedOutput;
  const label = err.colour ? "\x1b[1;31mError:\x1b[0m" : "Error:";
  err.write(`${label} ${describe(thrown, err.colour)}\n`);
  if (verbose) {
    const root = chainOf(thrown).at(-1);
    if (root instanceof Error) err.write(`${root.stack ?? ""}\n`);
  }
  if (thrown instanceof UsageError) return EXIT.usage;
  return isTimeout(thrown) ? EXIT.timedOut : EXIT.failed;
}

// The class of the outermost error is of use to a program only; its message is a whole sentence.
function describe(thrown: unknown, colour: boolean): string {
  if (!(thrown instanceof Error) || thrown instanceof StackedError || thrown.message === "") {
    return renderError(thrown, { colour }).trimStart();
  }
  return thrown.message + (thrown.cause === undefined ? "" : renderError(thrown.cause, { colour }));
}
