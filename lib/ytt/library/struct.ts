import { Dict, isCallable, type Kwargs, List, Struct, Tuple, type Value } from "../starlark/mod.ts";
import { builtin, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

/** `@ytt:struct`. */
export function structModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("struct", {
    make: (_thread, args, kwargs) => make(args, kwargs),
    make_and_bind: (_thread, args, kwargs) => {
      if (args.length !== 1) throw new Error("expected at exactly one argument");
      const bound = kwargs.map(([name, value]): [string, Value] => [
        name,
        isCallable(value) ? bind([value, args[0]!]) : value,
      ]);
      return make([], bound);
    },
    bind: (_thread, args) => {
      if (args.length < 2) throw new Error("expected at least two arguments");
      return bind(args);
    },
    encode: (_thread, args) => asStruct(hooks.plain(onlyArgument(args))),
    decode: (_thread, args) => hooks.plain(onlyArgument(args)),
  });
}

function make(args: readonly Value[], kwargs: Kwargs): Struct {
  if (args.length > 0) {
    throw new Error(
      "unexpected positional arguments (structs are made from keyword arguments only)",
    );
  }
  return new Struct(new Map(kwargs));
}

/** A function with its first arguments given. */
function bind([fn, ...first]: readonly Value[]): Value {
  return builtin(
    "struct.bind_result",
    (thread, args, kwargs) => thread.call(fn!, [...first, ...args], kwargs),
  );
}

/** Dicts become structs, at every depth. */
function asStruct(value: Value): Value {
  if (value instanceof List || value instanceof Tuple) {
    return new List(value.items.map(asStruct));
  }
  if (!(value instanceof Dict)) return value;
  const fields = new Map<string, Value>();
  for (const [key, item] of value.entries()) {
    if (typeof key !== "string") throw new Error(`expected struct key ${key} to be string`);
    fields.set(key, asStruct(item));
  }
  return new Struct(fields);
}
