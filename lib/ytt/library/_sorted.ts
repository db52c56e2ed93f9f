import { compare, type Dict, typeOf, type Value } from "../starlark/mod.ts";

/**
 * The entries of a dict by key: what goes through a Go map comes out sorted.
 *
 * @throws {Error} when a key is not a string.
 */
export function sortedEntries(dict: Dict): [string, Value][] {
  const entries = dict.entries().map(([key, value]): [string, Value] => {
    if (typeof key !== "string") {
      throw new Error(`expected map key to be string, but was ${typeOf(key)}`);
    }
    return [key, value];
  });
  return entries.sort(([a], [b]) => compare("<", a, b) ? -1 : a === b ? 0 : 1);
}
