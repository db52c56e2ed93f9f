import { checkPositional, expect, Module, type Value } from "../starlark/mod.ts";
import { members } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

/** `@ytt:module`: `module.make("name", member=value)`. */
export function moduleModule(_hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("module", {
    make: (_thread, args, kwargs) => {
      checkPositional("module.make", args, [], 1);
      return new Module(expect("module.make", 1, "string", args[0]!), new Map(kwargs));
    },
  });
}
