import { type Diagnostic, DiagnosticsError } from "./diagnostic.ts";
import type { SourceText, TextRange } from "./position.ts";
import { renderDiagnostics, sortDiagnostics } from "./render.ts";

/** What else may be said about a mistake. */
export type DiagnosticDetails = Pick<Diagnostic, "code" | "hint" | "related">;

/** Collects mistakes, so that a reader can go on and report all of them at once. */
export class Diagnostics {
  readonly #all: Diagnostic[] = [];

  /** Everything so far, in the order of files and places. */
  get all(): readonly Diagnostic[] {
    return sortDiagnostics(this.#all);
  }

  /** Only what stops the work. */
  get errors(): readonly Diagnostic[] {
    return this.all.filter(({ severity }) => severity === "error");
  }

  /** Only what does not stop the work. */
  get warnings(): readonly Diagnostic[] {
    return this.all.filter(({ severity }) => severity === "warning");
  }

  /**
   * Notes a mistake.
   *
   * @param source The text that it is in.
   * @param range Where.
   * @param message One sentence without a final period.
   */
  error(
    source: SourceText,
    range: TextRange,
    message: string,
    details: DiagnosticDetails = {},
  ): void {
    this.add({ severity: "error", source, range, message, ...details });
  }

  /** Notes something doubtful. */
  warning(
    source: SourceText,
    range: TextRange,
    message: string,
    details: DiagnosticDetails = {},
  ): void {
    this.add({ severity: "warning", source, range, message, ...details });
  }

  /** Adds one; the same message at the same place only once. */
  add(diagnostic: Diagnostic): void {
    const known = this.#all.some(({ source, range, message }) =>
      message === diagnostic.message && source === diagnostic.source &&
      range.start === diagnostic.range.start
    );
    if (!known) this.#all.push(diagnostic);
  }

  /**
   * Gives up if there was a mistake.
   *
   * @param what What cannot be done, for example `Cannot read "compose.yaml"`.
   * @throws {DiagnosticsError} with everything, when at least one is an error.
   */
  throwIfErrors(what: string): void {
    const { errors } = this;
    if (errors.length === 0) return;
    const count = errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`;
    throw new DiagnosticsError(`${what}: ${count}\n${renderDiagnostics(errors)}`, this.all);
  }
}
