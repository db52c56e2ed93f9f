import { escapeControls } from "../commands/mod.ts";
import { isProbablyNotRootCause, renderError } from "../errors/mod.ts";
import { bystanderLines, describeExit, indent, lastLines, renderTimeline } from "./error_text.ts";
import {
  NetworkFailedError,
  NetworkTimeoutError,
  type NodeBystander,
  type NodeFailure,
  type WaitContextFields,
} from "./errors.ts";
import type { GraphNode } from "./node.ts";

/** How much of an output a report shows at most. */
const TAIL_BYTES = 10_000;
/** How many lines of those that did not fail a report shows. */
const BYSTANDER_LINES = 3;
/** How much of each of these lines. */
const LINE_LENGTH = 300;

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
  const others = talkative(nodes.filter((node) => !hasFailed(node)));
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

/**
 * Gathers what an error of a wait should know about a node.
 *
 * @param node The one that was waited for.
 * @param nodes All nodes of its network.
 */
export function waitContext(node: GraphNode, nodes: readonly GraphNode[]): WaitContextFields {
  const { status, output } = node;
  return {
    stdoutTail: tailText(output.stdout.tail.bytes()),
    stderrTail: tailText(output.stderr.tail.bytes()),
    timeline: [...status.timeline],
    others: talkative(nodes.filter((one) => one !== node)),
  };
}

/**
 * Makes the error of a wait that took too long.
 *
 * @param wanted What did not happen: `"db" did not become healthy within 500 ms`.
 * @param network Its name.
 * @param late Those that were waited for.
 * @param nodes All nodes of the network.
 * @param cause The time-out.
 */
export function timeoutReport(
  wanted: string,
  network: string,
  late: readonly GraphNode[],
  nodes: readonly GraphNode[],
  cause: unknown,
): NetworkTimeoutError {
  const others = talkative(nodes.filter((node) => !late.includes(node)));
  return new NetworkTimeoutError(
    wanted,
    { network, late: late.map(bystanderOf), others },
    { cause },
  );
}

/** Those of some nodes that have written something. */
function talkative(nodes: readonly GraphNode[]): readonly NodeBystander[] {
  return nodes.map(bystanderOf).filter(({ lastLines }) => lastLines.length > 0);
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
    timeline: [...status.timeline],
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
    lastLines: text.trimEnd().split("\n").filter((line) => line !== "").slice(-BYSTANDER_LINES)
      .map((line) => line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line),
    timeline: [...status.timeline],
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
  parts.push(...bystanderLines("Last lines of the others", others));
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
  const lines = [`${title(failure)} (${origin}) ${verdict(failure)}`];
  if (error !== undefined) lines.push(renderError(error).slice(1));
  lines.push(`  time line: ${renderTimeline(timeline)}`);
  if (stderrTail !== "") lines.push(`  stderr ends with:\n${indent(stderrTail, 4)}`);
  if (stdoutTail !== "" && (stderrTail === "" || error === undefined)) {
    lines.push(
      `  stdout ends with:\n${indent(lastLines(stdoutTail, stderrTail === "" ? 20 : 5), 4)}`,
    );
  }
  return lines.join("\n");
}

// Cut by bytes, then decoded without complaint: half a character at the cut becomes U+FFFD.
function tailText(bytes: Uint8Array): string {
  return escapeControls(new TextDecoder().decode(bytes.subarray(-TAIL_BYTES)));
}
