import { namedError } from "./_named_error.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { checkPositional, expect } from "./args.ts";
import { byteLength, byteOfIndex, isAscii, normalize, sliceBytes } from "./_bytes.ts";
import { format } from "./_format.ts";
import { Tuple } from "./list.ts";
import type { Method } from "./_method.ts";
import { indices, iterate } from "./ops.ts";
import { codePoints, occurrences } from "./_occurrences.ts";
import { typeOf } from "./_repr.ts";
import { lower, predicates, title, upper } from "./_string_case.ts";
import { StringElements } from "./_string_elements.ts";
import { splitLines, splitMethod, strip } from "./_string_split.ts";

type Args = readonly Value[];
type StringMethod = Method<string>;

/** A method without arguments. */
function plain(name: string, fn: (self: string) => Value): [string, StringMethod] {
  return [name, (self, args, kwargs) => {
    checkPositional(name, args, kwargs, 0);
    return fn(self);
  }];
}

/** The 33 methods of strings. */
export const stringMethods: ReadonlyMap<string, StringMethod> = new Map<string, StringMethod>([
  plain("capitalize", (s) => {
    const first = s === "" ? "" : String.fromCodePoint(s.codePointAt(0)!);
    return title(first) + lower(s.slice(first.length));
  }),
  plain("codepoint_ords", (s) => new StringElements(s, true, true)),
  plain("codepoints", (s) => new StringElements(s, true, false)),
  ["count", count],
  plain("elem_ords", (s) => new StringElements(s, false, true)),
  plain("elems", (s) => new StringElements(s, false, false)),
  ["endswith", affix("endswith", (s, x) => s.endsWith(x))],
  ["find", find("find", false, true)],
  ["format", (self, args, kwargs, thread) => sized(format(self, args, kwargs), thread)],
  ["index", find("index", false, false)],
  ...predicates.map(([name, test]) => plain(name, test)),
  ["join", join],
  plain("lower", lower),
  ["lstrip", strip("lstrip")],
  ["partition", partition("partition")],
  ["replace", replace],
  ["rfind", find("rfind", true, true)],
  ["rindex", find("rindex", true, false)],
  ["rpartition", partition("rpartition")],
  ["rsplit", splitMethod("rsplit")],
  ["rstrip", strip("rstrip")],
  ["split", splitMethod("split")],
  ["splitlines", splitLines],
  ["startswith", affix("startswith", (s, x) => s.startsWith(x))],
  ["strip", strip("strip")],
  plain("title", title),
  plain("upper", upper),
]);

/** Charges for a long result. */
function sized(text: string, thread: ThreadContext): string {
  if (text.length > 256) thread.allocate(text.length);
  return text;
}

/** The part of a string that optional start and end arguments, in bytes, select. */
function part(
  name: string,
  self: string,
  start: Value | undefined,
  end: Value | undefined,
): { text: string; offset: number } {
  if (start === undefined && end === undefined) return { text: self, offset: 0 };
  let lo: number;
  let hi: number;
  try {
    [lo, hi] = indices(start, end, byteLength(self));
  } catch (error) {
    throw namedError(name, error);
  }
  return { text: lo < hi ? sliceBytes(self, lo, hi) : "", offset: lo };
}

function count(self: string, args: Args, kwargs: Kwargs): Value {
  checkPositional("count", args, kwargs, 1, 3);
  const needle = expect("count", 1, "string", args[0]!);
  const { text } = part("count", self, args[1], args[2]);
  return needle === "" ? codePoints(text) + 1 : occurrences(text, needle);
}

function find(name: string, last: boolean, orMinusOne: boolean): StringMethod {
  return (self, args, kwargs) => {
    checkPositional(name, args, kwargs, 1, 3);
    const needle = expect(name, 1, "string", args[0]!);
    const { text, offset } = part(name, self, args[1], args[2]);
    const at = last ? text.lastIndexOf(needle) : text.indexOf(needle);
    if (at >= 0) return offset + (isAscii(text) ? at : byteOfIndex(text, at));
    if (orMinusOne) return -1;
    throw new Error(`${name}: substring not found`);
  };
}

function affix(name: string, test: (text: string, affix: string) => boolean): StringMethod {
  return (self, args, kwargs) => {
    checkPositional(name, args, kwargs, 1, 3);
    const { text } = part(name, self, args[1], args[2]);
    const x = args[0]!;
    if (typeof x === "string") return test(text, x);
    if (!(x instanceof Tuple)) {
      throw new Error(`${name}: got ${typeOf(x)}, want string or tuple of string`);
    }
    return x.items.some((item, i) => {
      if (typeof item === "string") return test(text, item);
      throw new Error(`${name}: want string, got ${typeOf(item)}, for element ${i}`);
    });
  };
}

function join(self: string, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("join", args, kwargs, 1);
  const parts: string[] = [];
  let size = 0;
  for (const item of iterate(expect("join", 1, "iterable", args[0]!))!) {
    if (typeof item !== "string") {
      throw new Error(`join: in list, want string, got ${typeOf(item)}`);
    }
    parts.push(item);
    size += item.length + self.length;
    // Charged as it grows: the parts may be the same long string over and over.
    if ((parts.length & 255) === 0) {
      thread.allocate(size);
      size = 0;
    }
  }
  thread.allocate(size);
  return normalize(parts.join(self));
}

function partition(name: "partition" | "rpartition"): StringMethod {
  return (self, args, kwargs) => {
    checkPositional(name, args, kwargs, 1);
    const separator = expect(name, 1, "string", args[0]!);
    if (separator === "") throw new Error(`${name}: empty separator`);
    const first = name === "partition";
    const at = first ? self.indexOf(separator) : self.lastIndexOf(separator);
    if (at < 0) return new Tuple(first ? [self, "", ""] : ["", "", self]);
    return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
  };
}

function replace(self: string, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("replace", args, kwargs, 2, 3);
  const from = expect("replace", 1, "string", args[0]!);
  const to = expect("replace", 2, "string", args[1]!);
  const times = args[2] === undefined ? -1 : expect("replace", 3, "int", args[2]);
  if (from === to || times === 0) return self;
  // Charged before: a short text between all characters of a long one is a lot of memory.
  const found = from === "" ? self.length : self.length > 4096 ? occurrences(self, from) : 0;
  thread.allocate(found * (to.length + 32));
  const parts = from === "" ? ["", ...self, ""] : self.split(from);
  if (times > 0 && parts.length > times + 1) {
    parts.splice(times, parts.length, parts.slice(times).join(from));
  }
  thread.allocate(self.length + (parts.length - 1) * to.length);
  return normalize(parts.join(to));
}
