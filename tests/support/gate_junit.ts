/** Totals of one run of `deno test`. */
export interface Totals {
  /** Tests and steps that passed. */
  readonly passed: number;
  /** Tests and steps that failed; at least one where the run did not end well. */
  readonly failed: number;
  /** Tests that said that they do not apply here. */
  readonly ignored: number;
}

/**
 * Counts a run by its report, never by its output: a test can print a summary line of its own.
 *
 * A type error or a module that throws leaves no report, or one without failures, so the exit code
 * decides whether there was one.
 *
 * @param report The text of the file that `--junit-path` names; empty if there is none.
 * @param code The exit code.
 * @returns The totals.
 */
export function readTotals(report: string, code: number): Totals {
  const head = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? "";
  const attribute = (name: string) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const ignored = report.match(/^\s*<skipped\s*\/>/gm)?.length ?? 0;
  const reported = attribute("failures") + attribute("errors");
  const failed = code !== 0 && reported === 0 ? 1 : reported;
  const passed = Math.max(0, attribute("tests") - reported - ignored);
  return { passed, failed, ignored };
}
