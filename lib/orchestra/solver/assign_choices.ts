import { OrchestraError } from "../errors.ts";
import type { Action } from "../model.ts";
import { type ActionGraph, isAction, nodeName } from "./action_graph.ts";
import { findCycle, stronglyConnected } from "./components.ts";

/** There is no way to choose builds so that nothing depends on itself. */
export class NoAssignmentError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "NoAssignmentError";
  /** A cycle that is there with the preferred builds, as names of nodes. */
  readonly cycle: readonly string[];

  /**
   * Makes the error.
   *
   * @param cycle A cycle that is there with the preferred builds.
   */
  constructor(cycle: readonly string[]) {
    const shown = cycle.length === 0
      ? ""
      : `\nThe preferred builds depend on themselves: ${cycle.join(" -> ")}`;
    super(`Could not find an acyclic assignment for the given dependency graph${shown}`);
    this.cycle = cycle;
  }
}

/**
 * Decides for each choice which build is taken, and leaves only that edge: what is installed as it
 * should be, then the preferred build, then the others by name, the first with which no cycle
 * remains in which something is to be done. Choices near to the root are made first.
 *
 * The original tries assignments one after the other, which takes exponential time. Here a build
 * is tried by asking whether what is still open could be completed, which one pass over the edges
 * of a cycle answers: a node can be done if all that it needs can, a choice if one of its builds
 * can. Many choices are tried at once and halved only when that fails.
 *
 * @param graph The graph, which is changed.
 * @param root The index of the root.
 * @param isSatisfied Tells whether there is nothing to be done for an action.
 * @param agreed Builds that come before all others, by component. Default: none.
 * @throws {NoAssignmentError} when there is none.
 */
export function assignChoices(
  graph: ActionGraph,
  root: number,
  isSatisfied: (action: Action) => boolean,
  agreed: ReadonlyMap<string, string> = new Map(),
): void {
  const satisfied = (index: number): boolean => {
    const node = graph.nodes[index]!;
    // A choice is as satisfied as what is chosen.
    return !isAction(node) || isSatisfied(node);
  };
  const everything = stronglyConnected(graph);
  const indices = [...graph.indices()];
  let possible = new Possible(graph, satisfied, () => false, contradictory(graph));
  let all = possible.all(indices, new Map());
  if (!all.has(root)) {
    possible = new Possible(graph, satisfied, hopeless(graph, everything, satisfied), new Set());
    all = possible.all(indices, new Map());
  }
  if (!all.has(root)) throw new NoAssignmentError(preferredCycle(graph, everything, satisfied));

  const alternatives = (index: number): readonly number[] => {
    const node = graph.nodes[index]!;
    if (node.kind !== "choice") return [];
    const rank = (to: number) => {
      const action = graph.nodes[to]!;
      const build = action.kind === "install" ? action.build : undefined;
      if (build === agreed.get(node.component)) return 0;
      if (satisfied(to)) return 1;
      return build === node.preferred ? 2 : 3;
    };
    // They are sorted by name already, and sorting is stable.
    return [...graph.out(index)].sort((a, b) => rank(a) - rank(b));
  };

  const reached = new Uint8Array(graph.size);
  reached[root] = 1;
  // From the root on, so that it is known which nodes of a component are needed.
  for (const members of everything.toReversed()) {
    const inside = new Set(members);
    const entries = members.filter((member) => reached[member]);
    if (entries.length === 0) continue;
    const choices = members.filter((member) => graph.nodes[member]!.kind === "choice")
      .sort((a, b) => a - b);
    const picks = assignComponent(members, entries, choices, alternatives, possible.within(all));
    for (const [choice, pick] of picks) {
      for (const to of [...graph.out(choice)]) if (to !== pick) graph.disconnect(choice, to);
    }
    const open = [...entries];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const to of graph.out(node)) {
        if (reached[to]) continue;
        reached[to] = 1;
        if (inside.has(to)) open.push(to);
      }
    }
  }
}

