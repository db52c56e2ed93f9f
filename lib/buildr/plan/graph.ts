import type { PlanNode, RunPlan } from "./model.ts";

/** How a graph is shown. */
export type GraphFormat = "text" | "dot";

/**
 * Shows what waits for what. Needs that follow from others are left out.
 *
 * @param plan The plan.
 * @param format `text` for people: one line for each node, in groups that can run at the same time;
 * `dot` for Graphviz.
 * @returns Lines, each with its newline.
 */
export function renderGraph(plan: RunPlan, format: GraphFormat = "text"): string {
  const edges = reducedNeeds(plan.nodes);
  return format === "dot" ? dot(plan, edges) : text(plan, edges);
}

/** For each node, what it needs and no other of its needs waits for. */
function reducedNeeds(nodes: readonly PlanNode[]): ReadonlyMap<string, readonly string[]> {
  const needs = new Map(nodes.map((node) => [node.id, node.needs.map(({ id }) => id)]));
  const reach = new Map<string, ReadonlySet<string>>();
  const reachOf = (id: string): ReadonlySet<string> => {
    const known = reach.get(id);
    if (known !== undefined) return known;
    const all = new Set<string>();
    for (const need of needs.get(id) ?? []) {
      all.add(need);
      for (const further of reachOf(need)) all.add(further);
    }
    reach.set(id, all);
    return all;
  };
  return new Map(nodes.map(({ id }) => {
    const own = needs.get(id)!;
    return [id, own.filter((one) => !own.some((other) => reachOf(other).has(one)))];
  }));
}

function text(plan: RunPlan, edges: ReadonlyMap<string, readonly string[]>): string {
  const depth = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    const value = 1 + Math.max(-1, ...(edges.get(id) ?? []).map(depthOf));
    depth.set(id, value);
    return value;
  };
  const groups: PlanNode[][] = [];
  for (const node of plan.nodes) (groups[depthOf(node.id)] ??= []).push(node);
  const width = Math.max(0, ...plan.nodes.map(({ id }) => id.length));
  const lines = groups.flatMap((group, index) =>
    group.map((node, at) => {
      const lead = at === 0 ? String(index + 1).padStart(2) : "  ";
      const needs = edges.get(node.id)!;
      const from = needs.length === 0 ? "" : `  ← ${needs.join(", ")}`;
      const skip = node.skip === undefined ? "" : `  (skipped: ${node.skip.message})`;
      return `${lead}  ${`${node.id.padEnd(width)}${from}${skip}`.trimEnd()}\n`;
    })
  );
  if (plan.after !== undefined) {
    lines.push(` *  after${" ".repeat(Math.max(0, width - 5))}  ← the end of all\n`);
  }
  return lines.join("");
}

function dot(plan: RunPlan, edges: ReadonlyMap<string, readonly string[]>): string {
  const lines = ["digraph buildr {", "  rankdir=LR;", "  node [shape=box];"];
  for (const { id, skip, placement } of plan.nodes) {
    const label = `${id}\n${placement.image}`;
    const style = skip === undefined
      ? placement.kind === "main" ? "" : ', style="rounded"'
      : ', style="dashed", color="gray"';
    lines.push(`  ${quoted(id)} [label=${quoted(label)}${style}];`);
  }
  for (const [id, needs] of edges) {
    for (const need of needs) lines.push(`  ${quoted(need)} -> ${quoted(id)};`);
  }
  if (plan.after !== undefined) {
    const needed = new Set([...edges.values()].flat());
    lines.push('  "after" [style="dotted"];');
    for (const { id } of plan.nodes) {
      if (!needed.has(id)) lines.push(`  ${quoted(id)} -> "after" [style="dotted"];`);
    }
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
