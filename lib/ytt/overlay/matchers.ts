/** What `by="name"`, `overlay.map_key` and `overlay.subset` compare. */
import { goYamlType } from "../template/convert.ts";
import { YamlMap } from "../yaml/nodes.ts";
import { difference, leavesEqual } from "./comparison.ts";

/** Whether both maps have the same value under `key`; both have to have one. */
export function mapKeyMatches(key: string, left: unknown, right: unknown): boolean {
  return leavesEqual(valueOf(key, left), valueOf(key, right));
}

function valueOf(key: string, value: unknown): unknown {
  if (!(value instanceof YamlMap)) {
    throw new Error(`Expected value to be map, but was ${goYamlType(value)}`);
  }
  const item = value.find(key);
  if (item === undefined) throw new Error(`Expected to find mapitem with key ${key}, but did not`);
  return item.value;
}

/** Whether `left` has everything of `expected`. */
export function isSubset(left: unknown, expected: unknown): boolean {
  return difference(left, expected) === undefined;
}