type Picks = Map<number, number>;
/** Nodes of a component that can be done, with some choices made. */
type Check = (members: readonly number[], picks: Picks) => ReadonlySet<number>;

function assignComponent(
  members: readonly number[],
  entries: readonly number[],
  choices: readonly number[],
  alternatives: (index: number) => readonly number[],
  check: Check,
): Picks {
  const picks: Picks = new Map();
  // What cannot be done with any choices is not made worse by some of them.
  const before = members.length === 1 ? undefined : check(members, picks);
  const needed = entries.filter((entry) => before?.has(entry));
  const works = () => {
    if (before === undefined) return true;
    const done = check(members, picks);
    return needed.every((entry) => done.has(entry));
  };
  const assign = (from: number, to: number): void => {
    if (from === to) return;
    const part = choices.slice(from, to);
    for (const choice of part) picks.set(choice, alternatives(choice)[0]!);
    if (works()) return;
    for (const choice of part) picks.delete(choice);
    if (part.length > 1) {
      const middle = Math.ceil((from + to) / 2);
      assign(from, middle);
      assign(middle, to);
      return;
    }
    const [choice] = part;
    for (const alternative of alternatives(choice!).slice(1)) {
      picks.set(choice!, alternative);
      if (works()) return;
    }
  };
  if (members.length === 1) {
    const done = check([], picks);
    for (const choice of choices) {
      const all = alternatives(choice);
      picks.set(choice, all.find((one) => done.has(one)) ?? all[0]!);
    }
  } else assign(0, choices.length);
  return picks;
}

/** Finds the nodes that can be done: in some order, or in cycles with nothing to be done. */
class Possible {
  readonly #graph: ActionGraph;
  readonly #satisfied: (index: number) => boolean;
  readonly #ignored: (from: number, to: number) => boolean;
  readonly #impossible: ReadonlySet<number>;

  constructor(
    graph: ActionGraph,
    satisfied: (index: number) => boolean,
    ignored: (from: number, to: number) => boolean,
    impossible: ReadonlySet<number>,
  ) {
    this.#graph = graph;
    this.#satisfied = satisfied;
    this.#ignored = ignored;
    this.#impossible = impossible;
  }

  /** A check inside a part of the graph, where what is outside can be done or not. */
  within(outside: ReadonlySet<number>): Check {
    return (members, picks) => members.length === 0 ? outside : this.all(members, picks, outside);
  }

