import type { Diagnostics } from "../diagnostics/mod.ts";
import { interpolate, type ReadVariable, type TemplateProblem } from "./interpolate.ts";
import type { MapEntry, ScalarNode, TreeNode } from "../yaml_tree/mod.ts";

/** What an interpolation needs. */
export interface InterpolationContext {
  /** Reads variables. */
  readonly read: ReadVariable;
  /** Takes mistakes. */
  readonly diagnostics: Diagnostics;
  /** Variables that were warned of already; once is enough for a whole project. */
  readonly warned: Set<string>;
}

/**
 * Replaces variables in all values of a tree; names stay as they are. What has none is the same
 * object as before.
 *
 * @param root The tree of a file.
 * @param context Variables, and who is told.
 * @returns The new tree.
 */
export function interpolateTree(root: TreeNode, context: InterpolationContext): TreeNode {
  const done = new Map<TreeNode, TreeNode>();
  const visit = (node: TreeNode): TreeNode => {
    if (node.kind === "scalar") {
      return node.text.includes("$") ? interpolateScalar(node, context) : node;
    }
    const known = done.get(node);
    if (known !== undefined) return known;
    let changed = false;
    let result: TreeNode;
    if (node.kind === "list") {
      const items = node.items.map((item) => {
        const next = visit(item);
        changed ||= next !== item;
        return next;
      });
      result = changed ? { ...node, items } : node;
    } else {
      const entries = new Map<string, MapEntry>();
      for (const [name, entry] of node.entries) {
        const value = visit(entry.value);
        changed ||= value !== entry.value;
        entries.set(name, value === entry.value ? entry : { key: entry.key, value });
      }
      result = changed ? { ...node, entries } : node;
    }
    done.set(node, result);
    return result;
  };
  return visit(root);
}

function interpolateScalar(node: ScalarNode, context: InterpolationContext): ScalarNode {
  const { text, problems } = interpolate(node.text, context.read);
  for (const problem of problems) report(node, problem, context);
  return { ...node, text };
}

function report(node: ScalarNode, problem: TemplateProblem, context: InterpolationContext): void {
  const { message, hint, severity, variable } = problem;
  if (severity === "warning") {
    if (context.warned.has(variable!)) return;
    context.warned.add(variable!);
  }
  context.diagnostics.add({
    severity,
    message,
    source: node.source,
    range: rangeIn(node, problem),
    ...(hint === undefined ? {} : { hint }),
  });
}

// Escapes and line folding move offsets, so the part is looked for where it was written.
function rangeIn(node: ScalarNode, { start, end }: TemplateProblem) {
  const written = node.source.text.slice(node.range.start, node.range.end);
  const part = node.text.slice(start, end);
  const near = written.indexOf(part, start);
  const at = near === -1 ? written.indexOf(part) : near;
  if (at === -1) return node.range;
  const from = node.range.start + at;
  return { start: from, end: from + part.length };
}
