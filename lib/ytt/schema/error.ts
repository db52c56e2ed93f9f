/** Mistakes in data values and schemas, shown with the line they are on. */
import type { Position } from "../yaml/position.ts";

/** One mistake. */
export interface SchemaFailure {
  readonly position: Position;
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

function describe({ position, description, found, expected, hints = [] }: SchemaFailure): string {
  const line = position.known ? String(position.line) : "...";
  const gutter = " ".repeat(Math.max(3, line.length + 2));
  const lines = [
    "",
    `${position.file?.name || "(data values)"}:`,
    `${gutter} |`,
    `${line.padStart(gutter.length)} | ${position.source()}`,
    `${gutter} |`,
    "",
  ];
  if (description !== undefined) lines.push(`${gutter} = ${description}`);
  if (found !== "") lines.push(`${gutter} = found: ${found}`);
  if (expected !== "") lines.push(`${gutter} = expected: ${expected}`);
  for (const hint of hints) lines.push(`${gutter} = hint: ${hint}`);
  return `${lines.join("\n")}\n`;
}
