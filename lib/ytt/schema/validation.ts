/** `#@schema/validation` and `#@assert/validate`: rules that final values have to satisfy. */
import { Tuple } from "../starlark/list.ts";
import type { Value } from "../starlark/values.ts";
import type { Annotation, ItemNode } from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import { repr, str } from "../starlark/ops.ts";
import { goType } from "../template/convert.ts";
import { assertions } from "../library/assert.ts";
import { libraryHooks } from "../template/standard_modules.ts";

/** One rule: what it says, and the function that checks it. */
export interface Rule {
  readonly description: string;
  readonly check: Value;
  /** `not_null` and the like also look at null. */
  readonly onNull: boolean;
}

/** The rules of one node. */
export interface Validation {
  readonly rules: readonly Rule[];
  readonly when: Value | undefined;
  /** The keyword arguments, for describing the rules in other languages. */
  readonly keywords: ReadonlyMap<string, Value>;
  readonly position: Position;
}

/** Calls a Starlark function. */
export type Caller = (fn: unknown, args: readonly unknown[]) => unknown;

const order = ["min_len", "max_len", "min", "max", "not_null", "one_not_null", "one_of"] as const;

/** Reads the annotation. */
export function readValidation(
  node: ItemNode,
  annotation: Annotation | undefined,
): Validation | undefined {
  if (annotation === undefined) return undefined;
  const rules: Rule[] = [];
  annotation.args.forEach((raw, i) => {
    const argument = raw as Value;
    if (!(argument instanceof Tuple) || argument.items.length !== 2) {
      throw new Error(
        `Invalid @assert/validate annotation - expected ${
          ordinal(i + 1)
        } argument to be a 2-tuple, ` +
          `but was ${goType(argument)} (at ${node.position})`,
      );
    }
    const [description, check] = argument.items as [Value, Value];
    if (typeof description !== "string") {
      throw new Error(
        `Invalid @assert/validate annotation - expected first item in the 2-tuple to be a string ` +
          `describing a valid value, but was ${goType(description)} (at ${node.position})`,
      );
    }
    rules.push({ description, check: checkOf(check, node), onNull: false });
  });
  const named = new Map(annotation.kwargs as [string, Value][]);
  const when = named.get("when");
  for (const name of named.keys()) {
    if (name !== "when" && !(order as readonly string[]).includes(name)) {
      throw new Error(`unknown keyword argument "${name}" (at ${node.position})`);
    }
  }
  for (const name of order) {
    const value = named.get(name);
    if (value === undefined || value === null || value === false) continue;
    rules.push({
      description: describe(name, value),
      check: assertion(name, value),
      onNull: name === "not_null",
    });
  }
  if (rules.length === 0) {
    throw new Error(
      `Invalid @assert/validate annotation - expected annotation to have validation rules (at ${node.position})`,
    );
  }
  return { rules, when, keywords: named, position: annotation.position };
}

function describe(name: typeof order[number], value: Value): string {
  switch (name) {
    case "min_len":
      return `length >= ${str(value)}`;
    case "max_len":
      return `length <= ${str(value)}`;
    case "min":
      return `a value >= ${str(value)}`;
    case "max":
      return `a value <= ${str(value)}`;
    case "not_null":
      return "not null";
    case "one_not_null":
      return value === true
        ? "exactly one child not null"
        : `exactly one of ${repr(value)} to be not null`;
    case "one_of":
      return `one of ${repr(value)}`;
  }
}

/** The check of `assert.<name>(value)`. */
function assertion(name: typeof order[number], value: Value): Value {
  const rules = assertions(libraryHooks);
  switch (name) {
    case "min":
      return rules.min(value).check;
    case "max":
      return rules.max(value).check;
    case "min_len":
      return rules.minLen(value).check;
    case "max_len":
      return rules.maxLen(value).check;
    case "not_null":
      return rules.notNull().check;
    case "one_not_null":
      return rules.oneNotNull(value === true ? undefined : value).check;
    case "one_of":
      return rules.oneOf(value).check;
  }
}

function checkOf(value: Value, node: ItemNode): Value {
  if (typeof value === "object" && value !== null) {
    if (value.call !== undefined) return value;
    const check = value.attr?.("check");
    if (check !== undefined) return check;
  }
  throw new Error(
    `Invalid @assert/validate annotation - expected second item in the 2-tuple to be an assertion ` +
      `function, but was ${goType(value)} (at ${node.position})`,
  );
}

function ordinal(i: number): string {
  return `${i}${
    i % 10 === 1 && i !== 11
      ? "st"
      : i % 10 === 2 && i !== 12
      ? "nd"
      : i % 10 === 3 && i !== 13
      ? "rd"
      : "th"
  }`;
}
