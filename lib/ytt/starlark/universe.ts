import { namedError } from "./_named_error.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { checkPositional, expect, parameterName, unpackArgs } from "./args.ts";
import { toBytes } from "./_bytes.ts";
import { Dict } from "./dict.ts";
import { updateDict } from "./_dict_methods.ts";
import { StarlarkFloat } from "./float.ts";
import { Builtin, type BuiltinFunction } from "./function.ts";
import { asMachineInt, isInt } from "./int.ts";
import { List, Tuple } from "./list.ts";
import { attrNames, findAttr, iterate, length } from "./ops.ts";
import { parseFloatText, parseInteger } from "./_numbers.ts";
import { Range } from "./range.ts";
import { codePoints } from "./_occurrences.ts";
import { repr, str, truth, typeOf } from "./_repr.ts";
import { StarlarkSet } from "./set.ts";
import { minmax, sorted } from "./_sorting.ts";

type Args = readonly Value[];

function noKeywords(name: string, kwargs: Kwargs): void {
  if (kwargs.length > 0) throw new Error(`${name} does not accept keyword arguments`);
}

/** The elements of the one argument that must be iterable, charged for. */
export function collect(thread: ThreadContext, iterable: Value): Value[] {
  const out: Value[] = [];
  for (const item of iterate(iterable)!) {
    out.push(item);
    if ((out.length & 255) === 0) {
      thread.allocate(8192);
      thread.step(256);
    }
  }
  return out;
}

function anyAll(name: string, wanted: boolean): BuiltinFunction {
  return (_thread, args, kwargs) => {
    checkPositional(name, args, kwargs, 1);
    for (const item of iterate(expect(name, 1, "iterable", args[0]!))!) {
      if (truth(item) === wanted) return wanted;
    }
    return !wanted;
  };
}

function chr(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("chr", kwargs);
  if (args.length !== 1) throw new Error(`chr: got ${args.length} arguments, want 1`);
  let code: number;
  try {
    code = asMachineInt(args[0]!);
  } catch {
    // A huge int gets this message too.
    throw new Error(`chr: got ${typeOf(args[0]!)}, want int`);
  }
  if (code < 0) throw new Error(`chr: Unicode code point ${code} out of range (<0)`);
  if (code > 0x10ffff) {
    throw new Error(
      `chr: Unicode code point U+${code.toString(16).toUpperCase()} out of range (>0x10FFFF)`,
    );
  }
  return code >= 0xd800 && code < 0xe000 ? "\ufffd" : String.fromCodePoint(code);
}

function dict(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  if (args.length > 1) throw new Error(`dict: got ${args.length} arguments, want at most 1`);
  const result = new Dict();
  thread.allocate(128);
  try {
    updateDict(result, args[0], kwargs, thread);
  } catch (error) {
    throw namedError("dict", error);
  }
  return result;
}

function dir(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("dir", kwargs);
  if (args.length !== 1) throw new Error(`dir: got ${args.length} arguments, want 1`);
  return new List(attrNames(args[0]!));
}

function enumerate(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("enumerate", args, kwargs, 1, 2);
  const iterable = expect("enumerate", 1, "iterable", args[0]!);
  const start = args[1] === undefined ? 0 : expect("enumerate", 2, "int", args[1]);
  const items = collect(thread, iterable);
  thread.allocate(items.length * 64);
  return new List(items.map((item, i) => new Tuple([start + i, item])));
}

function fail(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  throw new Error(`fail: ${joined("fail", args, kwargs)}`);
}

function print(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  thread.print(joined("print", args, kwargs));
  return null;
}

function joined(name: string, args: Args, kwargs: Kwargs): string {
  const [separator = " "] = unpackArgs(name, [], kwargs, ["sep?"]);
  return args.map(str).join(expect(name, parameterName(kwargs, "sep"), "string", separator));
}

function float(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("float", kwargs);
  if (args.length === 0) return new StarlarkFloat(0);
  if (args.length !== 1) throw new Error(`float got ${args.length} arguments, wants 1`);
  const x = args[0]!;
  if (x instanceof StarlarkFloat) return x;
  if (typeof x === "boolean" || isInt(x)) return new StarlarkFloat(Number(x));
  if (typeof x === "string") return new StarlarkFloat(parseFloatText(x));
  throw new Error(`float got ${typeOf(x)}, want number or string`);
}

function getattr(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("getattr", args, kwargs, 2, 3);
  const [object, , fallback] = args;
  const name = expect("getattr", 2, "string", args[1]!);
  let found: Value | undefined;
  try {
    found = findAttr(object!, name);
  } catch (error) {
    if (fallback === undefined) throw namedError("getattr", error);
  }
  if (found !== undefined) return found;
  if (fallback !== undefined) return fallback;
  throw new Error(`getattr: ${typeOf(object!)} has no .${name} field or method`);
}

