import type { ActionGraph } from "./action_graph.ts";

/**
 * A topological order of an acyclic graph that stays one while edges are added. Only the part of
 * the order that an edge is against is looked at (Pearce and Kelly 2006).
 */
export class DynamicOrder {
  readonly #graph: ActionGraph;
  readonly #position: Int32Array;
  readonly #into: number[][];

  /**
   * Begins with an order.
   *
   * @param graph The graph; edges are added to it by {@linkcode order} only from now on.
   * @param order All nodes, each after those that it leads to.
   */
  constructor(graph: ActionGraph, order: readonly number[]) {
    this.#graph = graph;
    this.#position = new Int32Array(graph.size);
    order.forEach((node, position) => this.#position[node] = position);
    this.#into = graph.predecessors().map((list) => [...list]);
  }

  /** Where a node is in the order. */
  position(node: number): number {
    return this.#position[node]!;
  }

  /**
   * Makes a node come after another one.
   *
   * @returns False when that would make a cycle; nothing is changed then.
   */
  order(from: number, to: number): boolean {
    if (this.#graph.out(from).has(to)) return true;
    const lower = this.#position[from]!;
    const upper = this.#position[to]!;
    if (from === to) return false;
    if (upper > lower) {
      const needed = this.reach([to], lower);
      if (needed.has(from)) return false;
      const users = this.#users(from, upper);
      const byPosition = (a: number, b: number) => this.#position[a]! - this.#position[b]!;
      const moved = [...[...needed].sort(byPosition), ...[...users].sort(byPosition)];
      const places = moved.map((node) => this.#position[node]!).sort((a, b) => a - b);
      moved.forEach((node, index) => this.#position[node] = places[index]!);
    }
    this.#graph.order(from, to);
    this.#into[to]!.push(from);
    return true;
  }

  /** All nodes that some nodes lead to and that do not come before a position; those included. */
  reach(starts: readonly number[], position: number): Set<number> {
    const seen = new Set(starts);
    for (const node of seen) {
      for (const to of this.#graph.out(node)) if (this.#position[to]! >= position) seen.add(to);
    }
    return seen;
  }

  #users(start: number, position: number): Set<number> {
    const seen = new Set([start]);
    for (const node of seen) {
      for (const from of this.#into[node]!) if (this.#position[from]! <= position) seen.add(from);
    }
    return seen;
  }
}
