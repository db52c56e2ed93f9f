import { TimeoutError } from "../errors/mod.ts";
import type { EngineClient } from "../engine/mod.ts";
import { Deadline } from "../retry/mod.ts";
import { requireKnownOptions } from "./_known_options.ts";
import { type Condition, conditionProblem, describeCondition } from "./conditions.ts";
import type { NodeResult, RunOptions, WaitOptions } from "./network_spec.ts";
import type { GraphNode } from "./node.ts";
import type { NodeRegistry } from "./node_registry.ts";
import { resultOf } from "./node_result.ts";
import { failureReport, hasFailed, timeoutReport } from "./report.ts";
import { waitForCondition } from "./wait_condition.ts";
import { waitForEnds } from "./wait_for_ends.ts";

/** What the waits of a network look at. */
export interface WaitsContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Name of the network. */
  readonly name: string;
  /** Its nodes. */
  readonly registry: NodeRegistry;
  /** Where the complete logs are. */
  readonly logDir: string | undefined;
  /** Ends every wait. */
  readonly interrupted: AbortSignal;
  /** Ends everything, and gives the report of why. */
  readonly onFailure: () => Promise<unknown>;
}

/** Waits until nodes have ended, and looks after all the others meanwhile. */
export async function waitForNodes(
  names: readonly string[] | undefined,
  options: WaitOptions,
  { name, registry, logDir, interrupted, onFailure }: WaitsContext,
): Promise<ReadonlyMap<string, NodeResult>> {
  requireKnownOptions(options, "wait", `wait for network "${name}"`);
  const wanted = registry.selectToWait(names);
  using deadline = Deadline.after(options.timeoutMs, {
    signal: anySignal([options.signal, interrupted]),
    what: `wait for network "${name}"`,
  });
  const { terminateOnFailure = true } = options;
  // What was reported by an earlier wait is not reported again.
  const watched = terminateOnFailure ? registry.uncollected : [];
  try {
    await waitForEnds(wanted, watched, deadline.signal);
  } catch (error) {
    const late = wanted.filter(({ status }) => !status.isOver);
    const text = `Network "${name}" did not end within ${options.timeoutMs} ms`;
    throw lateError(error, text, name, late, registry.nodes);
  }
  const failed = (terminateOnFailure ? watched : wanted).some(hasFailed);
  for (const node of wanted) if (node.status.isOver) registry.collect(node);
  if (failed) throw terminateOnFailure ? await onFailure() : failureReport(name, wanted, logDir);
  return new Map(wanted.map((node) => [node.spec.name, resultOf(node)]));
}

/** Waits for a condition of one node. */
export async function waitForNode(
  nodeName: string,
  condition: Condition,
  options: RunOptions,
  { engine, name, registry, interrupted }: WaitsContext,
): Promise<void> {
  requireKnownOptions(options, "run", `wait for "${nodeName}"`);
  const node = registry.requireNode(nodeName);
  const problem = conditionProblem(condition);
  if (problem !== undefined) throw new TypeError(`Cannot wait for "${nodeName}": ${problem}`);
  using deadline = Deadline.after(options.timeoutMs, {
    signal: anySignal([options.signal, interrupted]),
    what: `wait for "${nodeName}" to ${describeCondition(condition)}`,
  });
  const { signal } = deadline;
  try {
    await waitForCondition(node, condition, { engine, nodes: () => registry.nodes, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const wanted = `"${nodeName}" did not ${describeCondition(condition)}`;
    const text = `${wanted} within ${options.timeoutMs} ms`;
    throw lateError(error, text, name, [node], registry.nodes);
  }
}

/**
 * Makes the error of a wait that ended early.
 *
 * @param reason Why it ended: an abort by the caller's own signal is told in the caller's own words.
 * @param wanted What did not happen.
 * @param network Name of the network.
 * @param late Those that were waited for.
 * @param nodes All nodes of the network.
 */
export function lateError(
  reason: unknown,
  wanted: string,
  network: string,
  late: readonly GraphNode[],
  nodes: readonly GraphNode[],
): unknown {
  if (!(reason instanceof TimeoutError)) return reason;
  return timeoutReport(wanted, network, late, nodes, reason);
}

/** One signal of those that there are. */
export function anySignal(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}
