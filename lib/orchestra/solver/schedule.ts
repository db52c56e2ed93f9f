import type { Digraph } from "./components.ts";

/**
 * Puts nodes into an order in which each comes after those that it leads to: always the smallest
 * one of those that can come next.
 *
 * @param graph The graph.
 * @param compare Tells which of two nodes is smaller; no two are equal.
 * @returns All nodes, or those that can be ordered if there is a cycle.
 */
export function topologicalOrder(
  graph: Digraph,
  compare: (a: number, b: number) => number,
): readonly number[] {
  const waiting = new Int32Array(graph.size);
  const users: number[][] = Array.from({ length: graph.size }, () => []);
  const ready = new Heap(compare);
  for (const node of graph.indices()) {
    for (const to of graph.out(node)) {
      waiting[node]!++;
      users[to]!.push(node);
    }
  }
  for (const node of graph.indices()) if (waiting[node] === 0) ready.push(node);
  const order: number[] = [];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node);
    for (const user of users[node]!) if (--waiting[user]! === 0) ready.push(user);
  }
  return order;
}

class Heap {
  readonly #items: number[] = [];
  readonly #compare: (a: number, b: number) => number;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(items[parent]!, item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++;
      if (this.#compare(last, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
