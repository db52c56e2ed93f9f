import { checkNodes } from "./check_container.ts";
import type { Condition } from "./conditions.ts";
import { checkGraph, wavesOf } from "./graph.ts";
import { dependenciesOf, type NodeSpec } from "./spec.ts";

/** A node of a network in the order of its start. */
export interface PlanStep {
  /** The node. */
  readonly spec: NodeSpec;
  /** 0 for those that wait for nothing, else one more than the latest that it waits for. */
  readonly wave: number;
  /** What it waits for. */
  readonly after: readonly { readonly name: string; readonly condition: Condition }[];
}

/**
 * Orders nodes as a network would start them, and finds the mistakes that need no engine to be
 * found. Nothing is connected to or made.
 *
 * @param network Name for errors.
 * @param specs Containers and host commands.
 * @returns One step for each, by wave; within a wave in the order that was given.
 * @throws {GraphError} when the dependencies make no sense.
 * @throws {TypeError} when two have one name, or a container cannot be made as it is specified.
 * @throws {RangeError} when a port cannot be one.
 * @example
 * ```ts
 * import { container, planNetwork } from "@superorch/superorch/containers";
 *
 * const steps = planNetwork("shop", [
 *   container("app", "shop:dev", { dependsOn: { db: "healthy" } }),
 *   container("db", "postgres:16", { health: ["pg_isready"] }),
 * ]);
 * console.log(steps.map(({ spec, wave }) => `${wave} ${spec.name}`)); // ["0 db", "1 app"]
 * ```
 */
export function planNetwork(network: string, specs: readonly NodeSpec[]): readonly PlanStep[] {
  const byName = new Map<string, NodeSpec>();
  for (const spec of specs) {
    if (byName.has(spec.name)) {
      throw new TypeError(`Cannot add "${spec.name}" to network "${network}": the name is taken`);
    }
    byName.set(spec.name, spec);
  }
  checkGraph(network, byName);
  checkNodes(specs);
  const waves = wavesOf(byName);
  return specs
    .map((spec) => ({
      spec,
      wave: waves.get(spec.name)!,
      after: dependenciesOf(spec).map(([name, condition]) => ({ name, condition })),
    }))
    .toSorted((a, b) => a.wave - b.wave);
}
