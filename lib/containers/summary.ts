import type { GraphNode } from "./node.ts";
import type { NodeSummary } from "./network_spec.ts";
import { ContainerNode } from "./container_node.ts";
import type { TimelineEntry } from "./node_status.ts";
import type { NodeEvent } from "./run_event.ts";
import type { NodeSpec } from "./spec.ts";

/**
 * Makes one line of the summary of a network.
 *
 * @param spec The node.
 * @param node The node as it was run, `undefined` if it was not.
 * @param startedAtMs When the network began, in milliseconds since 1970.
 */
export function summaryOf(
  spec: NodeSpec,
  node: GraphNode | undefined,
  startedAtMs: number,
): NodeSummary {
  if (node === undefined) {
    const origin = spec.kind === "command"
      ? String(spec.command)
      : spec.image.kind === "reference"
      ? spec.image.reference
      : spec.image.path ?? "Dockerfile";
    return {
      name: spec.name,
      origin,
      state: "not run",
      exitCode: undefined,
      readyMs: undefined,
      ranMs: undefined,
    };
  }
  const { status } = node;
  const when = (what: string) => status.timeline.find((entry) => entry.what === what)?.atMs;
  const started = when("started");
  const ready = when("healthy") ?? started;
  const ended = status.isOver ? status.timeline.at(-1)?.atMs : undefined;
  return {
    name: spec.name,
    origin: node.origin,
    state: stateOf(node),
    exitCode: status.exit?.exitCode,
    readyMs: ready === undefined ? undefined : Math.max(0, ready - startedAtMs),
    ranMs: started === undefined ? undefined : Math.max(0, (ended ?? Date.now()) - started),
  };
}

/**
 * Makes the event for a new line of a node's time line.
 *
 * @param node The node.
 * @param entry The line.
 */
export function nodeEvent(node: GraphNode, { atMs, what }: TimelineEntry): NodeEvent {
  const { spec, status } = node;
  const state = stateOf(node);
  const isContainer = node instanceof ContainerNode;
  return {
    kind: "node",
    name: spec.name,
    // The engine has not made its first check yet.
    state: state === "running" && isContainer && node.hasHealthCheck ? "starting" : state,
    what,
    atMs,
    ...(status.exit?.exitCode === undefined ? {} : { exitCode: status.exit.exitCode }),
    kept: isContainer && node.adopted,
  };
}

function stateOf({ status }: GraphNode): string {
  if (status.exit?.terminated) return "terminated";
  if (status.phase === "ended") return "exited";
  if (status.phase === "running" && status.health !== "none") return status.health;
  return status.phase;
}
