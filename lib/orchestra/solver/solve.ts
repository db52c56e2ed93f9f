import { OrchestraError } from "../errors.ts";
import {
  type Action,
  actionId,
  actionName,
  type BuildTarget,
  type Plan,
  type PlannedAction,
  qualifiedName,
  targetName,
} from "../model.ts";
import { type ActionGraph, isAction, nodeName } from "./action_graph.ts";
import { assignChoices } from "./assign_choices.ts";
import { collect, type Collected, satisfaction, type SolverInput } from "./collect.ts";
import { findCycle, stronglyConnected } from "./components.ts";
import { BuildOrderError, orderBuilds, restoreReplaced } from "./order_builds.ts";
import { openIdleCycles, removeSatisfied, removeUnreachable, simplifyChoices } from "./prune.ts";
import { reasonOf } from "./reasons.ts";
import { topologicalOrder } from "./schedule.ts";
import { reduceTransitively } from "./transitive_reduction.ts";

/** Which steps of solving are left out, to look at what they do. */
export interface SolveSteps {
  /** Remove what the choices have made unreachable. Default `true`. */
  readonly removeUnreachable?: boolean;
  /** Replace choices by what was chosen. Default `true`. */
  readonly simplifyChoices?: boolean;
  /** Remove what is satisfied and needs nothing that is not. Default `true`. */
  readonly removeSatisfied?: boolean;
  /** Remove edges that follow from others. Default `true`. */
  readonly reduceTransitively?: boolean;
}

/** Actions depend on each other in a circle, and there is nothing to choose. */
export class DependencyCycleError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "DependencyCycleError";
  /** The circle: names of actions, of which the first is also the last. */
  readonly cycle: readonly string[];

  /**
   * Makes the error.
   *
   * @param cycle Names of actions, of which the first is also the last.
   */
  constructor(cycle: readonly string[]) {
    super(
      `A cycle was found in the solved dependency graph: [${cycle.join(", ")}]\n` +
        cycle.join(" -> "),
    );
    this.cycle = cycle;
  }
}

/** A graph that has been solved. It may still have cycles that no choice could break. */
export interface Solved {
  /** The graph, without the root. */
  readonly graph: ActionGraph;
  /** The indices of what was asked for and is in the graph. */
  readonly requested: ReadonlySet<number>;
  /** For each node those that depend on it; without those that only run after it. */
  readonly users: readonly (readonly number[])[];
  /** Tells whether nothing is to be done for an action. */
  readonly isSatisfied: (action: Action) => boolean;
}

/**
 * Finds out what has to be done, without an order yet: makes all choices, removes what is done
 * already, and makes builds of the same component come one after the other.
 *
 * @param input What is wanted, and of what.
 * @param steps Steps that are left out.
 * @returns The graph.
 * @throws {NoAssignmentError} when choices cannot be made without a cycle.
 * @throws {BuildOrderError} when two builds of a component are needed at the same time.
 */
export function solveGraph(input: SolverInput, steps: SolveSteps = {}): Solved {
  const isSatisfied = satisfaction(input);
  const agreed = new Map<string, string>();
  const tried = new Set<string>();
  let first: BuildOrderError | undefined;
  for (let round = 1;; round++) {
    const collected = collect(input);
    try {
      return solveCollected(input, steps, collected, isSatisfied, agreed);
    } catch (error) {
      if (!(error instanceof BuildOrderError)) throw error;
      first ??= error;
      // The first one is about what is preferred, and says most.
      if (round === MAX_ROUNDS || !agree(input, error, collected, agreed, tried)) throw first;
    }
  }
}

/** How often choices are made again; each time agrees on builds of all components in question. */
const MAX_ROUNDS = 20;

/**
 * Where several builds of a component cannot come one after the other, all who leave a choice shall
 * take the same one: one that somebody insists on, or else the default one, or else any other.
 *
 * @returns False when all have been tried.
 */
function agree(
  { configuration }: SolverInput,
  { conflicts }: BuildOrderError,
  { exact }: Collected,
  agreed: Map<string, string>,
  tried: Set<string>,
): boolean {
  let isNew = false;
  for (const { component, builds } of conflicts) {
    const byDefault = configuration.components.get(component)!.defaultBuild;
    const rank = (build: string) =>
      (exact.has(`install ${component}@${build}`) ? 0 : 2) + (build === byDefault ? 0 : 1);
    const next = builds.toSorted((a, b) => rank(a) - rank(b))
      .find((build) => !tried.has(`${component}@${build}`));
    if (next === undefined) continue;
    tried.add(`${component}@${next}`);
    agreed.set(component, next);
    isNew = true;
  }
  return isNew;
}

