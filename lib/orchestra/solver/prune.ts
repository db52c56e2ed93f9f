import type { Action } from "../model.ts";
import { type ActionGraph, isAction } from "./action_graph.ts";
import { reachable, stronglyConnected } from "./components.ts";

/** Removes what nothing leads to any more. */
export function removeUnreachable(graph: ActionGraph, starts: readonly number[]): void {
  const seen = reachable(graph, starts);
  graph.remove(new Set([...graph.indices()].filter((index) => !seen[index])));
}

/** Replaces choices by what was chosen; each must have one edge. */
export function simplifyChoices(graph: ActionGraph): void {
  const pickOf = (index: number): number => {
    let at = index;
    while (graph.nodes[at]!.kind === "choice") [at] = graph.out(at) as Iterable<number> as [number];
    return at;
  };
  const gone = new Set<number>();
  for (const index of graph.indices()) {
    if (graph.nodes[index]!.kind === "choice") {
      gone.add(index);
      continue;
    }
    for (const to of [...graph.out(index)]) {
      if (graph.nodes[to]!.kind !== "choice") continue;
      graph.disconnect(index, to);
      graph.connect(index, pickOf(to));
    }
  }
  graph.remove(gone);
}

/**
 * Removes what is satisfied and needs nothing that is not: the ends of the graph, and cycles at
 * the ends of which all parts are satisfied. What is installed as it should be needs no build
 * directory any more, unless it is to be done again in any case.
 *
 * @param graph The graph, which is changed.
 * @param isSatisfied Tells whether there is nothing to be done for an action.
 * @param forced What is done in any case.
 * @returns What was removed.
 */
export function removeSatisfied(
  graph: ActionGraph,
  isSatisfied: (action: Action) => boolean,
  forced: ReadonlySet<number>,
): ReadonlySet<number> {
  const satisfied = (index: number) => {
    const node = graph.nodes[index]!;
    return node.kind !== "root" && (!isAction(node) || isSatisfied(node));
  };
  const idle = (from: number, to: number) => {
    const [install, configure] = [graph.nodes[from]!, graph.nodes[to]!];
    return install.kind === "install" && configure.kind === "configure" &&
      install.component === configure.component && install.build === configure.build &&
      !forced.has(from) && satisfied(from);
  };
  const needs = {
    size: graph.size,
    indices: () => graph.indices(),
    out: (index: number) => [...graph.out(index)].filter((to) => !idle(index, to)),
  };
  const gone = new Set<number>();
  // A component comes after all that it leads to, so that one pass is enough.
  for (const members of stronglyConnected(needs)) {
    const inside = new Set(members);
    const removable = members.every((member) =>
      satisfied(member) && needs.out(member).every((to) => inside.has(to) || gone.has(to))
    );
    if (removable) { for (const member of members) gone.add(member); }
  }
  graph.remove(gone);
  return gone;
}

/**
 * Opens cycles in which everything is satisfied: each part finds the others as they are, so that
 * any order will do. The edges that remain lead from later names to earlier ones.
 */
export function openIdleCycles(
  graph: ActionGraph,
  isSatisfied: (action: Action) => boolean,
  compare: (a: number, b: number) => number,
): void {
  for (const members of stronglyConnected(graph)) {
    if (members.length < 2) continue;
    const idle = members.every((member) => {
      const node = graph.nodes[member]!;
      return isAction(node) && isSatisfied(node);
    });
    if (!idle) continue;
    const inside = new Set(members);
    for (const member of members) {
      for (const to of [...graph.out(member)]) {
        if (inside.has(to) && compare(to, member) > 0) graph.disconnect(member, to);
      }
    }
  }
}