function hasattr(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("hasattr", args, kwargs, 2);
  const name = expect("hasattr", 2, "string", args[1]!);
  try {
    return findAttr(args[0]!, name) !== undefined;
  } catch {
    // The attribute may be there without having a value.
    return attrNames(args[0]!).includes(name);
  }
}

/** Java's hash of a string, over Go's runes. */
function hash(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("hash", args, kwargs, 1);
  let result = 0;
  for (const char of expect("hash", 1, "string", args[0]!)) {
    const code = char.codePointAt(0)!;
    result = (Math.imul(31, result) + (code >= 0xdc80 && code <= 0xdcff ? 0xfffd : code)) | 0;
  }
  return result;
}

function len(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("len", args, kwargs, 1);
  const size = length(args[0]!);
  if (size < 0) throw new Error(`len: value of type ${typeOf(args[0]!)} has no len`);
  return size;
}

function list(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("list", args, kwargs, 0, 1);
  if (args[0] === undefined) return new List();
  return new List(collect(thread, expect("list", 1, "iterable", args[0])));
}

function tuple(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("tuple", args, kwargs, 0, 1);
  if (args[0] === undefined) return new Tuple();
  return new Tuple(collect(thread, expect("tuple", 1, "iterable", args[0])));
}

function set(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("set", args, kwargs, 0, 1);
  if (args[0] === undefined) return new StarlarkSet();
  const items = collect(thread, expect("set", 1, "iterable", args[0]));
  thread.allocate(items.length * 64);
  try {
    return StarlarkSet.from(items);
  } catch (error) {
    throw namedError("set", error);
  }
}

function reversed(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("reversed", args, kwargs, 1);
  return new List(collect(thread, expect("reversed", 1, "iterable", args[0]!)).reverse());
}

function ord(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("ord", kwargs);
  if (args.length !== 1) throw new Error(`ord: got ${args.length} arguments, want 1`);
  const text = args[0]!;
  if (typeof text !== "string") throw new Error(`ord: got ${typeOf(text)}, want string`);
  const chars = [...text.slice(0, 3)];
  if (chars.length !== 1 || text.length > 2) {
    throw new Error(
      `ord: string encodes ${codePoints(text)} Unicode code points, want 1`,
    );
  }
  const code = text.codePointAt(0)!;
  return code >= 0xdc80 && code <= 0xdcff && toBytes(text).length === 1 ? 0xfffd : code;
}

function range(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  checkPositional("range", args, kwargs, 1, 3);
  const numbers = args.map((arg, i) => expect("range", i + 1, "int", arg));
  const [start, stop] = numbers.length === 1 ? [0, numbers[0]!] : [numbers[0]!, numbers[1]!];
  const step = numbers[2] ?? 1;
  if (step === 0) throw new Error("range: step argument must not be zero");
  return new Range(start, stop, step);
}

function strOf(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("str", kwargs);
  if (args.length !== 1) {
    throw new Error(`str: got ${args.length} arguments, want exactly 1`);
  }
  return str(args[0]!);
}

function type(_thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("type", kwargs);
  if (args.length !== 1) {
    throw new Error(`type: got ${args.length} arguments, want exactly 1`);
  }
  return typeOf(args[0]!);
}

function zip(thread: ThreadContext, args: Args, kwargs: Kwargs): Value {
  noKeywords("zip", kwargs);
  const columns = args.map((arg, i) => {
    const items = iterate(arg);
    if (items === undefined) {
      throw new Error(`zip: argument #${i + 1} is not iterable: ${typeOf(arg)}`);
    }
    return collect(thread, arg);
  });
  const rows = columns.length === 0 ? 0 : Math.min(...columns.map((items) => items.length));
  thread.allocate(rows * (48 + 16 * columns.length));
  return new List(
    Array.from({ length: rows }, (_, i) => new Tuple(columns.map((items) => items[i]!))),
  );
}

const functions: Readonly<Record<string, BuiltinFunction>> = {
  any: anyAll("any", true),
  all: anyAll("all", false),
  bool: (_thread, args, kwargs) => {
    checkPositional("bool", args, kwargs, 0, 1);
    return args[0] !== undefined && truth(args[0]);
  },
  chr,
  dict,
  dir,
  enumerate,
  fail,
  float,
  getattr,
  hasattr,
  hash,
  int: (_thread, args, kwargs) => parseInteger(unpackArgs("int", args, kwargs, ["x", "base?"])),
  len,
  list,
  max: minmax("max"),
  min: minmax("min"),
  ord,
  print,
  range,
  repr: (_thread, args, kwargs) => {
    checkPositional("repr", args, kwargs, 1);
    return repr(args[0]!);
  },
  reversed,
  set,
  sorted,
  str: strOf,
  tuple,
  type,
  zip,
};

/** The names that every program has: three constants and 28 functions. */
export const universe: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["None", null],
  ["True", true],
  ["False", false],
  ...Object.entries(functions).map(([name, fn]): [string, Value] => [name, new Builtin(name, fn)]),
]);
