/**
 * The operations of the language on values, for the interpreter and for host functions.
 */
import type { StarlarkValue, Value } from "./values.ts";
import { byteLength, fromBytes, sliceBytes, toBytes } from "./_bytes.ts";
import { boundMethod } from "./_method.ts";
import { asMachineInt } from "./int.ts";
import { repr, typeOf } from "./_repr.ts";
import { nearest } from "./_spelling.ts";
import { stringMethods } from "./_string_methods.ts";
import { work } from "./_work.ts";

export { compare, equals } from "./_compare.ts";
export { repr, str, truth, typeOf } from "./_repr.ts";

function isObject(value: Value): value is StarlarkValue {
  return typeof value === "object" && value !== null;
}

/** Whether `for` can walk through a value. Strings cannot be walked through. */
export function isIterable(value: Value): boolean {
  return isObject(value) && value.iterate !== undefined;
}

/** The elements of a value, or `undefined` when it has none. */
export function iterate(value: Value): Iterable<Value> | undefined {
  return isObject(value) ? value.iterate?.() : undefined;
}

/** `len(x)`, or -1 when a value has no length. */
export function length(value: Value): number {
  if (typeof value === "string") return byteLength(value);
  return isObject(value) ? value.length?.() ?? -1 : -1;
}

/** `x.name`, or `undefined` when there is no such attribute. */
export function findAttr(value: Value, name: string): Value | undefined {
  if (typeof value === "string") return boundMethod(stringMethods, name, value);
  return isObject(value) ? value.attr?.(name) : undefined;
}

/** Attribute names of a value, sorted. */
export function attrNames(value: Value): string[] {
  if (typeof value === "string") return [...stringMethods.keys()].sort();
  return isObject(value) ? [...value.attrNames?.() ?? []].sort() : [];
}

/** `x.name`; throws when there is no such attribute. */
export function getAttr(value: Value, name: string): Value {
  const found = findAttr(value, name);
  if (found !== undefined) return found;
  let message = `${typeOf(value)} has no .${name} field or method`;
  const near = nearest(name, attrNames(value));
  if (near !== "") message += ` (did you mean .${near}?)`;
  throw new Error(message);
}

/** `x.name = y`. */
export function setAttr(target: Value, name: string, value: Value): void {
  if (!isObject(target) || target.setAttr === undefined) {
    throw new Error(`can't assign to .${name} field of ${typeOf(target)}`);
  }
  target.setAttr(name, value);
}

/** `x[y]`. */
export function getIndex(x: Value, y: Value): Value {
  if (typeof x === "string") {
    const size = byteLength(x);
    const i = position(x, y, size, `string index: `);
    return size === x.length ? x[i]! : sliceBytes(x, i, i + 1);
  }
  if (isObject(x)) {
    if (x.get !== undefined) {
      const found = x.get(y);
      if (found === undefined) throw new Error(`key ${repr(y)} not in ${x.type()}`);
      return found;
    }
    if (x.index !== undefined) {
      return x.index(position(x, y, x.length!(), `${x.type()} index: `));
    }
  }
  throw new Error(`unhandled index operation ${typeOf(x)}[${typeOf(y)}]`);
}

/** `x[y] = z`. */
export function setIndex(x: Value, y: Value, z: Value): void {
  if (isObject(x)) {
    if (x.setKey !== undefined) return x.setKey(y, z);
    if (x.setIndex !== undefined) return x.setIndex(position(x, y, x.length!(), ""), z);
  }
  throw new Error(`${typeOf(x)} value does not support item assignment`);
}

/** An index made absolute. */
function position(x: Value, y: Value, size: number, prefix: string): number {
  let i: number;
  try {
    i = asMachineInt(y);
  } catch (error) {
    throw new Error(prefix + (error as Error).message);
  }
  const absolute = i < 0 ? i + size : i;
  if (absolute < 0 || absolute >= size) throw new Error(outOfRange(i, size, x));
  return absolute;
}

/** starlark-go's message for an index outside of a sequence. */
export function outOfRange(i: number, size: number, x: Value): string {
  return size === 0
    ? `index ${i} out of range: empty ${typeOf(x)}`
    : `${typeOf(x)} index ${i} out of range [${-size}:${size - 1}]`;
}

/** `x[lo:hi:step]`; what is absent is `null`. */
export function slice(x: Value, lo: Value, hi: Value, step: Value): Value {
  if (typeof x !== "string" && !(isObject(x) && x.slice !== undefined)) {
    throw new Error(`invalid slice operand ${typeOf(x)}`);
  }
  const size = length(x);
  let by = 1;
  if (step !== null) {
    try {
      by = asMachineInt(step);
    } catch {
      // Both of its messages become this one.
      throw new Error(`got ${typeOf(step)} for slice step, want int`);
    }
    if (by === 0) throw new Error("zero is not a valid slice step");
  }
  let start: number;
  let end: number;
  if (by > 0) {
    [start, end] = indices(lo, hi, size);
    if (end < start) end = start;
  } else {
    start = asIndex(lo, size, size - 1, "start");
    if (start >= size) start = size - 1;
    end = Math.max(asIndex(hi, size, -1, "end"), -1);
    if (start < end) start = end;
  }
  if (typeof x !== "string") return x.slice!(start, end, by);
  return sliceString(x, start, end, by);
}

function sliceString(x: string, start: number, end: number, step: number): string {
  if (step === 1) return sliceBytes(x, start, end);
  const bytes = toBytes(x);
  const size = Math.max(Math.ceil((end - start) / step), 0);
  work(size);
  const out = new Uint8Array(size);
  for (let i = 0; i < size; i++) out[i] = bytes[start + i * step]!;
  return fromBytes(out);
}

/** Start and end of a forward slice, clamped to `[0:size]`. */
export function indices(
  lo: Value | undefined,
  hi: Value | undefined,
  size: number,
): [start: number, end: number] {
  const clamp = (i: number): number => Math.min(Math.max(i, 0), size);
  return [clamp(asIndex(lo, size, 0, "start")), clamp(asIndex(hi, size, size, "end"))];
}

function asIndex(value: Value | undefined, size: number, absent: number, which: string): number {
  if (value === undefined || value === null) return absent;
  let i: number;
  try {
    i = asMachineInt(value);
  } catch {
    // Both of its messages become this one.
    throw new Error(`invalid ${which} index: got ${typeOf(value)}, want int`);
  }
  return i < 0 ? i + size : i;
}
