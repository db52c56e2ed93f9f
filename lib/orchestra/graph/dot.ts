import type { Action } from "../model.ts";
import { type ActionGraph, isAction, nodeName } from "../solver/action_graph.ts";

/** How a graph is printed. */
export interface DotOptions {
  /** Whether nodes are coloured by their state. Default `true`. */
  readonly colour?: boolean;
  /** Tells whether there is nothing to be done for an action. */
  readonly isSatisfied: (action: Action) => boolean;
}

/**
 * Prints a graph for graphviz; edges lead from what depends to what it depends on. Green is done
 * already, blue is a choice.
 *
 * @param graph The graph.
 * @param options Colours.
 * @returns Text of a `.dot` file.
 */
export function printDot(graph: ActionGraph, options: DotOptions): string {
  const { colour = true, isSatisfied } = options;
  const lines = ["strict digraph  {", "splines=ortho;"];
  const name = (index: number) => quoted(nodeName(graph.nodes[index]!));
  for (const index of graph.indices()) {
    const node = graph.nodes[index]!;
    const fill = node.kind === "choice"
      ? "lightblue"
      : isAction(node) && isSatisfied(node)
      ? "green"
      : "white";
    const attributes = colour ? `  [fillcolor=${fill}, shape=box, style=filled]` : "";
    lines.push(`${name(index)}${attributes};`);
  }
  for (const from of graph.indices()) {
    for (const to of graph.out(from)) {
      const label = graph.isOrdering(from, to) ? '  [label="Intra-component ordering"]' : "";
      lines.push(`${name(from)} -> ${name(to)}${label};`);
    }
  }
  lines.push("node [shape=box];", "}");
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
