import type { Value } from "./values.ts";
import { Dict } from "./dict.ts";
import { StarlarkFloat } from "./float.ts";
import { toInt } from "./int.ts";
import { List } from "./list.ts";
import { StarlarkValue } from "./values.ts";

/**
 * Makes a Starlark value of plain data: a `Map` or an object becomes a dict, an array a list, a
 * number without fraction an int (wrap it in `StarlarkFloat` for a float), `undefined` `None`.
 *
 * @throws {TypeError} when the data has anything else in it.
 */
export function fromJs(data: unknown): Value {
  switch (typeof data) {
    case "undefined":
      return null;
    case "boolean":
    case "string":
      return data;
    case "bigint":
      return toInt(data);
    case "number":
      return Number.isSafeInteger(data) ? data + 0 : new StarlarkFloat(data);
    case "object":
      if (data === null || data instanceof StarlarkValue) return data;
      if (Array.isArray(data)) return new List(data.map(fromJs));
      if (data instanceof Map) {
        return Dict.from(Array.from(data, ([key, value]) => [fromJs(key), fromJs(value)]));
      }
      return Dict.from(Object.entries(data).map(([key, value]) => [key, fromJs(value)]));
  }
  throw new TypeError(`Cannot make a Starlark value of a ${typeof data}`);
}