function solveCollected(
  input: SolverInput,
  steps: SolveSteps,
  { graph, root, requested }: Collected,
  isSatisfied: (action: Action) => boolean,
  agreed: ReadonlyMap<string, string>,
): Solved {
  assignChoices(graph, root, isSatisfied, agreed);
  if (steps.removeUnreachable !== false) removeUnreachable(graph, [root]);
  if (steps.simplifyChoices !== false) simplifyChoices(graph);
  graph.remove(new Set([root]));
  const kept = new Map<number, readonly number[]>();
  if (steps.removeSatisfied !== false) {
    const before = graph.predecessors();
    const forced = new Set(input.request.noForce === true ? [] : requested);
    const gone = removeSatisfied(graph, isSatisfied, forced);
    for (const index of forced) graph.add(graph.nodes[index]!);
    for (const index of gone) {
      if (isAction(graph.nodes[index]!) && !forced.has(index)) kept.set(index, before[index]!);
    }
    const starts = requested.filter((index) => graph.has(index));
    if (steps.removeUnreachable !== false) removeUnreachable(graph, starts);
  }
  restoreReplaced(graph, kept);
  const users = graph.predecessors();
  const compare = comparison(graph);
  openIdleCycles(graph, isSatisfied, compare);
  const order = topologicalOrder(graph, compare);
  const isAcyclic = order.length === [...graph.indices()].length;
  // With a cycle there is no order at all: that will be told instead.
  if (isAcyclic) {
    const asked = new Set(requested.map((index) => targetOf(graph, index)));
    const { components } = input.configuration;
    const shallStay = (target: BuildTarget) =>
      asked.has(qualifiedName(target)) ||
      components.get(target.component)?.defaultBuild === target.build;
    orderBuilds({ graph, order, kept, shallStay });
    if (steps.reduceTransitively !== false) {
      reduceTransitively(graph, topologicalOrder(graph, compare));
    }
  }
  return {
    graph,
    users,
    isSatisfied,
    requested: new Set(requested.filter((index) => graph.has(index))),
  };
}

/**
 * Plans what has to be done. The same question always gets the same plan: of actions that could
 * come next, the one with the smallest name does.
 *
 * @param input What is wanted, and of what.
 * @returns All actions, in order.
 * @throws {NoAssignmentError} when choices cannot be made without a cycle.
 * @throws {BuildOrderError} when two builds of a component are needed at the same time.
 * @throws {DependencyCycleError} when something depends on itself.
 */
export function solve(input: SolverInput): Plan {
  const { graph, users, requested, isSatisfied } = solveGraph(input);
  const order = topologicalOrder(graph, comparison(graph));
  if (order.length < [...graph.indices()].length) {
    const cyclic = stronglyConnected(graph).filter((members) =>
      members.length > 1 || graph.out(members[0]!).has(members[0]!)
    );
    const compare = comparison(graph);
    const [first = []] = cyclic.map((members) => members.toSorted(compare))
      .sort(([a], [b]) => compare(a!, b!));
    const cycle = findCycle(graph, first);
    throw new DependencyCycleError(cycle.map((index) => nodeName(graph.nodes[index]!)));
  }
  const position = new Map(order.map((index, at) => [index, at]));
  const actions = order.map((index): PlannedAction => {
    const action = graph.nodes[index] as Action;
    const satisfied = isSatisfied(action);
    const isRequested = requested.has(index);
    const [user] = users[index]!.filter((one) => graph.has(one))
      .sort((a, b) => position.get(a)! - position.get(b)!);
    const reason = reasonOf(action, {
      world: input.world,
      hashes: input.hashes,
      requested: isRequested,
      satisfied,
      neededBy: user === undefined ? undefined : graph.nodes[user] as Action,
    });
    const after = [...graph.out(index)].map((to) => actionId(graph.nodes[to] as Action)).sort();
    return { action, id: actionId(action), after, requested: isRequested, satisfied, reason };
  });
  return { actions };
}

function targetOf(graph: ActionGraph, index: number): string {
  const node = graph.nodes[index]!;
  return isAction(node) && node.kind !== "clone" ? qualifiedName(node) : "";
}

const RANKS: Readonly<Record<string, number>> = { clone: 0, configure: 1, install: 2 };

/** Compares nodes by what they are about, and then by what is done with it. */
function comparison(graph: ActionGraph): (a: number, b: number) => number {
  const keys = graph.nodes.map((node) =>
    isAction(node) ? `${targetName(node)}\0${RANKS[node.kind]}` : nodeName(node)
  );
  return (a, b) => {
    const [left, right] = [keys[a]!, keys[b]!];
    return left < right ? -1 : left > right ? 1 : a - b;
  };
}

/** What `orc install --pretend` prints for a planned action. */
export function executingLine({ action }: Pick<PlannedAction, "action">): string {
  return `Executing Action ${actionName(action)}`;
}
