import { namedError } from "./_named_error.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { expect, parameterName, type ParameterTypes, unpackArgs } from "./args.ts";
import { quote } from "./_quote.ts";
import { compare } from "./_compare.ts";
import { compareStrings } from "./_bytes.ts";
import type { BuiltinFunction } from "./function.ts";
import { List, Tuple } from "./list.ts";
import { iterate } from "./ops.ts";
import { typeOf } from "./_repr.ts";
import { collect } from "./universe.ts";

/** `sorted(iterable, key=None, reverse=False)`, stable in both directions. */
export function sorted(thread: ThreadContext, args: readonly Value[], kwargs: Kwargs): Value {
  const [iterable, key, reverse] = unpackArgs("sorted", args, kwargs, [
    "iterable",
    "key?",
    "reverse?",
  ]);
  const check = <T extends keyof ParameterTypes>(param: string, type: T, value: Value) =>
    expect("sorted", parameterName(kwargs, param), type, value);
  const items = collect(thread, check("iterable", "iterable", iterable!));
  const by = key === undefined ? undefined : check("key", "callable", key);
  const down = reverse !== undefined && check("reverse", "bool", reverse);
  const pairs = items.map((item): [key: Value, item: Value] => [
    by === undefined ? item : thread.call(by, [item]),
    item,
  ]);
  thread.step(Math.ceil(pairs.length * Math.log2(pairs.length + 1) / 4));
  try {
    pairs.sort(down ? ([a], [b]) => order(b, a) : ([a], [b]) => order(a, b));
  } catch (error) {
    throw insertionError(pairs.map(([key]) => key), down) ?? error;
  }
  return new List(pairs.map(([, item]) => item));
}

/**
 * The error that Go's sort ends with: it goes on after values that have no order, and reports the
 * last pair. Its blocks of 20 are sorted by insertion, which is all that is repeated here.
 */
function insertionError(keys: Value[], down: boolean): unknown {
  let last: unknown;
  const less = (a: Value, b: Value): boolean => {
    try {
      return down ? compare("<", b, a) : compare("<", a, b);
    } catch (error) {
      last = error;
      return false;
    }
  };
  for (let i = 1; i < keys.length; i++) {
    for (let j = i; j % 20 !== 0 && less(keys[j]!, keys[j - 1]!); j--) {
      [keys[j], keys[j - 1]] = [keys[j - 1]!, keys[j]!];
    }
  }
  return last;
}

function order(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (compare("<", a, b)) return -1;
  return compare("<", b, a) ? 1 : 0;
}

/** `min` and `max`. */
export function minmax(name: "min" | "max"): BuiltinFunction {
  const op = name === "max" ? ">" : "<";
  return (thread, args, kwargs) => {
    if (args.length === 0) {
      throw new Error(`${name} requires at least one positional argument`);
    }
    const [given] = unpackArgs(name, [], kwargs, ["key?"]);
    const key = given === undefined ? undefined : expect(name, quote("key"), "callable", given);
    const items = args.length === 1 ? args[0]! : new Tuple(args);
    const walk = iterate(items);
    if (walk === undefined) throw new Error(`${name}: ${typeOf(items)} value is not iterable`);
    let best: Value | undefined;
    let bestKey: Value = null;
    for (const item of walk) {
      thread.step();
      const itemKey = key === undefined ? item : thread.call(key, [item]);
      if (best === undefined || better(name, op, itemKey, bestKey)) {
        best = item;
        bestKey = itemKey;
      }
    }
    if (best === undefined) throw new Error(`${name}: argument is an empty sequence`);
    return best;
  };
}

function better(name: string, op: "<" | ">", a: Value, b: Value): boolean {
  try {
    return compare(op, a, b);
  } catch (error) {
    throw namedError(name, error);
  }
}
