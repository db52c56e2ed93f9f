import type { NodeSummary } from "./network_spec.ts";

const HEADER = ["NAME", "IMAGE OR COMMAND", "STATE", "EXIT", "READY AFTER", "RAN FOR"];
/** A command line can be long; what it begins with tells it apart. */
const ORIGIN_WIDTH = 44;

/**
 * Lays out the summary of a network as a table.
 *
 * @param rows What `network.summary()` gives.
 * @returns Lines with aligned columns, each ended by a newline.
 * @example
 * ```ts
 * import { formatSummary } from "@superorch/superorch/containers";
 *
 * console.log(formatSummary([{
 *   name: "db",
 *   origin: "postgres:16",
 *   state: "healthy",
 *   exitCode: undefined,
 *   readyMs: 812,
 *   ranMs: 4_020,
 * }]));
 * // NAME  IMAGE OR COMMAND  STATE    EXIT  READY AFTER  RAN FOR
 * // db    postgres:16       healthy  -     0.81 s       4.02 s
 * ```
 */
export function formatSummary(rows: readonly NodeSummary[]): string {
  const cells = rows.map(({ name, origin, state, exitCode, readyMs, ranMs }) => [
    name,
    shorten(origin),
    state,
    exitCode === undefined ? "-" : String(exitCode),
    seconds(readyMs),
    seconds(ranMs),
  ]);
  const table = [HEADER, ...cells];
  const widths = HEADER.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    `${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`
  ).join("");
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= ORIGIN_WIDTH ? line : `${line.slice(0, ORIGIN_WIDTH - 1)}…`;
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "-" : `${(ms / 1000).toFixed(2)} s`;
}
