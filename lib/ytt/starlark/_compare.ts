import type { CompareOp, Value } from "./values.ts";
import { StarlarkFloat } from "./float.ts";
import { compareIntFloat, isInt } from "./int.ts";
import { compareStrings } from "./_bytes.ts";
import { typeOf } from "./_repr.ts";
import { work, workOfReading } from "./_work.ts";

/** How deep nested values are compared, as in starlark-go. */
export const MAX_COMPARE_DEPTH = 10;

/** Turns -1, 0 or 1 into the answer of a comparison. */
export function threeway(op: CompareOp, order: number): boolean {
  switch (op) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** `x == y`. */
export function equals(x: Value, y: Value, depth = MAX_COMPARE_DEPTH): boolean {
  if (typeof x === "string" || typeof x === "number") {
    if (typeof x === "string") workOfReading(x.length);
    if (x === y) return true;
    if (typeof y !== "object" || y === null) return false;
  }
  return compare("==", x, y, depth);
}

/** `x op y`; throws when an order was asked of values that have none. */
export function compare(
  op: CompareOp,
  x: Value,
  y: Value,
  depth = MAX_COMPARE_DEPTH,
): boolean {
  work(1);
  if (depth < 1) throw new Error("comparison exceeded maximum recursion depth");
  if (isInt(x) && isInt(y)) return threeway(op, x < y ? -1 : x > y ? 1 : 0);
  if (typeof x === "string" && typeof y === "string") return threeway(op, compareStrings(x, y));
  if (typeof x === "boolean" && typeof y === "boolean") {
    return threeway(op, Number(x) - Number(y));
  }
  if (x === null && y === null) return threeway(op, 0);
  if (x instanceof StarlarkFloat) {
    if (y instanceof StarlarkFloat) return compareFloats(op, x.value, y.value);
    if (isInt(y)) {
      return !Number.isNaN(x.value) && threeway(op, -compareIntFloat(y, x.value));
    }
  } else if (y instanceof StarlarkFloat && isInt(x)) {
    return !Number.isNaN(y.value) && threeway(op, compareIntFloat(x, y.value));
  }
  if (
    typeof x === "object" && x !== null && typeof y === "object" && y !== null &&
    x.type() === y.type()
  ) {
    if (x.compare !== undefined) return x.compare(op, y, depth);
    if (op === "==") return x === y;
    if (op === "!=") return x !== y;
  } else if (op === "==") return false;
  else if (op === "!=") return true;
  throw new Error(`${typeOf(x)} ${op} ${typeOf(y)} not implemented`);
}

function compareFloats(op: CompareOp, a: number, b: number): boolean {
  switch (op) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

/** Compares two sequences of values. */
export function compareSequences(
  op: CompareOp,
  x: readonly Value[],
  y: readonly Value[],
  depth: number,
): boolean {
  if (x.length !== y.length && (op === "==" || op === "!=")) return op === "!=";
  const n = Math.min(x.length, y.length);
  for (let i = 0; i < n; i++) {
    work(1);
    if (equals(x[i]!, y[i]!, depth - 1)) continue;
    if (op === "==") return false;
    if (op === "!=") return true;
    return compare(op, x[i]!, y[i]!, depth - 1);
  }
  return threeway(op, x.length - y.length);
}
