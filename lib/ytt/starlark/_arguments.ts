import { iterate } from "./ops.ts";
import { typeOf } from "./_repr.ts";
import { type Activation, type Eval, StarlarkFunction } from "./starlark_function.ts";
import type { Kwargs, Value } from "./values.ts";

/** Compiled arguments of a call. */
export interface Arguments {
  readonly positional: (frame: Activation) => Value[];
  readonly named: (frame: Activation) => Kwargs;
  /** Adds what `*args` and `**kwargs` stand for, which are evaluated last. */
  readonly spread: ((frame: Activation, args: Value[], kwargs: Kwargs) => Kwargs) | undefined;
}

/** Evaluates expressions from left to right. */
export function evaluateAll(items: readonly Eval[]): (f: Activation) => Value[] {
  const [a, b, c] = items as [Eval, Eval, Eval];
  switch (items.length) {
    case 0:
      return () => [];
    case 1:
      return (f) => [a(f)];
    case 2:
      return (f) => [a(f), b(f)];
    case 3:
      return (f) => [a(f), b(f), c(f)];
    default:
      return (f) => {
        const out: Value[] = [];
        for (let i = 0; i < items.length; i++) out.push(items[i]!(f));
        return out;
      };
  }
}

/** Evaluates `*args`, then `**kwargs`. */
export function spreading(
  star: Eval | undefined,
  starstar: Eval | undefined,
  pos: number,
): (f: Activation, args: Value[], kwargs: Kwargs) => Kwargs {
  return (f, args, kwargs) => {
    const rest = star?.(f);
    const named = starstar?.(f);
    f.pos = pos;
    const all = named === undefined ? kwargs : [...kwargs, ...keywords(named)];
    if (rest === undefined) return all;
    const items = iterate(rest);
    if (items === undefined) {
      throw new Error(`argument after * must be iterable, not ${typeOf(rest)}`);
    }
    for (const item of items) {
      f.thread.step();
      args.push(item);
      if ((args.length & 255) === 0) f.thread.allocate(8192);
    }
    return all;
  };
}

/** The pairs of a mapping whose keys are strings. */
function keywords(mapping: Value): [string, Value][] {
  const pairs = typeof mapping === "object" && mapping !== null ? mapping.entries?.() : undefined;
  if (pairs === undefined) {
    throw new Error(`argument after ** must be a mapping, not ${typeOf(mapping)}`);
  }
  const out: [string, Value][] = [];
  for (const [key, value] of pairs) {
    if (typeof key !== "string") throw new Error(`keywords must be strings, not ${typeOf(key)}`);
    out.push([key, value]);
  }
  return out;
}

/** Calls a value; functions of the language take the short way. */
export function invoke(f: Activation, callee: Value, args: Value[], kwargs: Kwargs): Value {
  const { thread } = f;
  thread.step();
  if (callee instanceof StarlarkFunction) return callee.invoke(thread, args, kwargs);
  return thread.call(callee, args, kwargs);
}
