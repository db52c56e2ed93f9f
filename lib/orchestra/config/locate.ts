import type { Mistake } from "./validate.ts";

/** A line of a template. */
export interface TemplateLine {
  /** Path below `.orchestra/config`. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/**
 * Finds the lines of templates that nodes of an expanded configuration come from.
 *
 * @param positions What `ytt -o pos` prints.
 * @returns Finds the line of the node at a path; of the nearest node above it that has a line.
 */
export function locator(positions: string): (path: Mistake["path"]) => TemplateLine | undefined {
  const lines = positions.split("\n");
  // The column of positions is as wide everywhere; lines of texts inside values have none.
  const column = lines[0]?.indexOf(" | ") ?? -1;
  const rows = lines.map((line) =>
    line.slice(column, column + 3) === " | "
      ? { place: line.slice(0, column).trim(), text: line.slice(column + 3) }
      : undefined
  );
  return (path) => {
    let at = 0;
    let found = placeOf(rows[0]?.place ?? "");
    for (const [depth, part] of path.entries()) {
      const indent = "  ".repeat(depth + 1);
      const label = typeof part === "number" ? `${indent}[${part}]` : `${indent}${part}:`;
      const next = rows.findIndex((row, index) =>
        index > at && row !== undefined &&
        (row.text === label || row.text.startsWith(`${label} `))
      );
      if (next < 0) break;
      at = next;
      found = placeOf(rows[at]!.place) ?? found;
    }
    return found;
  };
}

function placeOf(text: string): TemplateLine | undefined {
  const match = /^(.+):(\d+)$/.exec(text);
  return match === null ? undefined : { file: match[1]!, line: Number(match[2]) };
}
