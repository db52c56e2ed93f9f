/** `#@schema/validation` and `#@assert/validate`: rules that final values have to satisfy. */
import { Tuple } from "../starlark/list.ts";
import type { Value } from "../starlark/values.ts";
import type { Annotation, ItemNode } from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import {
  isCallable,
  isInt,
  iterate,
  length,
  repr,
  StarlarkFloat,
  str,
  typeOf,
} from "../starlark/mod.ts";
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

/** Reads the annotation; throws when it is not well-formed. */
export function readValidation(
  node: ItemNode,
  annotation: Annotation | undefined,
): Validation | undefined {
  if (annotation === undefined) return undefined;
  const name = node.annotations?.get("schema/validation") === annotation
    ? "schema/validation"
    : "assert/validate";
  try {
    return validationOf(annotation);
  } catch (error) {
    const message = `Invalid @${name} annotation - ${(error as Error).message}`;
    throw new Error(
      name === "schema/validation" ? `\nInvalid schema\n==============\n${message}` : message,
      { cause: error },
    );
  }
}

function validationOf(annotation: Annotation): Validation {
  const place = annotation.position.compact();
  if (annotation.args.length === 0 && annotation.kwargs.length === 0) {
    throw new Error(
      `expected annotation to have 2-tuple as argument(s), but found no arguments (by ${place})`,
    );
  }
  const rules = annotation.args.map((argument) => ruleOf(argument as Value, place));
  const named = new Map(annotation.kwargs as [string, Value][]);
  for (const [name, value] of named) checkKeyword(name, value, place);
  for (const name of order) {
    const value = named.get(name);
    if (value === undefined || (name === "not_null" && value === false)) continue;
    rules.push({
      description: describe(name, value),
      check: assertion(name, value),
      onNull: name === "not_null",
    });
  }
  return { rules, when: named.get("when"), keywords: named, position: annotation.position };
}

function ruleOf(argument: Value, place: string): Rule {
  if (!(argument instanceof Tuple)) {
    throw new Error(
      `expected annotation to have 2-tuple as argument(s), but found: ${
        repr(argument)
      } (by ${place})`,
    );
  }
  if (argument.items.length !== 2) {
    throw new Error(
      `expected 2-tuple, but found tuple with length ${argument.items.length} (by ${place})`,
    );
  }
  const [description, check] = argument.items as [Value, Value];
  if (typeof description !== "string") {
    throw new Error(
      "expected first item in the 2-tuple to be a string describing a valid value, but was " +
        `${typeOf(description)} (at ${place})`,
    );
  }
  return { description, check: checkOf(check, place), onNull: false };
}

function checkKeyword(name: string, value: Value, place: string): void {
  const wrong = (wanted: string): Error =>
    new Error(`expected ${wanted} '${typeOf(value)}' (at ${place})`);
  const wrongKeyword = (wanted: string): Error =>
    new Error(
      `expected keyword argument "${name}" to be ${wanted}, but was ${typeOf(value)} (at ${place})`,
    );
  switch (name) {
    case "when":
      if (!isCallable(value)) throw wrongKeyword("a function");
      break;
    case "min_len":
    case "max_len":
      if (!isInt(value) && !(value instanceof StarlarkFloat)) throw wrongKeyword("a number");
      break;
    case "min":
    case "max":
      break;
    case "not_null":
      if (typeof value !== "boolean") throw wrongKeyword("a boolean");
      break;
    case "one_not_null":
      if (value === false) throw new Error(`one_not_null= cannot be False (at ${place})`);
      if (value !== true && !isSequence(value)) {
        throw wrong('"one_not_null" to be True, or a sequence of keys, but was a');
      }
      break;
    case "one_of":
      if (!isSequence(value)) throw wrong('"one_of" to be a sequence, but was a');
      break;
    default:
      throw new Error(`unknown keyword argument "${name}" (at ${place})`);
  }
}

function isSequence(value: Value): boolean {
  return typeof value !== "string" && iterate(value) !== undefined && length(value) >= 0;
}

function describe(name: typeof order[number], value: Value): string {
  switch (name) {
    case "min_len":
      return `length >= ${str(value)}`;
    case "max_len":
      return `length <= ${str(value)}`;
    case "min":
      return `a value >= ${repr(value)}`;
    case "max":
      return `a value <= ${repr(value)}`;
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

function checkOf(value: Value, place: string): Value {
  if (typeof value === "object" && value !== null) {
    if (value.call !== undefined) return value;
    const check = value.attr?.("check");
    if (check !== undefined) return check;
  }
  throw new Error(
    "expected second item in the 2-tuple to be an assertion function, but was " +
      `${typeOf(value)} (at ${place})`,
  );
}
