/** Mistakes in data values and schemas, shown with the line they are on. */
import type { Position } from "../yaml/position.ts";

/** One mistake. */
export interface SchemaFailure {
  readonly position: Position;
  /** What stands for the source line of a value that is in no file. */
  readonly calculated?: string;
  /** Lines of annotations that are shown above that of `position`. */
  readonly annotations?: readonly Position[];
  readonly description?: string;
  readonly found: string;
  readonly expected: string;
  readonly hints?: readonly string[];
}

/** Everything that is wrong, at once. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";

  constructor(readonly summary: string, readonly failures: readonly SchemaFailure[]) {
    super(`\n${summary}\n${"=".repeat(summary.length)}\n${failures.map(describe).join("")}`);
  }
}

function describe(failure: SchemaFailure): string {
  const { position, annotations = [], description, found, expected, hints = [] } = failure;
  const lines = [""];
  if (description !== undefined) lines.push(description);
  const gutter = position.known
    ? pushSource(lines, position, annotations)
    : pushCalculated(lines, failure.calculated ?? "");
  if (found !== "") lines.push(`${gutter} = found: ${found}`);
  if (expected !== "") lines.push(`${gutter} = expected: ${expected}`);
  for (const hint of hints) lines.push(`${gutter} = hint: ${hint}`);
  return `${lines.join("\n")}\n`;
}

function pushCalculated(lines: string[], text: string): string {
  const gutter = "   ";
  lines.push("Data value calculated:", `${gutter} #`, `${gutter} # ${text}`, `${gutter} #`, "");
  return gutter;
}

/** Adds the source lines; gives the space that their numbers take. */
function pushSource(
  lines: string[],
  position: Position,
  annotations: readonly Position[],
): string {
  const shown = [...annotations.filter(({ known }) => known), position]
    .sort((a, b) => a.line - b.line)
    .filter((place, i, all) => i === 0 || place.line !== all[i - 1]!.line);
  const width = Math.max(...shown.map((place) => String(place.line).length + 2));
  const gutter = " ".repeat(width);
  lines.push(`${position.file?.name || "(data values)"}:`, `${gutter} |`);
  shown.forEach((place, i) => {
    const before = shown[i - 1];
    if (before !== undefined && place.line > before.line + 1) {
      lines.push(`${"...".padStart(width)} |`);
    }
    lines.push(`${String(place.line).padStart(width)} | ${place.source()}`);
  });
  lines.push(`${gutter} |`, "");
  return gutter;
}
