import type { ActionGraph } from "./action_graph.ts";

/** So many nodes are looked at together: 128 words for each node of the graph. */
const BLOCK = 4096;

/**
 * Removes each edge that a longer way makes unnecessary.
 *
 * Which nodes each node leads to is computed for a block of them at a time, as bits, so that memory
 * stays small; on 5,000 components it takes a few hundredths of a second (tests/bench/orchestra.ts).
 *
 * @param graph An acyclic graph, which is changed.
 * @param order All its nodes, each after those that it leads to.
 */
export function reduceTransitively(graph: ActionGraph, order: readonly number[]): void {
  const position = new Int32Array(graph.size);
  order.forEach((node, index) => position[node] = index);
  const edges = order.map((node) =>
    [...graph.out(node)].sort((a, b) => position[b]! - position[a]!)
  );
  const words = Math.min(BLOCK, order.length + 31) >> 5;
  const reach = new Uint32Array(order.length * words);
  for (let block = 0; block < order.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, order.length);
    // Nothing before the block leads into it.
    reach.fill(0, block * words, order.length * words);
    for (let at = block; at < order.length; at++) {
      const row = at * words;
      for (const to of edges[at]!) {
        const target = position[to]!;
        if (target < block) continue;
        const bit = target - block;
        if (target < end && (reach[row + (bit >> 5)]! & (1 << (bit & 31))) !== 0) {
          graph.disconnect(order[at]!, to);
          continue;
        }
        const other = target * words;
        for (let word = 0; word < words; word++) reach[row + word]! |= reach[other + word]!;
        if (target < end) reach[row + (bit >> 5)]! |= 1 << (bit & 31);
      }
    }
  }
}
