import { limiter } from "./_limit.ts";
import { wavesOf } from "./graph.ts";
import type { NetworkOptions } from "./network_spec.ts";
import type { GraphNode } from "./node.ts";
import type { NodeSpec } from "./spec.ts";

/** Host commands are asked to end and killed after this; containers are removed at once. */
const COMMAND_GRACE_MS = 1_000;

/** What the docker command and Compose give a container that says nothing of its own. */
const CONTAINER_GRACE_MS = 10_000;

/** Twice as many as are started at a time: an end is less work for the engine than a start. */
const END_WIDTH = 8;

/** How nodes are ended. */
export interface EndNodesOptions {
  /** Name of the network, for the error. */
  readonly network: string;
  /** How the network ends containers. */
  readonly stop: NetworkOptions["stop"];
  /** All nodes of the network, for the order. */
  readonly specs: ReadonlyMap<string, NodeSpec>;
  /** How long each may take. Default: containers as `stop` says, host commands 1 s. */
  readonly graceMs: number | undefined;
  /** Told of each that has ended. */
  readonly onEnded: (node: GraphNode) => void;
}

/**
 * Ends nodes and removes their containers; asked politely, what others depend on comes last.
 *
 * @param nodes Which.
 * @param options How.
 * @throws {AggregateError} with every node that could not be ended, after all were tried.
 */
export async function endNodes(
  nodes: readonly GraphNode[],
  options: EndNodesOptions,
): Promise<void> {
  const gate = limiter(END_WIDTH);
  const results: PromiseSettledResult<void>[] = [];
  for (const group of endOrder(nodes, options)) {
    results.push(
      ...await Promise.allSettled(group.map((node) =>
        gate(async () => {
          await node.terminate(options.graceMs ?? graceOf(node, options.stop));
          options.onEnded(node);
        })
      )),
    );
  }
  const errors = results.filter((result) => result.status === "rejected");
  if (errors.length === 0) return;
  throw new AggregateError(
    errors.map(({ reason }) => reason),
    `Cannot end ${errors.length} of ${nodes.length} nodes of network "${options.network}"`,
  );
}

function graceOf({ spec }: GraphNode, stop: NetworkOptions["stop"]): number {
  if (spec.kind === "command") return COMMAND_GRACE_MS;
  return stop === "ask" ? spec.stopTimeoutMs ?? CONTAINER_GRACE_MS : 0;
}

// Killed at once, nobody notices what went first.
function endOrder(
  nodes: readonly GraphNode[],
  { stop, specs }: EndNodesOptions,
): readonly (readonly GraphNode[])[] {
  if (stop !== "ask") return [nodes];
  const waves = wavesOf(specs);
  const groups = Map.groupBy(nodes, ({ spec }) => waves.get(spec.name) ?? 0);
  return [...groups].toSorted(([a], [b]) => b - a).map(([, group]) => group);
}
