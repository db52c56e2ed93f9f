import { namedError } from "./_named_error.ts";
import type { Kwargs, Value } from "./values.ts";
import { checkPositional, expect } from "./args.ts";
import type { Method } from "./_method.ts";
import { iterate } from "./ops.ts";
import { StarlarkSet } from "./set.ts";

/** The one method that sets have in ytt's starlark-go. */
export const setMethods: ReadonlyMap<string, Method<StarlarkSet>> = new Map<
  string,
  Method<StarlarkSet>
>([["union", union]]);

function union(self: StarlarkSet, args: readonly Value[], kwargs: Kwargs): Value {
  checkPositional("union", args, kwargs, 0, 1);
  const other = args[0] === undefined ? [] : iterate(expect("union", 1, "iterable", args[0]))!;
  try {
    return StarlarkSet.from([...self.elements(), ...other]);
  } catch (error) {
    throw namedError("union", error);
  }
}
