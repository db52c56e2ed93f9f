import type { HashKey, Value } from "./values.ts";
import { workOfReading } from "./_work.ts";

/** The key under which a `Map` finds a value; throws when it is not hashable. */
export function keyOf(value: Value): HashKey {
  if (typeof value === "string") workOfReading(value.length);
  return typeof value === "object" && value !== null ? value.hashKey() : value;
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** A key as text, such that different keys have different texts; for keys made of several. */
export function encodeKey(key: HashKey): string {
  switch (typeof key) {
    case "string":
      return `s${key.length}:${key}`;
    case "number":
      return `n${key};`;
    case "bigint":
      return `b${key};`;
    case "boolean":
      return key ? "T" : "F";
  }
  if (key === null) return "N";
  let identity = identities.get(key);
  if (identity === undefined) identities.set(key, identity = nextIdentity++);
  return `o${identity};`;
}
