import { conditionProblem } from "./conditions.ts";
import { dependenciesOf, type NodeSpec, sharedContainers } from "./spec.ts";

/** A network whose nodes cannot be started in any order, with every mistake in it. */
export class GraphError extends TypeError {
  /** The name of the class. */
  override readonly name: string = "GraphError";
  /** One line for each mistake. */
  readonly problems: readonly string[];

  /** Makes the message from the mistakes. */
  constructor(network: string, problems: readonly string[]) {
    super(`Cannot run network "${network}": ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * Checks that every dependency exists, that none goes in a circle, and that each can ever hold:
 * `deno run` does not check types, so a misspelt condition comes as far as this.
 *
 * @param network Name for the error.
 * @param specs All nodes.
 * @throws {GraphError} with all mistakes at once.
 */
export function checkGraph(network: string, specs: ReadonlyMap<string, NodeSpec>): void {
  const problems: string[] = [];
  for (const spec of specs.values()) {
    const shared = sharedContainers(spec);
    for (const [name, condition] of dependenciesOf(spec)) {
      const target = specs.get(name);
      const problem = conditionProblem(condition);
      if (problem !== undefined) problems.push(`"${spec.name}" waits for "${name}": ${problem}`);
      if (target === undefined) {
        if (shared.includes(name)) continue; // one that is not of this network
        problems.push(`"${spec.name}" depends on "${name}", which does not exist`);
      } else if (target.kind === "command" && condition === "healthy") {
        problems.push(
          `"${spec.name}" waits for "${name}" to be healthy, but a host command has no health check`,
        );
      }
    }
  }
  const cycle = findCycle(specs);
  if (cycle !== undefined) problems.push(`the dependencies go in a circle: ${cycle.join(" -> ")}`);
  if (problems.length > 0) throw new GraphError(network, problems);
}

/**
 * Adds to some names everything that they depend on. Ends in a circle too, which
 * {@linkcode checkGraph} tells.
 *
 * @param names Where to begin.
 * @param specs All nodes.
 * @returns The names and their dependencies, each after what it depends on.
 */
export function withDependencies(
  names: readonly string[],
  specs: ReadonlyMap<string, NodeSpec>,
): readonly string[] {
  const visited = new Set<string>();
  const ordered: string[] = [];
  const visit = (name: string) => {
    const spec = specs.get(name);
    if (spec === undefined || visited.has(name)) return;
    visited.add(name);
    for (const [dependency] of dependenciesOf(spec)) visit(dependency);
    ordered.push(name);
  };
  names.forEach(visit);
  return ordered;
}

/**
 * Numbers nodes by when they can be started at the earliest: 0 for those that wait for nothing, else
 * one more than the latest that they wait for. A circle must have been told before.
 *
 * @param specs All nodes.
 */
export function wavesOf(specs: ReadonlyMap<string, NodeSpec>): ReadonlyMap<string, number> {
  const waves = new Map<string, number>();
  for (const name of withDependencies([...specs.keys()], specs)) {
    const before = dependenciesOf(specs.get(name)!).map(([other]) => waves.get(other) ?? -1);
    waves.set(name, Math.max(-1, ...before) + 1);
  }
  return waves;
}

function findCycle(specs: ReadonlyMap<string, NodeSpec>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    const at = path.indexOf(name);
    if (at !== -1) return [...path.slice(at), name];
    if (done.has(name)) return undefined;
    path.push(name);
    const spec = specs.get(name);
    for (const [dependency] of spec === undefined ? [] : dependenciesOf(spec)) {
      const cycle = visit(dependency);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of specs.keys()) {
    const cycle = visit(name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
