import { namedError } from "./_named_error.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { checkPositional, expect } from "./args.ts";
import { equals } from "./_compare.ts";
import type { List } from "./list.ts";
import type { Method } from "./_method.ts";
import { indices, iterate, outOfRange } from "./ops.ts";

type Args = readonly Value[];

/** The seven methods of lists. */
export const listMethods: ReadonlyMap<string, Method<List>> = new Map<string, Method<List>>([
  ["append", append],
  ["clear", clear],
  ["extend", extend],
  ["index", index],
  ["insert", insert],
  ["pop", pop],
  ["remove", remove],
]);

function mutable(name: string, list: List, verb: string): void {
  try {
    list.checkMutable(verb);
  } catch (error) {
    throw namedError(name, error);
  }
}

function append(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("append", args, kwargs, 1);
  mutable("append", self, "append to");
  self.items.push(args[0]!);
  if ((self.items.length & 255) === 0) thread.allocate(8192);
  return null;
}

function clear(self: List, args: Args, kwargs: Kwargs): Value {
  checkPositional("clear", args, kwargs, 0);
  mutable("clear", self, "clear");
  self.items = [];
  return null;
}

function extend(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("extend", args, kwargs, 1);
  const iterable = expect("extend", 1, "iterable", args[0]!);
  mutable("extend", self, "extend");
  extendList(self, iterable, thread);
  return null;
}

/** Adds all elements of an iterable to a list that may be the same. */
export function extendList(list: List, iterable: Value, thread: ThreadContext): void {
  const added: Value[] = [];
  for (const item of iterate(iterable) ?? []) {
    added.push(item);
    if ((added.length & 255) === 0) thread.allocate(8192);
  }
  for (const item of added) list.items.push(item);
}

function index(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("index", args, kwargs, 1, 3);
  thread.step(self.items.length >> 3);
  let start: number;
  let end: number;
  try {
    [start, end] = indices(args[1], args[2], self.items.length);
    for (let i = start; i < end; i++) if (equals(self.items[i]!, args[0]!)) return i;
  } catch (error) {
    throw namedError("index", error);
  }
  throw new Error("index: value not in list");
}

function insert(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("insert", args, kwargs, 2);
  let at = expect("insert", 1, "int", args[0]!);
  mutable("insert", self, "insert into");
  if (at < 0) at = Math.max(at + self.items.length, 0);
  self.items.splice(at, 0, args[1]!);
  thread.step(self.items.length >> 6);
  if ((self.items.length & 255) === 0) thread.allocate(8192);
  return null;
}

function pop(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("pop", args, kwargs, 0, 1);
  const { length } = self.items;
  const given = args[0] === undefined ? length - 1 : expect("pop", 1, "int", args[0]);
  const i = given < 0 ? given + length : given;
  if (i < 0 || i >= length) throw new Error(`pop: ${outOfRange(given, length, self)}`);
  mutable("pop", self, "pop from");
  if (i === length - 1) return self.items.pop()!;
  thread.step(length >> 6);
  return self.items.splice(i, 1)[0]!;
}

function remove(self: List, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("remove", args, kwargs, 1);
  mutable("remove", self, "remove from");
  thread.step(self.items.length >> 3);
  const at = self.items.findIndex((item) => equals(item, args[0]!));
  if (at < 0) throw new Error("remove: element not found");
  self.items.splice(at, 1);
  return null;
}
