/** Whether one tree holds all that another one has. */
import { StarlarkFloat } from "../starlark/float.ts";
import { goYamlType } from "../template/convert.ts";
import {
  ArrayItem,
  Document,
  DocumentSet,
  MapItem,
  showKey,
  YamlArray,
  YamlMap,
  YamlNode,
} from "../yaml/nodes.ts";

/** `undefined` when `left` has everything of `right`; otherwise the first difference. */
export function difference(left: unknown, right: unknown): string | undefined {
  if (right instanceof YamlMap) {
    if (!(left instanceof YamlMap)) {
      return `Expected left and right to be maps, but left was ${goYamlType(left)}`;
    }
    for (const item of right.items) {
      const other = left.items.find((candidate) => leavesEqual(candidate.key, item.key));
      if (other === undefined) return `Expected to find map item with key '${showKey(item.key)}'`;
      const reason = difference(other.value, item.value);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
  if (right instanceof YamlArray || right instanceof DocumentSet) {
    if (!(left instanceof right.constructor)) {
      return `Expected left and right to be arrays, but left was ${goYamlType(left)}`;
    }
    const others = (left as YamlArray).items;
    for (const [i, item] of right.items.entries()) {
      if (i >= others.length) return `Expected to have matching number of array items`;
      const reason = difference(others[i]!.value, item.value);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
  if (right instanceof MapItem || right instanceof ArrayItem || right instanceof Document) {
    if (!(left instanceof right.constructor)) {
      return `Expected to be ${goYamlType(right)}, but was ${goYamlType(left)}`;
    }
    return difference((left as MapItem).value, right.value);
  }
  if (!(left instanceof YamlNode) && leavesEqual(left, right)) return undefined;
  return `Expected leaf values to match ${goYamlType(left)} ${goYamlType(right)}`;
}

/** Whether two scalars are the same. */
export function leavesEqual(left: unknown, right: unknown): boolean {
  if (left instanceof StarlarkFloat && right instanceof StarlarkFloat) {
    return left.value === right.value;
  }
  return left === right;
}
