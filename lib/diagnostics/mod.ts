/**
 * Located mistakes: `file:line:col`, the source line, a caret, what was probably meant, and all of
 * them at once.
 *
 * For readers of what people write by hand: manifests, compose files, configurations. It is not a
 * parser and not a schema language.
 *
 * Permissions: none.
 *
 * @example
 * ```ts
 * import { Diagnostics, didYouMean, SourceText } from "@superorch/superorch/diagnostics";
 *
 * const source = new SourceText("settings.txt", "colour=red\nsiez=3\n");
 * const diagnostics = new Diagnostics();
 * const meant = didYouMean("siez", ["colour", "size"]);
 * diagnostics.error(source, { start: 11, end: 15 }, 'Unknown key "siez"', {
 *   hint: `did you mean "${meant}"?`,
 * });
 * try {
 *   diagnostics.throwIfErrors("Cannot read the settings");
 * } catch (error) {
 *   console.log(`${error}`); // … settings.txt:2:1: error: Unknown key "siez", did you mean "size"?
 * }
 * ```
 *
 * @module
 */

export { type Position, SourceText, type TextRange } from "./position.ts";
export {
  type Diagnostic,
  DiagnosticsError,
  type RelatedPlace,
  type Severity,
} from "./diagnostic.ts";
export { type DiagnosticDetails, Diagnostics } from "./collector.ts";
export {
  renderDiagnostic,
  renderDiagnostics,
  type RenderOptions,
  sortDiagnostics,
} from "./render.ts";
export { type PlainDiagnostic, plainDiagnostics, renderGithub } from "./formats.ts";
export { didYouMean } from "./suggest.ts";
