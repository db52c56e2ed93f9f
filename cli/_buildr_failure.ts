import { BuildrInputError } from "../lib/buildr/input_error.ts";
import { DiagnosticsError, renderDiagnostics } from "../lib/diagnostics/mod.ts";
import { EXIT, reportFailure } from "./failure.ts";
import type { Sink } from "./output.ts";

/** What buildr's own command line ends with beside the usual codes. */
export const BUILDR_EXIT = {
  /** `prepare`, the engine, an image: nothing that the code of the project did. */
  environment: 255,
} as const;

/** Errors that say that the engine, a broker, a coordinator or its ledger is not there or no help. */
const ENVIRONMENT: ReadonlySet<string> = new Set([
  "EngineUnreachableError",
  "EngineConnectionError",
  "EngineVersionError",
  "TransportError",
  "AgentDeafError",
  "CoordinatorError",
  "LedgerError",
]);

/**
 * Tells the user what went wrong, once, and chooses the exit code.
 *
 * @param thrown What a command threw.
 * @param err Standard error.
 * @param args The words of the command line.
 * @returns The exit code: 2 for what the user wrote, 255 for the environment.
 */
export function reportBuildrFailure(thrown: unknown, err: Sink, args: readonly string[]): number {
  if (thrown instanceof DiagnosticsError) {
    const [what] = thrown.message.split("\n");
    const label = err.colour ? "\x1b[1;31mError:\x1b[0m" : "Error:";
    const text = renderDiagnostics(thrown.diagnostics, { colour: err.colour });
    err.write(`${label} ${what?.replace(/:$/, "")}\n${text}\n`);
    return EXIT.usage;
  }
  const name = thrown instanceof Error ? thrown.name : "";
  const verbose = args.includes("-d") || args.includes("--debug");
  const code = reportFailure(thrown, err, verbose);
  if (thrown instanceof BuildrInputError || name === "SecretError") return EXIT.usage;
  return ENVIRONMENT.has(name) ? BUILDR_EXIT.environment : code;
}
