import type { Value } from "./values.ts";
import { StarlarkFloat } from "./float.ts";
import { LimitError } from "./errors.ts";

/** A Starlark int: a `number` while it is safe, a `bigint` beyond. */
export type Int = number | bigint;

/** Integers end here, so that no template squares a number until the machine is busy for ever. */
const MAX_BITS = 1n << 14n;
let largest: bigint | undefined;

/** Gives an integer its one representation. */
export function toInt(value: number | bigint): Int {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
  }
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  largest ??= 1n << MAX_BITS;
  if (value > largest || value < -largest) {
    throw new LimitError("memory", `integer is too large (more than ${MAX_BITS} bits)`);
  }
  return value;
}

/** Whether a value is an int. */
export function isInt(value: Value | undefined): value is Int {
  return typeof value === "number" || typeof value === "bigint";
}

/** The name of a value's type, for messages of this file. */
function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return typeof value === "object" ? value.type() : "int";
}

/** The value as a machine integer, as starlark-go's `AsInt32`. */
export function asMachineInt(value: Value): number {
  if (typeof value === "number" && value >= -2147483648 && value <= 2147483647) return value;
  if (!isInt(value)) throw new Error(`got ${typeName(value)}, want int`);
  throw new Error(`${value} out of range`);
}

/** An int, or a float with its fraction cut off. */
export function numberToInt(value: Value): Int {
  if (isInt(value)) return value;
  if (value instanceof StarlarkFloat) return floatToInt(value.value);
  throw new Error(`cannot convert ${typeName(value)} to int`);
}

/** Cuts off the fraction. */
export function floatToInt(value: number): Int {
  if (!Number.isFinite(value)) {
    throw new Error(
      Number.isNaN(value)
        ? "cannot convert float NaN to integer"
        : "cannot convert float infinity to integer",
    );
  }
  return toInt(Math.trunc(value));
}

/** `a + b`. */
export function addInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return toInt(BigInt(a) + BigInt(b));
}

/** `a - b`. */
export function subtractInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return toInt(BigInt(a) - BigInt(b));
}

/** `a * b`. */
export function multiplyInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return toInt(BigInt(a) * BigInt(b));
}

/** `a // b`, rounded down; `b` is not zero. */
export function floorDivideInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const rest = a % b;
    const quotient = (a - rest) / b;
    return (rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient) + 0;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  const rest = x % y;
  return toInt(rest !== 0n && rest < 0n !== y < 0n ? x / y - 1n : x / y);
}

/** `a % b`, with the sign of `b`; `b` is not zero. */
export function moduloInt(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const rest = a % b;
    return (rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest) + 0;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  const rest = x % y;
  return toInt(rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest);
}

/** Compares an int with a float exactly: -1, 0 or 1. The float is not NaN. */
export function compareIntFloat(a: Int, b: number): number {
  if (typeof a === "number" || !Number.isFinite(b)) {
    return Number(a) < b ? -1 : Number(a) > b ? 1 : 0;
  }
  // Loose comparison of bigint and number is exact.
  return a < b ? -1 : a > b ? 1 : 0;
}
