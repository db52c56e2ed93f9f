/** Which nodes of the left side an overlay node is for. */
import { truth } from "../starlark/ops.ts";
import type { Value } from "../starlark/values.ts";
import { goType } from "../template/convert.ts";
import { fromYaml } from "../template/fragment.ts";
import { Document, type ItemNode, MapItem } from "../yaml/nodes.ts";
import { leavesEqual } from "./comparison.ts";
import { type Caller, checkExpects, type Expects, noExpects, readExpects } from "./expects.ts";
import { match, matchChildDefaults } from "./names.ts";
import { mapKeyMatches } from "./matchers.ts";

/** The defaults that hold below `node`. */
export function childDefaults(node: ItemNode, inherited: Expects): Expects {
  const annotation = node.annotations?.get(matchChildDefaults);
  if (annotation === undefined) return inherited;
  if (annotation.kwargs.length === 0) {
    throw new Error(
      `Expected '${matchChildDefaults}' annotation to have at least one keyword argument ` +
        "(expects=..., missing_ok=...)",
    );
  }
  return readExpects(annotation, matchChildDefaults);
}

/** How a node without `by=` matches. */
export type DefaultMatch = "key" | "all" | "none";

/**
 * The indexes of the items of `left` that `node` is for. Throws when their number is not the
 * expected one.
 */
export function matchIndexes(
  left: readonly ItemNode[],
  node: ItemNode,
  defaults: Expects,
  byDefault: DefaultMatch,
  call: Caller,
): number[] {
  let by: Value | undefined;
  let expects = noExpects;
  const annotation = node.annotations?.get(match);
  if (annotation !== undefined) {
    if (annotation.kwargs.length === 0) {
      throw new Error(
        `Expected '${match}' annotation to have at least one keyword argument ` +
          "(by=..., expects=..., missing_ok=...)",
      );
    }
    expects = readExpects(annotation, match, (keyword, value) => {
      if (keyword === "by") by = value;
      return keyword === "by";
    });
  }
  if (
    expects.expects === undefined && expects.missingOk === undefined && expects.when === undefined
  ) {
    expects = defaults;
  }
  if (annotation === undefined && byDefault === "none") {
    const what = node instanceof Document ? "document" : "array item";
    throw new Error(`Expected ${what} to have '${match}' annotation`);
  }
  const indexes: number[] = [];
  const matches = matcher(by, node, byDefault, call);
  for (let i = 0; i < left.length; i++) if (matches(left[i]!, i)) indexes.push(i);
  checkExpects(expects, indexes.map((i) => left[i]!.position), call);
  return indexes;
}

function matcher(
  by: Value | undefined,
  node: ItemNode,
  byDefault: DefaultMatch,
  call: Caller,
): (item: ItemNode, index: number) => boolean {
  if (by === undefined) {
    if (byDefault === "all") return () => true;
    if (byDefault === "none") {
      throw new Error(`Expected '${match}' annotation keyword argument 'by' to be specified`);
    }
    const key = (node as MapItem).key;
    return typeof key === "object"
      ? (item) => leavesEqual((item as MapItem).key, key)
      : (item) => (item as MapItem).key === key;
  }
  if (typeof by === "string") {
    const key = by;
    return (item) => mapKeyMatches(key, item.value, node.value);
  }
  if (typeof by === "object" && by?.call !== undefined) {
    const fn = by;
    const right = fromYaml(node.value);
    return (item, index) => {
      const at = item instanceof MapItem ? item.key : index;
      const result = call(fn, [at, fromYaml(item.value), right]);
      if (typeof result !== "boolean") {
        throw new Error(`Expected starlark.Bool, but was ${goType(result)}`);
      }
      return truth(result);
    };
  }
  throw new Error(
    `Expected '${match}' annotation keyword argument 'by' to be either string (for map key) or ` +
      `function, but was ${goType(by)}`,
  );
}
