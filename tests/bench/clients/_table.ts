import { median } from "../_median.ts";
import { type Operation, OPERATIONS } from "./_job.ts";

/** What was measured: milliseconds by row and column. */
export type Measured = ReadonlyMap<Operation, ReadonlyMap<string, readonly number[]>>;

/** Which columns mean what. */
export interface Columns {
  /** All of them, in order. */
  readonly names: readonly string[];
  /** The one that the others are measured against. */
  readonly floor: string;
  /** Our own. */
  readonly ours: readonly string[];
}

/** Milliseconds as a Markdown table: medians, with the fastest run in brackets. */
export function timeTable(measured: Measured, { names }: Columns): string {
  const rows = [...measured].map(([operation, cells]) => [
    OPERATIONS[operation],
    String(Math.max(...[...cells.values()].map(({ length }) => length))),
    ...names.map((name) => {
      const times = cells.get(name);
      return times === undefined ? "–" : `${shown(median(times))} (${shown(Math.min(...times))})`;
    }),
  ]);
  return markdown(["ms, median (min)", "runs", ...names], rows);
}

/**
 * The best of ours against the floor and the fastest of the others, and how far the others' own runs
 * lie apart: a ratio inside of that says nothing.
 */
export function ratioTable(measured: Measured, { floor, ours, names }: Columns): string {
  const rows = [...measured].flatMap(([operation, cells]) => {
    const others = names.filter((name) => name !== floor && !ours.includes(name))
      .flatMap((name) => cells.has(name) ? [[name, median(cells.get(name)!)] as const] : [])
      .sort((a, b) => a[1] - b[1]);
    const fastest = others[0];
    return ours.flatMap((name) => {
      const times = cells.get(name);
      if (times === undefined) return [];
      const own = median(times);
      const base = cells.get(floor);
      return [[
        OPERATIONS[operation],
        name,
        base === undefined ? "–" : (own / median(base)).toFixed(2),
        fastest === undefined ? "–" : `${(own / fastest[1]).toFixed(2)} (${fastest[0]})`,
        fastest === undefined ? "–" : spread(cells.get(fastest[0])!),
        ...others.slice(1).map(([other, ms]) => `${other} ${(own / ms).toFixed(2)}`).join(", ")
          .split("\n"),
      ]];
    });
  });
  const head = ["", "ours", "of the floor", "of the fastest other", "its spread", "of the rest"];
  return markdown(head, rows);
}

/** The middle 80 % of the runs, as parts of their median. */
function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)]!;
  const middle = median(sorted);
  return `${(at(0.1) / middle).toFixed(2)}–${(at(0.9) / middle).toFixed(2)}`;
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Rows as a Markdown table. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
