import { OrchestraError } from "../errors.ts";
import type { Action, BuildTarget } from "../model.ts";
import { qualifiedName } from "../model.ts";
import { type ActionGraph, isAction, nodeName } from "./action_graph.ts";
import { reachable } from "./components.ts";
import { DynamicOrder } from "./dynamic_order.ts";

/** Builds of a component that cannot come one after the other. */
export interface BuildConflict {
  /** The component. */
  readonly component: string;
  /** Names of the builds, sorted. */
  readonly builds: readonly string[];
  /** What stands against every order; one sentence without a final period. */
  readonly reason: string;
}

/** Builds of a component are both needed at the same time. */
export class BuildOrderError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "BuildOrderError";
  /** All components with such builds, at least one. */
  readonly conflicts: readonly BuildConflict[];

  /**
   * Makes the error.
   *
   * @param conflicts All components with such builds, at least one.
   */
  constructor(conflicts: readonly BuildConflict[]) {
    super(
      conflicts.map(({ component, reason }) =>
        `Could not enforce an order between actions of component ${component} pertaining to ` +
        `multiple builds\n${reason}`
      ).join("\n"),
    );
    this.conflicts = conflicts;
  }
}

/** What {@linkcode orderBuilds} takes. */
export interface OrderBuildsOptions {
  /** An acyclic graph of actions, to which edges are added. */
  readonly graph: ActionGraph;
  /** All its nodes, each after those that it leads to. */
  readonly order: readonly number[];
  /** Installs that were removed because they are satisfied, each with what depends on it. */
  readonly kept: ReadonlyMap<number, readonly number[]>;
  /** Whether a build was asked for by name, or is the default one: it shall stay installed. */
  readonly shallStay: (target: BuildTarget) => boolean;
}

/**
 * Orders the actions of components of which more than one build is installed one after the other:
 * whatever depends on a build runs after that build was installed and before the next one is.
 *
 * The original tries all permutations of the builds of a component. Here a build comes before
 * another one if anything of it is needed there, and otherwise those that shall stay come last,
 * then by name.
 *
 * @throws {BuildOrderError} when there is no such order.
 */
export function orderBuilds(options: OrderBuildsOptions): void {
  const { graph } = options;
  const components = groupsOf(options);
  if (components.size === 0) return;
  const order = new DynamicOrder(graph, options.order);
  const conflicts: BuildConflict[] = [];
  for (const component of [...components.keys()].sort()) {
    const groups = components.get(component)!;
    const reason = orderGroups(component, groups, graph, order);
    const builds = groups.map(({ build }) => build).sort();
    if (reason !== undefined) conflicts.push({ component, builds, reason });
  }
  if (conflicts.length > 0) throw new BuildOrderError(conflicts);
}

/** Adds the edges of one component, or says what is against it. */
function orderGroups(
  component: string,
  groups: readonly Group[],
  graph: ActionGraph,
  order: DynamicOrder,
): string | undefined {
  const sorted = sortGroups(component, groups, graph, order);
  if (typeof sorted === "string") return sorted;
  for (let at = 1; at < sorted.length; at++) {
    const [before, after] = [sorted[at - 1]!, sorted[at]!];
    // What is first in the one after what is last in the other orders all the rest.
    for (const from of firsts(after, graph)) {
      for (const to of lasts(before, graph)) {
        if (!order.order(from, to)) return conflict(graph, from, to, before, after);
      }
    }
  }
  return undefined;
}

/**
 * Installs a build once more that is there already, where something needs it after another build
 * of its component has taken its place.
 *
 * @param graph The graph, to which such installs are added.
 * @param kept Installs that were removed because they are satisfied, each with what depends on it;
 * those that are added are taken out.
 */
export function restoreReplaced(
  graph: ActionGraph,
  kept: Map<number, readonly number[]>,
): void {
  const scheduled = new Map<string, number[]>();
  for (const index of graph.indices()) {
    const node = graph.nodes[index]!;
    if (node.kind !== "install") continue;
    scheduled.set(node.component, [...scheduled.get(node.component) ?? [], index]);
  }
  for (const [index, dependants] of [...kept]) {
    const node = graph.nodes[index]!;
    if (node.kind !== "install") continue;
    const others = scheduled.get(node.component);
    const users = dependants.filter((user) => graph.has(user));
    if (others === undefined || users.length === 0) continue;
    const needed = reachable(graph, users);
    if (!others.some((other) => needed[other])) continue;
    graph.add(node);
    for (const user of users) graph.connect(user, index);
    kept.delete(index);
  }
}

/** The actions of a build, and what depends on them. */
interface Group {
  readonly build: string;
  readonly own: readonly number[];
  readonly dependants: readonly number[];
  /** Whether the build is there already. */
  readonly kept: boolean;
  readonly shallStay: boolean;
}

