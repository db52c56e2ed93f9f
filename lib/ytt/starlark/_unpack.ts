import { List, Tuple } from "./list.ts";
import { iterate, length } from "./ops.ts";
import { typeOf } from "./_repr.ts";
import type { Value } from "./values.ts";

/** The elements for `n` targets of an assignment. */
export function unpack(value: Value, n: number): readonly Value[] {
  let items: readonly Value[];
  if (value instanceof Tuple || value instanceof List) items = value.items;
  else {
    const walk = iterate(value);
    if (walk === undefined) throw new Error(`got ${typeOf(value)} in sequence assignment`);
    const taken: Value[] = [];
    for (const item of walk) {
      taken.push(item);
      if (taken.length > n) break;
    }
    items = taken;
  }
  if (items.length > n) {
    throw new Error(`too many values to unpack (got ${length(value)}, want ${n})`);
  }
  if (items.length < n) {
    throw new Error(`too few values to unpack (got ${items.length}, want ${n})`);
  }
  // A copy, for `a[0], a[1] = a[1], a[0]` on the very list that is unpacked.
  return value instanceof List ? items.slice() : items;
}
