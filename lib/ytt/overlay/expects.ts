/** How many nodes an overlay node has to match. */
import { isInt } from "../starlark/int.ts";
import { List, Tuple } from "../starlark/list.ts";
import type { Value } from "../starlark/values.ts";
import { truth } from "../starlark/ops.ts";
import { goType } from "../template/convert.ts";
import type { Position } from "../yaml/position.ts";
import type { Annotation } from "../yaml/nodes.ts";
import { match, unknownKeyword } from "./names.ts";

/** Calls a Starlark function. */
export type Caller = (fn: Value, args: readonly Value[]) => Value;

/** `expects=`, `missing_ok=` and `when=` of one annotation. */
export interface Expects {
  readonly expects?: Value;
  readonly missingOk?: Value;
  readonly when?: Value;
}

/** Nothing was said. */
export const noExpects: Expects = {};

/** The number of matches did not fit `when=`: the node is passed over. */
export class WhenNotMet extends Error {}

/** Reads the keyword arguments; those that `other` takes are left to it. */
export function readExpects(
  annotation: Annotation,
  name: string,
  other: (keyword: string, value: Value) => boolean = () => false,
): Expects {
  const found: { expects?: Value; missingOk?: Value; when?: Value } = {};
  for (const [keyword, raw] of annotation.kwargs) {
    const value = raw as Value;
    if (keyword === "expects") found.expects = value;
    else if (keyword === "missing_ok") found.missingOk = value;
    else if (keyword === "when") found.when = value;
    else if (!other(keyword, value)) throw unknownKeyword(name, keyword);
  }
  if (Object.keys(found).length > 1) {
    throw new Error(
      "Expected only one of keyword arguments ('missing_ok', 'expects', 'when') specified",
    );
  }
  return found;
}

/** Throws when the number of `matches` is not what was expected. */
export function checkExpects(expects: Expects, matches: readonly Position[], call: Caller): void {
  if (expects.missingOk !== undefined) {
    if (typeof expects.missingOk !== "boolean") {
      throw new Error(
        `Expected '${match}' annotation keyword argument 'missing_ok' to be bool, ` +
          `but was ${goType(expects.missingOk)}`,
      );
    }
    checkValue(expects.missingOk ? new Tuple([0, 1]) : 1, matches, call);
  } else if (expects.when !== undefined) {
    try {
      checkValue(expects.when, matches, call);
    } catch (error) {
      throw error instanceof CountError ? new WhenNotMet(error.message) : error;
    }
  } else {
    checkValue(expects.expects ?? 1, matches, call);
  }
}

class CountError extends Error {}

function checkValue(expected: Value, matches: readonly Position[], call: Caller): void {
  const count = matches.length;
  if (isInt(expected)) {
    if (BigInt(expected) !== BigInt(count)) {
      throw new CountError(
        `Expected number of matched nodes to be ${expected}, but was ${count}${places(matches)}`,
      );
    }
  } else if (typeof expected === "string") {
    if (/^[-+]?\d+$/.test(expected)) return checkValue(Number(expected), matches, call);
    const least = /^(\d+)\+$/.exec(expected);
    if (least === null) {
      throw new Error(
        expected.endsWith("+")
          ? `Expected '${expected}' to be in format 'i+' where i is an integer`
          : `Expected '${expected}' to be an integer`,
      );
    }
    if (count < Number(least[1])) {
      throw new CountError(
        `Expected number of matched nodes to be >= ${least[1]}, but was ${count}${places(matches)}`,
      );
    }
  } else if (expected instanceof List || expected instanceof Tuple) {
    let last: unknown;
    for (const option of expected.items) {
      try {
        return checkValue(option, matches, call);
      } catch (error) {
        if (!(error instanceof CountError)) throw error;
        last = error;
      }
    }
    if (last !== undefined) throw last;
  } else if (typeof expected === "object" && expected?.call !== undefined) {
    if (!truth(call(expected, [count]))) {
      throw new CountError("Expectation of number of matched nodes failed");
    }
  } else {
    throw new Error(
      `Expected '${match}' annotation keyword argument 'expects' to be either int, string or ` +
        `function, but was ${goType(expected)}`,
    );
  }
}

function places(matches: readonly Position[]): string {
  if (matches.length === 0) return "";
  return ` (lines: ${matches.map((position) => position.compact()).sort().join(", ")})`;
}
