import { CommanderError } from "../lib/deps/commander.ts";
import { chainOf, renderError } from "../lib/errors/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { ORC_EXIT, type OrcContext, OrcFailure } from "./_orc_context.ts";
import { EXIT } from "./failure.ts";
import { ClosedOutputError } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Errors of the library after which the exit code is 1, by the names of their classes. */
const FAILURES: ReadonlySet<string> = new Set(["UnknownComponentError", "NoRemotesError"]);

/** The user has had enough. */
export class InterruptedError extends Error {
  /** The name of the class. */
  override readonly name: string = "InterruptedError";
}

/**
 * Tells the user what went wrong, once and without a stack trace, and chooses the exit code.
 *
 * @param thrown What a command threw.
 * @param context Whose log it goes to.
 * @returns The exit code, one of the original's.
 */
export function reportOrcFailure(thrown: unknown, context: OrcContext): number {
  // Commander has printed its message, or the help that was asked for, already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ORC_EXIT.ok : ORC_EXIT.usage;
  if (thrown instanceof ExitCode) return thrown.code;
  if (thrown instanceof ClosedOutputError) return EXIT.closedOutput;
  if (thrown instanceof UsageError) {
    context.output.err.write(`${context.programName}: error: ${thrown.message}\n`);
    return ORC_EXIT.usage;
  }
  context.log("ERROR", describe(thrown));
  const root = chainOf(thrown).at(-1);
  if (root instanceof Error && root.stack !== undefined) context.log("DEBUG", root.stack);
  const failed = thrown instanceof OrcFailure ||
    (thrown instanceof Error && FAILURES.has(thrown.name));
  return failed ? ORC_EXIT.failed : ORC_EXIT.broken;
}

// The class of the outermost error is of use to a program only; its message is a whole sentence.
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown.message === "") return renderError(thrown).trimStart();

  return thrown.message + (thrown.cause === undefined ? "" : renderError(thrown.cause));
}
