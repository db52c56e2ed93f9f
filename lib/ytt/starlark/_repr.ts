import type { StarlarkValue, Value } from "./values.ts";
import { quote } from "./_quote.ts";

/** What `repr(x)` returns. `seen` holds the containers that are being written. */
export function repr(value: Value, seen: readonly StarlarkValue[] = []): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
      return value ? "True" : "False";
    case "number":
    case "bigint":
      return value.toString();
    default:
      return value === null ? "None" : value.repr(seen);
  }
}

/** What `str(x)` returns: a string as it is, everything else as `repr`. */
export function str(value: Value): string {
  return typeof value === "string" ? value : repr(value);
}

/** The name that `type(x)` returns. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "number":
    case "bigint":
      return "int";
    default:
      return value === null ? "NoneType" : value.type();
  }
}

/** Whether a value counts as true. */
export function truth(value: Value): boolean {
  return typeof value === "object" && value !== null ? value.truth() : Boolean(value);
}