  all(members: readonly number[], picks: Picks, outside?: ReadonlySet<number>): Set<number> {
    const done = new Set<number>();
    const inside = outside === undefined ? undefined : new Set(members);
    // How many nodes each still waits for; a choice waits for one.
    const waiting = new Map<number, number>();
    const users = new Map<number, number[]>();
    const ready: number[] = [];
    for (const member of members) {
      if (this.#impossible.has(member)) continue;
      const pick = picks.get(member);
      const targets = pick === undefined ? [...this.#graph.out(member)] : [pick];
      const isChoice = this.#graph.nodes[member]!.kind === "choice";
      let missing = 0;
      let hasOne = false;
      for (const to of targets) {
        if (this.#ignored(member, to)) continue;
        if (inside !== undefined && !inside.has(to)) {
          if (outside!.has(to)) hasOne = true;
          else missing++;
          continue;
        }
        missing++;
        const list = users.get(to);
        if (list === undefined) users.set(to, [member]);
        else list.push(member);
      }
      const waits = isChoice ? (hasOne || targets.length === 0 ? 0 : 1) : missing;
      waiting.set(member, waits);
      if (waits === 0) ready.push(member);
    }
    const spread = () => {
      for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
        if (done.has(node)) continue;
        done.add(node);
        for (const user of users.get(node) ?? []) {
          const waits = waiting.get(user)! - 1;
          waiting.set(user, waits);
          if (waits === 0) ready.push(user);
        }
      }
    };
    spread();
    for (;;) {
      const idle = this.#idleCycles(
        members,
        picks,
        (to) => done.has(to) || (inside?.has(to) === false && outside!.has(to)),
      );
      if (idle.length === 0) return done;
      for (const one of idle) ready.push(one);
      spread();
    }
  }

  /** Satisfied nodes that only wait for each other: nothing is to be done for any of them. */
  #idleCycles(
    members: readonly number[],
    picks: Picks,
    isDone: (index: number) => boolean,
  ): readonly number[] {
    const idle = new Set(
      members.filter((one) => !isDone(one) && this.#satisfied(one) && !this.#impossible.has(one)),
    );
    const fine = (to: number) => isDone(to) || idle.has(to);
    for (let changed = idle.size > 0; changed;) {
      changed = false;
      for (const one of idle) {
        const pick = picks.get(one);
        const targets = pick === undefined ? [...this.#graph.out(one)] : [pick];
        const wanted = targets.filter((to) => !this.#ignored(one, to));
        const isChoice = this.#graph.nodes[one]!.kind === "choice";
        if (isChoice ? wanted.some(fine) : wanted.every(fine)) continue;
        idle.delete(one);
        changed = true;
      }
    }
    // A choice alone is no cycle: something that is installed must be in it.
    return [...idle].some((one) => isAction(this.#graph.nodes[one]!)) ? [...idle] : [];
  }
}

/** Actions that insist on two builds of a component, which are never there at the same time. */
function contradictory(graph: ActionGraph): ReadonlySet<number> {
  const found = new Set<number>();
  for (const index of graph.indices()) {
    if (!isAction(graph.nodes[index]!)) continue;
    const builds = new Map<string, string>();
    for (const to of graph.out(index)) {
      const node = graph.nodes[to]!;
      if (node.kind !== "install") continue;
      const other = builds.get(node.component);
      if (other !== undefined && other !== node.build) found.add(index);
      builds.set(node.component, node.build);
    }
  }
  return found;
}

/**
 * Edges of cycles that no choice can break. They do not count here: they are found, and told, when
 * everything has been chosen.
 */
function hopeless(
  graph: ActionGraph,
  everything: readonly (readonly number[])[],
  satisfied: (index: number) => boolean,
): (from: number, to: number) => boolean {
  const component = new Map<number, number>();
  let number = 0;
  for (const members of everything) {
    if (members.length === 1 && !graph.out(members[0]!).has(members[0]!)) continue;
    const inside = new Set(members);
    const fixed = {
      size: graph.size,
      indices: () => members,
      *out(index: number) {
        const node = graph.nodes[index]!;
        if (node.kind === "choice") return;
        for (const to of graph.out(index)) if (inside.has(to)) yield to;
      },
    };
    for (const part of stronglyConnected(fixed)) {
      const [first] = part;
      const isCycle = part.length > 1 || graph.out(first!).has(first!);
      if (!isCycle || part.every(satisfied)) continue;
      number++;
      for (const member of part) component.set(member, number);
    }
  }
  if (number === 0) return () => false;
  return (from, to) => {
    const one = component.get(from);
    return one !== undefined && one === component.get(to);
  };
}

function preferredCycle(
  graph: ActionGraph,
  everything: readonly (readonly number[])[],
  satisfied: (index: number) => boolean,
): readonly string[] {
  const preferred = {
    size: graph.size,
    indices: () => graph.indices(),
    *out(index: number) {
      const node = graph.nodes[index]!;
      for (const to of graph.out(index)) {
        const build = graph.nodes[to]!;
        if (node.kind === "choice" && build.kind === "install" && build.build !== node.preferred) {
          continue;
        }
        yield to;
      }
    },
  };
  const cyclic =
    stronglyConnected(preferred).find((members) =>
      members.length > 1 && !members.every(satisfied) &&
      members.some((member) => graph.nodes[member]!.kind === "choice")
    ) ?? everything.find((members) => members.length > 1) ?? [];
  return findCycle(preferred, cyclic).filter((index) => isAction(graph.nodes[index]!))
    .map((index) => nodeName(graph.nodes[index]!));
}
