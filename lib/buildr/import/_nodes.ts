import { isNull, type MapEntry, type ScalarNode, type TreeNode } from "../../yaml_tree/mod.ts";

/** A value of a mapping, when it is there and not nothing. */
export function get(node: TreeNode | undefined, name: string): TreeNode | undefined {
  const value = node?.kind === "map" ? node.entries.get(name)?.value : undefined;
  return value === undefined || isNull(value) ? undefined : value;
}

/** The text of a value, when it has one. */
export function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "scalar" && !isNull(node) ? node.text : undefined;
}

/** A list, or one value as a list of it. */
export function itemsOf(node: TreeNode | undefined): readonly TreeNode[] {
  if (node === undefined || isNull(node)) return [];
  return node.kind === "list" ? node.items : [node];
}

/** All texts in lists within lists. */
export function scalarsOf(node: TreeNode | undefined): readonly ScalarNode[] {
  return itemsOf(node).flatMap((item): readonly ScalarNode[] =>
    item.kind === "list" ? scalarsOf(item) : item.kind === "scalar" && !isNull(item) ? [item] : []
  );
}

/** All texts in lists within lists. */
export function textsOf(node: TreeNode | undefined): readonly string[] {
  return scalarsOf(node).map(({ text }) => text);
}

/** Names and values of a mapping. */
export function entriesOf(node: TreeNode | undefined): readonly (readonly [string, MapEntry])[] {
  return node?.kind === "map" ? [...node.entries] : [];
}

/** Tells whether a value is a plain `true`. */
export function isTrue(node: TreeNode | undefined): boolean {
  return node?.kind === "scalar" && node.plain && /^true$/i.test(node.text);
}

/** Tells whether a value is a plain `false`. */
export function isFalse(node: TreeNode | undefined): boolean {
  return node?.kind === "scalar" && node.plain && /^false$/i.test(node.text);
}
