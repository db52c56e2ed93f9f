import type { Diagnostic, RelatedPlace } from "./diagnostic.ts";

/** How diagnostics are shown. */
export interface RenderOptions {
  /** Whether ANSI colours are used. Default `false`. */
  readonly colour?: boolean;
}

/** A line longer than this is shown in part, around the place. */
const MAX_WIDTH = 160;

/**
 * Shows a diagnostic: `file:line:col`, the message, the source line, a caret under the place.
 *
 * @param diagnostic What to show.
 * @returns Several lines without a final newline. Control characters of the source are shown as
 * `\x1b` and the like.
 * @example
 * ```ts
 * import { renderDiagnostic, SourceText } from "@superorch/superorch/diagnostics";
 *
 * const source = new SourceText("compose.yaml", "services:\n  db:\n    imgae: x\n");
 * console.log(renderDiagnostic({
 *   severity: "error",
 *   message: 'Unknown key "imgae"',
 *   source,
 *   range: { start: 20, end: 25 },
 *   hint: 'did you mean "image"?',
 * }));
 * // compose.yaml:3:5: error: Unknown key "imgae", did you mean "image"?
 * //   3 |     imgae: x
 * //     |     ^^^^^
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const { severity, code: name, message, hint, related = [] } = diagnostic;
  const paint = painter(options.colour === true);
  const code = severity === "error" ? "31" : "33";
  const kind = name === undefined ? severity : `${severity}[${name}]`;
  const head = `${paint("1", placeOf(diagnostic))}: ${paint(code, kind)}: ${message}` +
    (hint === undefined ? "" : `, ${hint}`);
  const parts = [head, ...excerpt(diagnostic, paint, code)];
  for (const place of related) {
    parts.push(`${placeOf(place)}: note: ${place.message}`, ...excerpt(place, paint, "36"));
  }
  return parts.join("\n");
}

/**
 * Shows several diagnostics, in the order of files and places.
 *
 * @param diagnostics What to show.
 * @returns Text without a final newline.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions = {},
): string {
  return sortDiagnostics(diagnostics).map((one) => renderDiagnostic(one, options)).join("\n");
}

/**
 * Sorts diagnostics by the first appearance of their file, then by place.
 *
 * @param diagnostics In any order.
 * @returns A new list.
 */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ source }) => source.file))];
  return diagnostics.toSorted((a, b) =>
    files.indexOf(a.source.file) - files.indexOf(b.source.file) || a.range.start - b.range.start
  );
}

type Paint = (code: string, text: string) => string;

function painter(colour: boolean): Paint {
  return (code, text) => colour ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function placeOf({ source, range }: Pick<RelatedPlace, "source" | "range">): string {
  const { line, column } = source.positionAt(range.start);
  return `${source.file}:${line}:${column}`;
}

function excerpt(
  { source, range }: Pick<RelatedPlace, "source" | "range">,
  paint: Paint,
  code: string,
): string[] {
  const { line, column } = source.positionAt(range.start);
  const end = source.positionAt(range.end);
  const characters = Array.from(source.lineText(line));
  // A range over several lines is marked to the end of its first one.
  const last = end.line === line ? end.column - 1 : characters.length;
  const width = Math.max(1, last - (column - 1));
  const from = characters.length <= MAX_WIDTH
    ? 0
    : Math.max(0, Math.min(column - 1 - MAX_WIDTH / 4, characters.length - MAX_WIDTH));
  const cut = characters.slice(from, from + MAX_WIDTH);
  const cells = cut.map(visible);
  const shown = cells.join("");
  const before = cells.slice(0, column - 1 - from).join("");
  const marked = Array.from(cells.slice(column - 1 - from, column - 1 - from + width).join(""))
    .length;
  const number = String(line);
  const gutter = " ".repeat(number.length);
  // Tabs stay tabs in front of the caret, so that it stands where the terminal puts the character.
  const indent = before.replaceAll(/[^\t]/gu, " ");
  return [
    `  ${number} | ${shown}`,
    `  ${gutter} | ${indent}${paint(code, "^".repeat(Math.max(1, marked)))}`,
  ];
}

function visible(character: string): string {
  const point = character.codePointAt(0)!;
  if (character === "\t" || (point >= 0x20 && point !== 0x7f && !(point >= 0x80 && point < 0xa0))) {
    return character;
  }
  return `\\x${point.toString(16).padStart(2, "0")}`;
}
