import type { SourceText, TextRange } from "./position.ts";

/** How bad it is: an error stops the work, a warning does not. */
export type Severity = "error" | "warning";

/** A mistake, or something doubtful, at a place that the user wrote. */
export interface Diagnostic {
  /** How bad it is. */
  readonly severity: Severity;
  /** Name of the kind of mistake, for programs and for looking it up: `undefined-stage`. */
  readonly code?: string;
  /** One sentence without a final period. */
  readonly message: string;
  /** The text that it is in. */
  readonly source: SourceText;
  /** The part of the text that it is about. */
  readonly range: TextRange;
  /** What to do about it, for example `did you mean "image"?`. */
  readonly hint?: string;
  /** Other places that belong to it, for example where a name was given first. */
  readonly related?: readonly RelatedPlace[];
}

/** Another place that belongs to a diagnostic. */
export interface RelatedPlace {
  /** What is there. */
  readonly message: string;
  /** The text that it is in. */
  readonly source: SourceText;
  /** The part of the text. */
  readonly range: TextRange;
}

/** One or more mistakes in what the user wrote, all of them at once. */
export class DiagnosticsError extends Error {
  /** The name of the class. */
  override readonly name: string = "DiagnosticsError";
  /** All of them, in the order of files and places; warnings too. */
  readonly diagnostics: readonly Diagnostic[];

  /**
   * Makes the message from the diagnostics, rendered without colour.
   *
   * @param message What cannot be done because of them, and the rendered text.
   * @param diagnostics All of them.
   */
  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    this.diagnostics = diagnostics;
  }
}
