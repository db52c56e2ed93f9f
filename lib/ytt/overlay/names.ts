/** Names of the overlay annotations. */
import type { YamlNode } from "../yaml/nodes.ts";

/** Which nodes an overlay node is for. */
export const match = "overlay/match";
/** Defaults of `overlay/match` for the nodes below. */
export const matchChildDefaults = "overlay/match-child-defaults";

/** What is done with the matched nodes. */
export type Operation = "merge" | "remove" | "replace" | "insert" | "append" | "assert";

const operations: readonly Operation[] = [
  "merge",
  "remove",
  "replace",
  "insert",
  "append",
  "assert",
];

/** The operation that a node asks for, or `undefined` when it leaves it open. */
export function operationOf(node: YamlNode): Operation | undefined {
  const annotations = node.annotations;
  if (annotations === undefined) return undefined;
  const found = operations.filter((name) => annotations.has(`overlay/${name}`));
  if (found.length > 1) {
    const names = found.map((name) => `overlay/${name}`).join(", ");
    throw new Error(
      `Expected node to have at most one overlay operation annotation, but found: ${names}`,
    );
  }
  return found[0];
}

/** A keyword argument that an annotation does not know. */
export function unknownKeyword(annotation: string, keyword: string): Error {
  return new Error(`Unknown '${annotation}' annotation keyword argument '${keyword}'`);
}
