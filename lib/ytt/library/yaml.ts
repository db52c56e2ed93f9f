import type { Value } from "../starlark/mod.ts";
import { asString, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

/** `@ytt:yaml`. */
export function yamlModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("yaml", {
    encode: (_thread, args) => hooks.encodeYaml(onlyArgument(args)),
    decode: (_thread, args) => hooks.decodeYaml(asString(onlyArgument(args), hooks)),
  });
}
