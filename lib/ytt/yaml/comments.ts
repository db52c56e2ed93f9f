/**
 * Which node a comment belongs to: one on the line of a node to the last node of that line, any
 * other to the first node of the next line that has one, and those after the last node to an
 * empty document that is put at the end.
 */
import type { Comment, YamlNode } from "./nodes.ts";

/** Attaches; returns the comments after the last node. `nodes` are in the order of the text. */
export function attachComments(
  nodes: readonly YamlNode[],
  comments: readonly Comment[],
): Comment[] {
  if (comments.length === 0) return [];
  const lines: number[] = [];
  const first: YamlNode[] = [];
  const last = new Map<number, YamlNode>();
  for (const node of nodes) {
    const line = node.position.line;
    if (!last.has(line)) {
      lines.push(line);
      first.push(node);
    }
    last.set(line, node);
  }
  const rest: Comment[] = [];
  let next = 0;
  for (const comment of comments) {
    const line = comment.position.line;
    while (next < lines.length && lines[next]! <= line) next++;
    const node = last.get(line) ?? first[next];
    if (node === undefined) rest.push(comment);
    else (node.comments ??= []).push(comment);
  }
  return rest;
}
