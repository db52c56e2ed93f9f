import { toBytes, type Value } from "../starlark/mod.ts";
import { asString, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

interface Runtime {
  readonly process: { getBuiltinModule(name: "node:crypto"): typeof import("node:crypto") };
}

/**
 * `node:crypto` takes 13 ms to load and `node:process` 20 (two cores, Deno 2.9), which only those
 * pay who use it; a static import of either would be in every start.
 */
function digest(algorithm: string, text: string): string {
  const { process } = globalThis as unknown as Runtime;
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash(algorithm).update(toBytes(text)).digest("hex");
}

/** `@ytt:md5`. */
export function md5Module(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("md5", {
    sum: (_thread, args) => digest("md5", asString(onlyArgument(args), hooks)),
  });
}

/** `@ytt:sha256`. */
export function sha256Module(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("sha256", {
    sum: (_thread, args) => digest("sha256", asString(onlyArgument(args), hooks)),
  });
}
