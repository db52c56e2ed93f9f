/** What an algorithm has to know of a graph. */
export interface Digraph {
  /** Indices of all nodes. */
  indices(): Iterable<number>;
  /** How many indices there may be. */
  readonly size: number;
  /** Where edges from a node lead. */
  out(index: number): Iterable<number>;
}

/**
 * Finds the strongly connected components: the largest sets of nodes that all lead to each other.
 * Tarjan's algorithm, without recursion, in linear time.
 *
 * @param graph The graph.
 * @returns Lists of nodes; a component comes after all that it leads to.
 */
export function stronglyConnected(graph: Digraph): readonly (readonly number[])[] {
  const order = new Int32Array(graph.size).fill(-1);
  const low = new Int32Array(graph.size);
  const onStack = new Uint8Array(graph.size);
  const stack: number[] = [];
  const found: number[][] = [];
  let next = 0;
  for (const start of graph.indices()) {
    if (order[start] !== -1) continue;
    const work: { readonly node: number; readonly edges: Iterator<number> }[] = [];
    const enter = (node: number) => {
      order[node] = low[node] = next++;
      stack.push(node);
      onStack[node] = 1;
      work.push({ node, edges: graph.out(node)[Symbol.iterator]() });
    };
    enter(start);
    while (work.length > 0) {
      const { node, edges } = work.at(-1)!;
      const edge = edges.next();
      if (!edge.done) {
        const to = edge.value;
        if (order[to] === -1) enter(to);
        else if (onStack[to]) low[node] = Math.min(low[node]!, order[to]!);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] !== order[node]) continue;
      const component: number[] = [];
      for (let last = -1; last !== node;) {
        last = stack.pop()!;
        onStack[last] = 0;
        component.push(last);
      }
      found.push(component);
    }
  }
  return found;
}

/**
 * Finds a way from a node back to itself.
 *
 * @param graph The graph.
 * @param members The nodes that the way may use, which all lead to each other.
 * @returns The nodes on the way; the first one is also the last one. It is a shortest way from the
 * first of `members`.
 */
export function findCycle(graph: Digraph, members: readonly number[]): readonly number[] {
  const [start] = members;
  if (start === undefined) return [];
  const inside = new Set(members);
  const from = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const to of graph.out(node)) {
      if (to === start) {
        const way = [start];
        for (let at = node; at !== start; at = from.get(at)!) way.push(at);
        return [...way, start].reverse();
      }
      if (!inside.has(to) || from.has(to)) continue;
      from.set(to, node);
      queue.push(to);
    }
  }
  return [];
}

/** Marks the nodes that some nodes lead to, those themselves included. */
export function reachable(graph: Digraph, starts: Iterable<number>): Uint8Array {
  const seen = new Uint8Array(graph.size);
  const open: number[] = [];
  const visit = (node: number) => {
    if (seen[node]) return;
    seen[node] = 1;
    open.push(node);
  };
  for (const start of starts) visit(start);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const to of graph.out(node)) visit(to);
  }
  return seen;
}
