import type { Diagnostic, Severity } from "./diagnostic.ts";
import { sortDiagnostics } from "./render.ts";

/** A diagnostic as plain data, for programs. */
export interface PlainDiagnostic {
  /** How bad it is. */
  readonly severity: Severity;
  /** Name of the kind of mistake. */
  readonly code?: string;
  /** One sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Name of the file. */
  readonly file: string;
  /** 1-based line of its first character. */
  readonly line: number;
  /** 1-based column of its first character, in characters. */
  readonly column: number;
  /** 1-based line after its last character. */
  readonly endLine: number;
  /** 1-based column after its last character. */
  readonly endColumn: number;
}

/**
 * Turns diagnostics into plain data, in the order of files and places.
 *
 * @param diagnostics What was found.
 */
export function plainDiagnostics(diagnostics: readonly Diagnostic[]): readonly PlainDiagnostic[] {
  return sortDiagnostics(diagnostics).map(({ severity, code, message, hint, source, range }) => {
    const start = source.positionAt(range.start);
    const end = source.positionAt(range.end);
    return {
      severity,
      ...(code === undefined ? {} : { code }),
      message,
      ...(hint === undefined ? {} : { hint }),
      file: source.file,
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column,
    };
  });
}

/**
 * Shows diagnostics as workflow commands, which GitHub turns into annotations at the lines.
 *
 * @param diagnostics What was found.
 * @returns One line for each, without a final newline.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function renderGithub(diagnostics: readonly Diagnostic[]): string {
  return plainDiagnostics(diagnostics).map((one) => {
    const properties = {
      file: one.file,
      line: one.line,
      col: one.column,
      endLine: one.endLine,
      ...(one.endLine === one.line ? { endColumn: one.endColumn } : {}),
      ...(one.code === undefined ? {} : { title: one.code }),
    };
    const list = Object.entries(properties).map(([name, value]) =>
      `${name}=${escapeData(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`
    );
    const text = one.hint === undefined ? one.message : `${one.message}, ${one.hint}`;
    return `::${one.severity} ${list.join(",")}::${escapeData(text)}`;
  }).join("\n");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
