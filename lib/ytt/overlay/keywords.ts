/** The arguments of `overlay/replace`, `overlay/insert` and `overlay/assert`. */
import { Tuple } from "../starlark/list.ts";
import type { Value } from "../starlark/values.ts";
import { goType, toYaml } from "../template/convert.ts";
import { fromYaml } from "../template/fragment.ts";
import { copyValue, type ItemNode, type YamlValue } from "../yaml/nodes.ts";
import { difference } from "./comparison.ts";
import type { Caller } from "./expects.ts";
import { unknownKeyword } from "./names.ts";

/** The value that takes the place of `left` (absent when it is added). */
export interface Replacement {
  readonly orAdd: boolean;
  value(left: ItemNode | undefined): YamlValue;
}

/** Reads `overlay/replace via=…, or_add=…`. */
export function readReplace(node: ItemNode, call: Caller): Replacement {
  let via: Value | undefined;
  let orAdd = false;
  for (const [keyword, value] of node.annotations!.get("overlay/replace")!.kwargs) {
    if (keyword === "via") via = value as Value;
    else if (keyword === "or_add") {
      if (typeof value !== "boolean") throw notBool("overlay/replace", keyword, value as Value);
      orAdd = value;
    } else throw unknownKeyword("overlay/replace", keyword);
  }
  return { orAdd, value: viaValue("overlay/replace", via, node, call) };
}

/** Where copies of the node go, and what they hold. */
export interface Insertion {
  readonly before: boolean;
  readonly after: boolean;
  value(left: ItemNode): YamlValue;
}

/** Reads `overlay/insert before=…, after=…, via=…`. */
export function readInsert(node: ItemNode, call: Caller): Insertion {
  let via: Value | undefined;
  let before = false;
  let after = false;
  const kwargs = node.annotations!.get("overlay/insert")!.kwargs;
  if (kwargs.length === 0) {
    throw new Error(
      "Expected 'overlay/insert' annotation to have at least one keyword argument " +
        "(before=..., after=...)",
    );
  }
  for (const [keyword, value] of kwargs) {
    if (keyword === "via") via = value as Value;
    else if (keyword === "before" || keyword === "after") {
      if (typeof value !== "boolean") throw notBool("overlay/insert", keyword, value as Value);
      if (keyword === "before") before = value;
      else after = value;
    } else throw unknownKeyword("overlay/insert", keyword);
  }
  return { before, after, value: viaValue("overlay/insert", via, node, call) };
}

/** Checks `overlay/assert via=…` against a matched node; throws when it does not hold. */
export function readAssert(node: ItemNode, call: Caller): (left: ItemNode) => void {
  let via: Value | undefined;
  for (const [keyword, value] of node.annotations!.get("overlay/assert")!.kwargs) {
    if (keyword === "via") via = value as Value;
    else throw unknownKeyword("overlay/assert", keyword);
  }
  if (via === undefined) {
    return (left) => {
      const reason = difference(left.value, node.value);
      if (reason !== undefined) {
        throw new Error(`Expected objects to equal, but did not: ${reason}`);
      }
    };
  }
  const fn = callable("overlay/assert", via);
  return (left) => {
    const result = call(fn, [fromYaml(left.value), fromYaml(node.value)]);
    if (result === null || result === true) return;
    if (result === false) throw new Error("Expected via invocation to return true, but was false");
    if (result instanceof Tuple && result.items.length === 2) {
      const [ok, message] = result.items;
      if (ok === true) return;
      if (ok === false) {
        throw new Error(
          `Expected via invocation to return true, but was false with message: ${message}`,
        );
      }
    }
    throw new Error(
      "Expected via invocation to return NoneType, Bool or Tuple(Bool,String), " +
        `but returned ${goType(result)}`,
    );
  };
}

function viaValue(
  annotation: string,
  via: Value | undefined,
  node: ItemNode,
  call: Caller,
): (left: ItemNode | undefined) => YamlValue {
  if (via === undefined) return () => copyValue(node.value);
  return (left) => {
    const fn = callable(annotation, via);
    const result = call(fn, [
      left === undefined ? null : fromYaml(left.value),
      fromYaml(node.value),
    ]);
    return copyValue(toYaml(result, node.position));
  };
}

function callable(annotation: string, via: Value): Value {
  if (typeof via === "object" && via?.call !== undefined) return via;
  throw new Error(
    `Expected '${annotation}' annotation keyword argument 'via' to be function, ` +
      `but was ${goType(via)}`,
  );
}

function notBool(annotation: string, keyword: string, value: Value): Error {
  return new Error(
    `Expected '${annotation}' annotation keyword argument '${keyword}' to be bool, ` +
      `but was ${goType(value)}`,
  );
}
