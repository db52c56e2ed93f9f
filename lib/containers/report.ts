import { escapeControls } from "../commands/mod.ts";
import { isProbablyNotRootCause, renderError } from "../errors/mod.ts";
import {
  describeExit,
  NetworkFailedError,
  type NodeBystander,
  type NodeFailure,
} from "./errors.ts";
import type { GraphNode } from "./node.ts";

/** How much of an output a report shows at most. */
const TAIL_BYTES = 10_000;
/** How many lines of those that did not fail a report shows. */
const BYSTANDER_LINES = 3;

/** What a program writes to say that it failed only because another one did. */
const NOT_ROOT_CAUSE = "ProbablyNotRootCauseError";

/**
 * Makes the one report of a failed network.
 *
 * The likely cause comes first: the one that ended first, unless it says itself that it is not to
 * blame. Those that we ended are not in it.
 *
 * @param network Its name.
 * @param nodes All its nodes.
 * @param logDir Where the complete logs are.
 * @returns The error, `undefined` when no node failed.
 */
export function failureReport(
  network: string,
  nodes: readonly GraphNode[],
  logDir: string | undefined,
): NetworkFailedError | undefined {
  const failed = nodes.filter(hasFailed);
  if (failed.length === 0) return undefined;
  const failures = failed.map(failureOf).toSorted((a, b) =>
    Number(a.probablyNotRootCause) - Number(b.probablyNotRootCause) || endOf(a) - endOf(b)
  );
  const others = nodes.filter((node) => !hasFailed(node)).map(bystanderOf)
    .filter(({ lastLines }) => lastLines.length > 0);
  const fields = { network, failures, others, logDir };
  const cause = failures.find(({ error }) => error !== undefined)?.error;
  return new NetworkFailedError(
    render(network, failures, others, logDir),
    fields,
    cause === undefined ? undefined : { cause },
  );
}

/**
 * Tells whether a node failed by itself.
 *
 * @param node A node.
 * @returns `false` for one that we ended, and for an exit code that is allowed.
 */
export function hasFailed(node: GraphNode): boolean {
  const { failure, exit } = node.status;
  if (failure !== undefined) return true;
  return exit !== undefined && !exit.terminated && exit.exitCode !== 0 &&
    node.spec.allowUnsuccessful !== true;
}

function failureOf(node: GraphNode): NodeFailure {
  const { spec, status, output } = node;
  const stdoutTail = tailText(output.stdout.tail.bytes());
  const stderrTail = tailText(output.stderr.tail.bytes());
  return {
    name: spec.name,
    kind: spec.kind,
    origin: node.origin,
    exitCode: status.exit?.exitCode,
    oomKilled: status.exit?.oomKilled ?? false,
    ...(status.failure === undefined ? {} : { error: status.failure }),
    stdoutTail,
    stderrTail,
    probablyNotRootCause: isProbablyNotRootCause(status.failure) ||
      status.failure instanceof Error && status.failure.name === "DependencyError" ||
      stderrTail.includes(NOT_ROOT_CAUSE) || stdoutTail.includes(NOT_ROOT_CAUSE),
    timeline: status.timeline,
  };
}

function bystanderOf(node: GraphNode): NodeBystander {
  const { status, output } = node;
  const text = tailText(output.stderr.tail.bytes()) || tailText(output.stdout.tail.bytes());
  const state = status.exit === undefined
    ? status.health === "none" ? status.phase : status.health
    : `ended ${describeExit(status.exit.exitCode, status.exit.oomKilled)}`;
  return {
    name: node.spec.name,
    state,
    lastLines: text.trimEnd().split("\n").filter((line) => line !== "").slice(-BYSTANDER_LINES),
  };
}

function endOf(failure: NodeFailure): number {
  return failure.timeline.at(-1)?.atMs ?? 0;
}

function render(
  network: string,
  failures: readonly NodeFailure[],
  others: readonly NodeBystander[],
  logDir: string | undefined,
): string {
  const guilty = failures.filter(({ probablyNotRootCause }) => !probablyNotRootCause);
  const followers = failures.filter(({ probablyNotRootCause }) => probablyNotRootCause);
  const shown = guilty.length > 0 ? guilty : failures;
  const parts = [`Network "${network}" failed: ${headline(shown)}`, ...shown.map(section)];
  if (guilty.length > 0 && followers.length > 0) {
    const names = followers.map(({ name }) => `"${name}"`).join(", ");
    parts.push(`Failed as a consequence, by its own word or for lack of it: ${names}`);
  }
  if (others.length > 0) {
    const lines = others.map(({ name, state, lastLines }) =>
      `  ${name} (${state}):\n${indent(lastLines.join("\n"), 4)}`
    );
    parts.push(`Last lines of the others:\n${lines.join("\n")}`);
  }
  if (logDir !== undefined) parts.push(`Complete logs: ${logDir}`);
  return parts.join("\n");
}

function headline(failures: readonly NodeFailure[]): string {
  return failures.map((failure) => `${title(failure)} ${verdict(failure)}`).join("; ");
}

function title({ kind, name }: NodeFailure): string {
  return `${kind === "container" ? "container" : "host command"} "${name}"`;
}

function verdict({ error, exitCode, oomKilled }: NodeFailure): string {
  if (error !== undefined) return "could not run";
  return `ended ${describeExit(exitCode, oomKilled)}`;
}

function section(failure: NodeFailure): string {
  const { origin, error, timeline, stdoutTail, stderrTail } = failure;
  const start = timeline[0]?.atMs ?? 0;
  const line = timeline.map(({ atMs, what }) => `${((atMs - start) / 1000).toFixed(2)} s ${what}`);
  const lines = [`${title(failure)} (${origin}) ${verdict(failure)}`];
  if (error !== undefined) lines.push(renderError(error).slice(1));
  lines.push(`  time line: ${line.join(", ")}`);
  if (stderrTail !== "") lines.push(`  stderr ends with:\n${indent(stderrTail, 4)}`);
  if (stdoutTail !== "" && (stderrTail === "" || error === undefined)) {
    lines.push(
      `  stdout ends with:\n${indent(lastLines(stdoutTail, stderrTail === "" ? 20 : 5), 4)}`,
    );
  }
  return lines.join("\n");
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function indent(text: string, by: number): string {
  const space = " ".repeat(by);
  return text.trimEnd().split("\n").map((line) => space + line).join("\n");
}

// Cut by bytes, then decoded without complaint: half a character at the cut becomes U+FFFD.
function tailText(bytes: Uint8Array): string {
  return escapeControls(new TextDecoder().decode(bytes.subarray(-TAIL_BYTES)));
}
