import { formatDuration } from "../../retry/mod.ts";
import type { NodeResult } from "../run/result.ts";

/** Names of the columns of {@linkcode resultRows}. */
export const RESULT_COLUMNS: readonly string[] = [
  "STAGE",
  "STATUS",
  "WALL",
  "QUEUED",
  "ATTEMPTS",
  "CODE",
];

/**
 * Writes how stages ended as rows of a table.
 *
 * @param nodes How they ended.
 * @returns One row each; the reason of one that did not run stands with its status.
 */
export function resultRows(nodes: readonly NodeResult[]): readonly (readonly string[])[] {
  return nodes.map((node) => {
    const { id, status, reason, wallMs, queuedMs, attempts, exitCode } = node;
    const ran = attempts > 0;
    return [
      id,
      reason === undefined ? status : `${status}: ${reason}`,
      ran ? formatDuration(roundMs(wallMs)) : "-",
      ran ? formatDuration(roundMs(queuedMs)) : "-",
      ran ? String(attempts) : "-",
      exitCode === undefined ? "-" : String(exitCode),
    ];
  });
}

/** Nobody reads microseconds of an hour. */
function roundMs(ms: number): number {
  if (ms >= 60_000) return Math.round(ms / 1000) * 1000;
  return ms >= 1000 ? Math.round(ms / 100) * 100 : Math.round(ms);
}
