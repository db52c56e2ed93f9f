import type { Value } from "../../../lib/ytt/starlark/mod.ts";
import { testSpecs } from "./_spec.ts";

const modules: Record<string, ReadonlyMap<string, Value>> = {
  "lib.star": new Map<string, Value>([["one", 1], ["two", 2], ["_hidden", 3]]),
};

testSpecs(new URL("specs/", import.meta.url), (module) => {
  const found = modules[module];
  if (found === undefined) throw new Error("no such file");
  return found;
});
