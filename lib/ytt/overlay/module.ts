/** `@ytt:overlay`. */
import { checkPositional } from "../starlark/args.ts";
import { truth } from "../starlark/ops.ts";
import { Module } from "../starlark/struct.ts";
import type { Thread } from "../starlark/thread.ts";
import type { Value } from "../starlark/values.ts";
import { goType, toYaml } from "../template/convert.ts";
import { prefixed } from "../template/evaluate.ts";
import { fromYaml } from "../template/fragment.ts";
import { copyValue, YamlNode } from "../yaml/nodes.ts";
import { applyOverlay } from "./apply.ts";
import { isSubset, mapKeyMatches } from "./matchers.ts";

/** The module. */
export function overlayModule(): Module {
  return new Module(
    "overlay",
    new Map<string, Value>([
      [
        "apply",
        prefixed("overlay.apply", (thread, args, kwargs) => {
          if (args.length < 2) throw new Error("expected at least two arguments");
          if (kwargs.length > 0) throw new Error("unexpected keyword arguments");
          const call = (fn: Value, values: readonly Value[]) => (thread as Thread).call(fn, values);
          let left = copyValue(nodeOf(args[0]!, "first"));
          for (const right of args.slice(1)) {
            left = applyOverlay(left, nodeOf(right, "second"), { call }) as YamlNode & typeof left;
          }
          return fromYaml(left);
        }),
      ],
      [
        "index",
        prefixed("overlay.index", (_thread, args, kwargs) => {
          checkPositional("overlay.index", args, kwargs, 1);
          const wanted = args[0]!;
          if (typeof wanted !== "number") {
            throw new Error(`expected int value, but was ${goType(wanted)}`);
          }
          return matcher("overlay.index_matcher", (at) => at === wanted);
        }),
      ],
      [
        "map_key",
        prefixed("overlay.map_key", (_thread, args, kwargs) => {
          checkPositional("overlay.map_key", args, kwargs, 1);
          const key = args[0]!;
          if (typeof key !== "string") {
            throw new Error(`expected starlark.String, but was ${goType(key)}`);
          }
          return matcher(
            "overlay.map_key_matcher",
            (_at, left, right) => mapKeyMatches(key, toYaml(left), toYaml(right)),
          );
        }),
      ],
      [
        "subset",
        prefixed("overlay.subset", (_thread, args, kwargs) => {
          checkPositional("overlay.subset", args, kwargs, 1);
          const expected = toYaml(args[0]!);
          return matcher("overlay.subset_matcher", (_at, left) => isSubset(toYaml(left), expected));
        }),
      ],
      ["all", matcher("overlay.all", () => true)],
      ["and_op", combined("overlay.and_op", (results) => results.every((result) => result()))],
      ["or_op", combined("overlay.or_op", (results) => results.some((result) => result()))],
      ["not_op", combined("overlay.not_op", (results) => !results[0]!(), 1)],
    ]),
  );
}

function nodeOf(value: Value, which: string): YamlNode & ReturnType<typeof toYaml> {
  const node = toYaml(value);
  if (!(node instanceof YamlNode)) {
    throw new Error(
      `expected ${which} argument to be a map, an array or documents, but was ${goType(value)}`,
    );
  }
  return node as YamlNode & ReturnType<typeof toYaml>;
}

function matcher(name: string, fn: (at: Value, left: Value, right: Value) => boolean): Value {
  return prefixed(name, (_thread, args, kwargs) => {
    checkPositional(name, args, kwargs, 3);
    return fn(args[0]!, args[1]!, args[2]!);
  });
}

function combined(
  name: string,
  decide: (results: (() => boolean)[]) => boolean,
  count?: number,
): Value {
  return prefixed(name, (_thread, functions, kwargs) => {
    if (functions.length === 0) throw new Error("expected at least one argument");
    if (count !== undefined) checkPositional(name, functions, kwargs, count);
    return prefixed(
      `${name}_matcher`,
      (thread, args) =>
        decide(functions.map((fn) => () => truth((thread as Thread).call(fn, args)))),
    );
  });
}
