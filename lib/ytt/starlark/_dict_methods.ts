import { namedError } from "./_named_error.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { checkPositional } from "./args.ts";
import type { Dict } from "./dict.ts";
import { List, Tuple } from "./list.ts";
import type { Method } from "./_method.ts";
import { isIterable, iterate, length } from "./ops.ts";
import { quote } from "./_quote.ts";
import { typeOf } from "./_repr.ts";

type Args = readonly Value[];

/** The nine methods of dicts. */
export const dictMethods: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  ["clear", clear],
  ["get", get],
  ["items", items],
  ["keys", keys],
  ["pop", pop],
  ["popitem", popitem],
  ["setdefault", setdefault],
  ["update", update],
  ["values", values],
]);

/** Puts the method's name before the message of what goes wrong. */
function named<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw namedError(name, error);
  }
}

function clear(self: Dict, args: Args, kwargs: Kwargs): Value {
  checkPositional("clear", args, kwargs, 0);
  self.clear();
  return null;
}

function get(self: Dict, args: Args, kwargs: Kwargs): Value {
  checkPositional("get", args, kwargs, 1, 2);
  const [key] = args;
  const value = typeof key === "string" ? self.get(key) : named("get", () => self.get(key!));
  return value ?? args[1] ?? null;
}

function items(self: Dict, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("items", args, kwargs, 0);
  thread.allocate(self.size * 80);
  return new List(self.itemTuples());
}

function keys(self: Dict, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("keys", args, kwargs, 0);
  thread.allocate(self.size * 16);
  return new List(self.keys());
}

function values(self: Dict, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  checkPositional("values", args, kwargs, 0);
  thread.allocate(self.size * 16);
  return new List(self.values());
}

function pop(self: Dict, args: Args, kwargs: Kwargs): Value {
  checkPositional("pop", args, kwargs, 1, 2);
  const value = named("pop", () => self.delete(args[0]!)) ?? args[1];
  if (value === undefined) throw new Error("pop: missing key");
  return value;
}

function popitem(self: Dict, args: Args, kwargs: Kwargs): Value {
  checkPositional("popitem", args, kwargs, 0);
  const first = self.firstKey();
  if (first === undefined) throw new Error("popitem: empty dict");
  const value = named("popitem", () => self.delete(first))!;
  return new Tuple([first, value]);
}

function setdefault(self: Dict, args: Args, kwargs: Kwargs): Value {
  checkPositional("setdefault", args, kwargs, 1, 2);
  return named("setdefault", () => {
    const value = self.get(args[0]!);
    if (value !== undefined) return value;
    self.set(args[0]!, args[1] ?? null);
    return args[1] ?? null;
  });
}

function update(self: Dict, args: Args, kwargs: Kwargs, thread: ThreadContext): Value {
  if (args.length > 1) {
    throw new Error(`update: got ${args.length} arguments, want at most 1`);
  }
  named("update", () => updateDict(self, args[0], kwargs, thread));
  return null;
}

/** What `dict(…)` and `update` have in common. */
export function updateDict(
  dict: Dict,
  updates: Value | undefined,
  kwargs: Kwargs,
  thread: ThreadContext,
): void {
  if (updates !== undefined) {
    const pairs = typeof updates === "object" && updates !== null ? updates.entries?.() : undefined;
    if (pairs !== undefined) {
      let n = 0;
      for (const [key, value] of pairs) {
        dict.set(key, value);
        if ((++n & 63) === 0) thread.allocate(10240);
      }
    } else updateFromSequence(dict, updates, thread);
  }
  const given = new Set<string>();
  for (const [key, value] of kwargs) {
    dict.set(key, value);
    if (given.has(key)) throw new Error(`duplicate keyword arg: ${quote(key)}`);
    given.add(key);
  }
}

function updateFromSequence(dict: Dict, updates: Value, thread: ThreadContext): void {
  const pairs = iterate(updates);
  if (pairs === undefined) throw new Error(`got ${typeOf(updates)}, want iterable`);
  let i = 0;
  for (const pair of pairs) {
    const element = `dictionary update sequence element #${i}`;
    if (!isIterable(pair)) throw new Error(`${element} is not iterable (${typeOf(pair)})`);
    const size = length(pair);
    if (size < 0) throw new Error(`${element} has unknown length (${typeOf(pair)})`);
    if (size !== 2) throw new Error(`${element} has length ${size}, want 2`);
    const [key, value] = iterate(pair)!;
    dict.set(key!, value!);
    if ((++i & 63) === 0) thread.allocate(10240);
  }
}
