import type { BinaryOp, StarlarkValue, ThreadContext, Value } from "./values.ts";
import { byteLength, concat } from "./_bytes.ts";
import { equals } from "./_compare.ts";
import { StarlarkFloat } from "./float.ts";
import {
  addInt,
  asMachineInt,
  floorDivideInt,
  type Int,
  isInt,
  moduloInt,
  multiplyInt,
  subtractInt,
  toInt,
} from "./int.ts";
import { interpolate } from "./_interpolate.ts";
import { List, Tuple } from "./list.ts";
import { typeOf } from "./_repr.ts";

function isObject(value: Value): value is StarlarkValue {
  return typeof value === "object" && value !== null;
}

/**
 * `x op y` for every operator but `and`, `or` and the comparisons.
 *
 * @throws {Error} with starlark-go's message.
 */
export function binary(thread: ThreadContext, op: BinaryOp, x: Value, y: Value): Value {
  if (op === "in") return contains(y, x, op, thread);
  if (op === "not in") return !contains(y, x, "in", thread);
  if (isInt(x) && isInt(y)) {
    // A large one takes up to some microseconds.
    if (typeof x === "bigint" || typeof y === "bigint") thread.step(50);
    const result = integers(op, x, y);
    if (result !== undefined) return result;
  } else if (typeof x === "string") {
    if (op === "+" && typeof y === "string") return concatStrings(thread, x, y);
    if (op === "%") {
      const text = interpolate(x, y);
      if (text.length > 256) thread.allocate(text.length);
      return text;
    }
    if (op === "*" && isInt(y)) return repeatString(thread, x, y);
  } else if (op === "*" && isInt(x) && (typeof y === "string" || isSequence(y))) {
    return typeof y === "string" ? repeatString(thread, y, x) : repeatItems(thread, y, x);
  } else if (isSequence(x)) {
    const result = sequences(thread, op, x, y);
    if (result !== undefined) return result;
  } else {
    const result = floats(op, x, y);
    if (result !== undefined) return result;
  }
  if ((op === "<<" || op === ">>") && isInt(x)) return asMachineInt(y);
  const own = isObject(x) ? x.binary?.(op, y, "left", thread) : undefined;
  if (own !== undefined) return own;
  const other = isObject(y) ? y.binary?.(op, x, "right", thread) : undefined;
  if (other !== undefined) return other;
  throw unknownOp(op, x, y);
}

function unknownOp(op: string, x: Value, y: Value): Error {
  return new Error(`unknown binary op: ${typeOf(x)} ${op} ${typeOf(y)}`);
}

function isSequence(value: Value): value is List | Tuple {
  return value instanceof List || value instanceof Tuple;
}

function integers(op: BinaryOp, x: Int, y: Int): Value | undefined {
  switch (op) {
    case "+":
      return addInt(x, y);
    case "-":
      return subtractInt(x, y);
    case "*":
      return multiplyInt(x, y);
    case "/":
      if (Number(y) === 0) throw new Error("real division by zero");
      return new StarlarkFloat(Number(x) / Number(y));
    case "//":
      if (y === 0) throw new Error("floored division by zero");
      return floorDivideInt(x, y);
    case "%":
      if (y === 0) throw new Error("integer modulo by zero");
      return moduloInt(x, y);
    case "&":
      return toInt(BigInt(x) & BigInt(y));
    case "|":
      return toInt(BigInt(x) | BigInt(y));
    case "^":
      return toInt(BigInt(x) ^ BigInt(y));
    case "<<":
    case ">>": {
      const count = asMachineInt(y);
      if (count < 0) throw new Error(`negative shift count: ${count}`);
      if (op === ">>") return toInt(BigInt(x) >> BigInt(count));
      if (count >= 512) throw new Error(`shift count too large: ${count}`);
      return toInt(BigInt(x) << BigInt(count));
    }
    default:
      return undefined;
  }
}

function asNumber(value: Value): number | undefined {
  if (value instanceof StarlarkFloat) return value.value;
  return isInt(value) ? Number(value) : undefined;
}

