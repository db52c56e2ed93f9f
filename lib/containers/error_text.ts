import type { NodeBystander, WaitContextFields } from "./errors.ts";
import type { TimelineEntry } from "./node_status.ts";

/** An error of a wait is read in a terminal: the last lines say most. */
const STDERR_LINES = 10;
const STDOUT_LINES = 5;
/** A network may have hundreds of nodes. */
const SHOWN_NODES = 20;

/**
 * Puts an exit into words.
 *
 * @param exitCode Exit code; `undefined` when it was ended by us.
 * @param oomKilled Whether the kernel killed it for memory.
 * @returns For example `with exit code 137 (SIGKILL), out of memory`.
 */
export function describeExit(exitCode: number | undefined, oomKilled: boolean): string {
  if (exitCode === undefined) return "because it was terminated";
  const signal = SIGNALS[exitCode - 128];
  return `with exit code ${exitCode}${signal === undefined ? "" : ` (${signal})`}` +
    (oomKilled ? ", out of memory" : "");
}

// Exit codes above 128 are a shell's and the engine's way to name a signal (man 7 signal).
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};

/**
 * Puts a time line into words.
 *
 * @param timeline What happened.
 * @returns For example `0.00 s created, 0.21 s started`.
 */
export function renderTimeline(timeline: readonly TimelineEntry[]): string {
  const start = timeline[0]?.atMs ?? 0;
  // An end has the engine's clock, a start the moment at which we heard of it: a short run would
  // seem to end before it began.
  let latest = start;
  return timeline.map(({ atMs, what }) => {
    latest = Math.max(latest, atMs);
    return `${((latest - start) / 1000).toFixed(2)} s ${what}`;
  })
    .join(", ");
}

/**
 * Puts what an error of a wait knows into lines below its message.
 *
 * @param context Last words, time line, others.
 * @returns Nothing when nothing is known, else text that begins with a line end.
 */
export function renderContext(context: WaitContextFields): string {
  const { stdoutTail, stderrTail, timeline, others } = context;
  const lines: string[] = [];
  if (timeline.length > 0) lines.push(`  time line: ${renderTimeline(timeline)}`);
  if (stderrTail !== "") {
    lines.push(`  stderr ends with:\n${indent(lastLines(stderrTail, STDERR_LINES), 4)}`);
  }
  if (stdoutTail !== "") {
    lines.push(`  stdout ends with:\n${indent(lastLines(stdoutTail, STDOUT_LINES), 4)}`);
  }
  lines.push(...bystanderLines("Last lines of the others", others));
  return lines.map((line) => `\n${line}`).join("");
}

/**
 * Puts what nodes did into lines.
 *
 * @param title Goes first.
 * @param nodes The nodes.
 * @returns Nothing when there are none.
 */
export function bystanderLines(
  title: string,
  nodes: readonly NodeBystander[],
): readonly string[] {
  if (nodes.length === 0) return [];
  const lines = nodes.slice(0, SHOWN_NODES).map(({ name, state, timeline, lastLines }) => {
    const when = timeline.length === 0 ? "" : `: ${renderTimeline(timeline)}`;
    return [`  ${name} (${state})${when}`, ...lastLines.map((line) => `    ${line}`)].join("\n");
  });
  const more = nodes.length - lines.length;
  return [`${title}:`, ...lines, ...more > 0 ? [`  and ${more} more`] : []];
}

/**
 * Takes the last lines of a text.
 *
 * @param text Any text.
 * @param count How many lines.
 */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Puts spaces before every line.
 *
 * @param text Any text.
 * @param by How many.
 */
export function indent(text: string, by: number): string {
  const space = " ".repeat(by);
  return text.trimEnd().split("\n").map((line) => space + line).join("\n");
}