function groupsOf(
  { graph, kept, shallStay }: OrderBuildsOptions,
): ReadonlyMap<string, readonly Group[]> {
  const builds = new Map<string, Map<string, number[]>>();
  for (const index of graph.indices()) {
    const node = graph.nodes[index]!;
    if (!isAction(node) || node.kind === "clone") continue;
    const component = builds.get(node.component) ?? new Map<string, number[]>();
    builds.set(node.component, component);
    component.set(node.build, [...component.get(node.build) ?? [], index]);
  }
  const there = new Map<string, [number, readonly number[]]>();
  for (const [index, dependants] of kept) {
    const node = graph.nodes[index] as Action;
    if (node.kind === "install") there.set(node.component, [index, dependants]);
  }
  const predecessors = graph.predecessors();
  const result = new Map<string, readonly Group[]>();
  for (const [component, byBuild] of builds) {
    const installs = (own: readonly number[]) =>
      own.some((index) => graph.nodes[index]!.kind === "install");
    const outside = (index: number) => {
      const node = graph.nodes[index]!;
      return isAction(node) && (node.kind === "clone" || node.component !== component);
    };
    const groups: Group[] = [];
    for (const build of [...byBuild.keys()].sort()) {
      const own = byBuild.get(build)!;
      if (!installs(own)) continue;
      const dependants = [...new Set(own.flatMap((index) => predecessors[index]!))].filter(outside);
      const stays = shallStay({ component, build });
      groups.push({ build, own, dependants, kept: false, shallStay: stays });
    }
    const [index, users = []] = there.get(component) ?? [];
    const dependants = users.filter((user) => graph.has(user) && outside(user));
    if (groups.length > 0 && index !== undefined && dependants.length > 0) {
      const { build } = graph.nodes[index] as BuildTarget & Action;
      // Installed again after another build, if that was planned anyway.
      if (!groups.some((group) => group.build === build)) {
        groups.push({ build, own: [], dependants, kept: true, shallStay: false });
      }
    }
    if (groups.length > 1) result.set(component, groups);
  }
  return result;
}

function sortGroups(
  component: string,
  groups: readonly Group[],
  graph: ActionGraph,
  order: DynamicOrder,
): readonly Group[] | string {
  const members = groups.map(({ own, dependants }) => [...own, ...dependants]);
  const lowest = members.flat().reduce(
    (least, node) => Math.min(least, order.position(node)),
    Infinity,
  );
  const owners = new Map<number, number[]>();
  members.forEach((list, group) => {
    for (const node of list) owners.set(node, [...owners.get(node) ?? [], group]);
  });
  const after = members.map((list) => {
    const needed = new Set<number>();
    for (const node of order.reach(list, lowest)) {
      for (const group of owners.get(node) ?? []) needed.add(group);
    }
    return needed;
  });
  groups.forEach(({ kept }, index) => {
    if (kept) after.forEach((needed, other) => other !== index && needed.add(index));
  });
  const rank = ({ kept, shallStay }: Group) => kept ? 0 : shallStay ? 2 : 1;
  const open = groups.map((_, index) => index);
  const sorted: Group[] = [];
  while (open.length > 0) {
    const ready = open.filter((one) =>
      open.every((other) => other === one || !after[one]!.has(other))
    );
    const [next] = ready.sort((a, b) => rank(groups[a]!) - rank(groups[b]!));
    if (next === undefined) {
      const names = open.map((one) => qualifiedName({ component, build: groups[one]!.build }));
      const shared = [...owners].find(([, list]) => list.length > 1)?.[0];
      return shared === undefined
        ? `Each of ${names.join(", ")} is needed before the other`
        : `${nodeName(graph.nodes[shared]!)} needs ${names.join(" and ")} at the same time`;
    }
    sorted.push(groups[next]!);
    open.splice(open.indexOf(next), 1);
  }
  return sorted;
}

/** What of a group needs nothing else of it. */
function firsts({ own, dependants }: Group, graph: ActionGraph): readonly number[] {
  const inside = new Set(own.length > 0 ? own : dependants);
  return [...inside].filter((index) => ![...graph.out(index)].some((to) => inside.has(to)));
}

/** What of a group nothing else of it needs directly. */
function lasts({ own, dependants }: Group, graph: ActionGraph): readonly number[] {
  const all = [...own, ...dependants];
  const needed = new Set(all.flatMap((index) => [...graph.out(index)]));
  return all.filter((index) => !needed.has(index));
}

function conflict(
  graph: ActionGraph,
  from: number,
  to: number,
  before: Group,
  after: Group,
): string {
  return `${nodeName(graph.nodes[to]!)} must be done before ${nodeName(graph.nodes[from]!)}, so ` +
    `that it finds build ${before.build} and not ${after.build}, and needs it`;
}