/** Where at least one operand is a float. */
function floats(op: BinaryOp, left: Value, right: Value): Value | undefined {
  const x = asNumber(left);
  const y = asNumber(right);
  if (x === undefined || y === undefined) return undefined;
  switch (op) {
    case "+":
      return new StarlarkFloat(x + y);
    case "-":
      return new StarlarkFloat(x - y);
    case "*":
      return new StarlarkFloat(x * y);
    case "/":
      if (y === 0) throw new Error("real division by zero");
      return new StarlarkFloat(x / y);
    case "//":
      if (y === 0) throw new Error("floored division by zero");
      return new StarlarkFloat(Math.floor(x / y));
    case "%":
      // Takes the sign of the dividend, as this starlark-go does.
      if (y === 0) throw new Error("float modulo by zero");
      return new StarlarkFloat(x % y);
    default:
      return undefined;
  }
}

function concatStrings(thread: ThreadContext, x: string, y: string): string {
  const size = x.length + y.length;
  if (size > 256) {
    if (size > MAX_STRING) throw new Error(`string is too long (${size} characters)`);
    thread.allocate(size);
  }
  return concat(x, y);
}

/** The longest string, in characters; one of V8 can have 2^29, but not many of that size. */
const MAX_STRING = 2 ** 26;
/** As in starlark-go: nobody swallows the world in one gulp. */
const MAX_REPEAT = 2 ** 30;

function repeatCount(size: number, count: Int): number {
  let n: number;
  try {
    n = asMachineInt(count);
  } catch {
    // The only failure is a count out of range.
    throw new Error(`repeat count ${count} too large`);
  }
  if (n < 1) return 0;
  if (size * n >= MAX_REPEAT) throw new Error(`excessive repeat (${size * n} elements)`);
  return n;
}

function repeatString(thread: ThreadContext, text: string, count: Int): string {
  if (text === "") return "";
  const n = repeatCount(byteLength(text), count);
  const size = text.length * n;
  if (size > MAX_STRING) throw new Error(`string is too long (${size} characters)`);
  thread.allocate(size);
  return text.repeat(n);
}

function repeatItems(thread: ThreadContext, x: List | Tuple, count: Int): Value {
  const n = x.items.length === 0 ? 0 : repeatCount(x.items.length, count);
  thread.allocate(x.items.length * n * 16);
  const items: Value[] = [];
  for (let i = 0; i < n; i++) for (const item of x.items) items.push(item);
  return x instanceof List ? new List(items) : new Tuple(items);
}

function sequences(
  thread: ThreadContext,
  op: BinaryOp,
  x: List | Tuple,
  y: Value,
): Value | undefined {
  if (op === "*" && isInt(y)) return repeatItems(thread, x, y);
  if (op !== "+") return undefined;
  if (x instanceof List && y instanceof List) {
    thread.allocate((x.items.length + y.items.length) * 16);
    return new List([...x.items, ...y.items]);
  }
  if (x instanceof Tuple && y instanceof Tuple) {
    thread.allocate((x.items.length + y.items.length) * 16);
    return new Tuple([...x.items, ...y.items]);
  }
  return undefined;
}

/** `needle in x`. */
function contains(x: Value, needle: Value, op: BinaryOp, thread: ThreadContext): boolean {
  if (typeof x === "string") {
    if (typeof needle !== "string") {
      throw new Error(
        `'in <string>' requires string as left operand, not ${typeOf(needle)}`,
      );
    }
    if (x.length > 4096) thread.step(x.length >> 5);
    return x.includes(needle);
  }
  if (isSequence(x)) {
    thread.step(x.items.length >> 3);
    for (const item of x.items) if (equals(item, needle)) return true;
    return false;
  }
  if (isObject(x)) {
    if (x.contains !== undefined) return x.contains(needle);
    if (x.get !== undefined) {
      try {
        return x.get(needle) !== undefined;
      } catch {
        // An unhashable key is in no mapping.
        return false;
      }
    }
    const result = x.binary?.(op, needle, "right", thread);
    if (result !== undefined) return Boolean(result);
  }
  throw unknownOp(op, needle, x);
}

/** `-x`, `+x`, `~x`. */
export function unary(op: "-" | "+" | "~", x: Value): Value {
  if (isInt(x)) {
    if (op === "+") return x;
    if (op === "-") return typeof x === "number" ? 0 - x : toInt(-x);
    return toInt(~BigInt(x));
  }
  if (x instanceof StarlarkFloat && op !== "~") {
    return op === "-" ? new StarlarkFloat(-x.value) : x;
  }
  throw new Error(`unknown unary op: ${op} ${typeOf(x)}`);
}
