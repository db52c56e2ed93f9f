import type { Kwargs, Value } from "./values.ts";
import { StarlarkError } from "./errors.ts";
import { isCallable } from "./function.ts";
import { asMachineInt } from "./int.ts";
import { quote } from "./_quote.ts";
import { typeOf } from "./_repr.ts";
import { isIterable } from "./ops.ts";

/**
 * Checks that a call has between `min` and `max` positional arguments and no named ones.
 *
 * @throws {Error} with starlark-go's message.
 */
export function checkPositional(
  name: string,
  args: readonly Value[],
  kwargs: Kwargs,
  min: number,
  max: number = min,
): void {
  if (kwargs.length > 0) throw new Error(`${name}: unexpected keyword arguments`);
  const { length } = args;
  if (length < min) {
    const least = min < max ? "at least " : "";
    throw new Error(`${name}: got ${length} arguments, want ${least}${min}`);
  }
  if (length > max) {
    const most = max > min ? "at most " : "";
    throw new Error(`${name}: got ${length} arguments, want ${most}${max}`);
  }
}

/** The types that a parameter may ask for. */
export interface ParameterTypes {
  /** Any value. */
  value: Value;
  /** A string. */
  string: string;
  /** `True` or `False`. */
  bool: boolean;
  /** An int of at most 53 bits. */
  int: number;
  /** What `for` can walk through. */
  iterable: Value;
  /** A function. */
  callable: Value;
}

/**
 * Binds arguments to parameters by position or by name. Parameters are written `name` or `name?`;
 * what was not given is `undefined`, and a missing mandatory one throws.
 *
 * @throws {Error} with starlark-go's message.
 */
export function unpackArgs(
  name: string,
  args: readonly Value[],
  kwargs: Kwargs,
  params: readonly string[],
): (Value | undefined)[] {
  const names = params.map((param) => param.replace(/\?+$/, ""));
  if (args.length > params.length) {
    throw new Error(`${name}: got ${args.length} arguments, want at most ${params.length}`);
  }
  const values: (Value | undefined)[] = names.map((_, i) => args[i]);
  for (const [key, value] of kwargs) {
    const i = names.indexOf(key);
    if (i < 0) throw new Error(`${name}: unexpected keyword argument ${quote(key)}`);
    if (values[i] !== undefined) {
      throw new Error(`${name}: got multiple values for keyword argument ${quote(key)}`);
    }
    values[i] = value;
  }
  const missing = params.findIndex((p, i) => !p.endsWith("?") && values[i] === undefined);
  if (missing >= 0) throw new Error(`${name}: missing argument for ${names[missing]}`);
  return values;
}

/** How messages call a parameter: in quotes when the argument was passed by name. */
export function parameterName(kwargs: Kwargs, name: string): string {
  return kwargs.some(([key]) => key === name) ? quote(name) : name;
}

/**
 * Checks one argument's type; `parameter` is its number from 1 or its name.
 *
 * @throws {Error} with starlark-go's message.
 */
export function expect<T extends keyof ParameterTypes>(
  name: string,
  parameter: number | string,
  type: T,
  value: Value,
): ParameterTypes[T] {
  try {
    return convert(type, value) as ParameterTypes[T];
  } catch (error) {
    if (error instanceof StarlarkError) throw error;
    throw new Error(`${name}: for parameter ${parameter}: ${(error as Error).message}`);
  }
}

function convert(type: keyof ParameterTypes, value: Value): Value {
  switch (type) {
    case "value":
      return value;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "int":
      if (typeof value === "number") return value;
      return asMachineInt(value);
    case "iterable":
      if (isIterable(value)) return value;
      break;
    case "callable":
      if (isCallable(value)) return value;
  }
  throw new Error(`got ${typeOf(value)}, want ${type}`);
}
