import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { Builtin } from "./function.ts";

/** A method of a built-in type. */
export type Method<T extends Value> = (
  self: T,
  args: readonly Value[],
  kwargs: Kwargs,
  thread: ThreadContext,
) => Value;

/** Methods by name. */
export type Methods<T extends Value> = ReadonlyMap<string, Method<T>>;

/** `x.name` for a method: a builtin that remembers `x`. */
export function boundMethod<T extends Value>(
  methods: Methods<T>,
  name: string,
  self: T,
): Value | undefined {
  const method = methods.get(name);
  if (method === undefined) return undefined;
  return new Builtin(name, (thread, args, kwargs) => method(self, args, kwargs, thread), self);
}

/** Names of methods, sorted. */
export function methodNames<T extends Value>(methods: Methods<T>): string[] {
  return [...methods.keys()].sort();
}
