/**
 * Stacked errors: every layer says what it attempted, the user's line stands beside it, and the
 * root cause comes last.
 *
 * Layers are ordinary `Error`s linked by `cause`, so they mix with everything else that throws.
 * This module is not a logger and not a result type: it throws, as the language does.
 *
 * Permissions: none.
 *
 * @example
 * ```ts
 * import { stackErr } from "@superorch/superorch/errors";
 *
 * async function readSettings(path: string): Promise<unknown> {
 *   const text = await stackErr(Deno.readTextFile(path), `Cannot read "${path}"`);
 *   return stackErr(() => JSON.parse(text), `Cannot parse "${path}"`);
 * }
 *
 * try {
 *   await readSettings("missing.json");
 * } catch (error) {
 *   console.error(`${error}`); // the message with this file's line, then the reason
 * }
 * ```
 *
 * @module
 */

export { chainErrors, StackedError, type StackedErrorOptions } from "./stacked_error.ts";
export {
  type ErrorMessage,
  required,
  stack,
  stackErr,
  type StackOptions,
  stackUnlessAborted,
} from "./stack.ts";
export { bail, ensure, ensureEq, ensureNe } from "./ensure.ts";
export { type PathKey, stackedGet, stackedSet } from "./stacked_get.ts";
export {
  isProbablyNotRootCause,
  isTimeout,
  ProbablyNotRootCauseError,
  TimeoutError,
} from "./markers.ts";
export { chainOf, everyErrorIn, findCause } from "./chain.ts";
export { errorMessage } from "./error_message.ts";
export { entriesOf, type ErrorEntry } from "./entries.ts";
export { renderError } from "./render.ts";
export { type ErrorReport, type ErrorReportEntry, reportError } from "./report.ts";
export { captureCaller, type LazyLocation, type SourceLocation } from "./location.ts";
export { runMain, type RunMainOptions } from "./run_main.ts";
