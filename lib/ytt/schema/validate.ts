/** Runs the validations of final data values and reports all that fail. */
import { limitOf } from "../template/error.ts";
import { StarlarkFunction } from "../starlark/starlark_function.ts";
import { typeOf } from "../starlark/mod.ts";
import type { Value } from "../starlark/values.ts";
import { Tuple } from "../starlark/list.ts";
import {
  type ArrayItem,
  type Document,
  type ItemNode,
  showKey,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import { Struct } from "../starlark/struct.ts";
import { validatedValue } from "./validated_value.ts";
import type { Schema, SchemaType } from "./schema.ts";
import { type Caller, readValidation, type Validation } from "./validation.ts";

/** One value with all that is wrong with it. */
export interface Invalidation {
  readonly path: string;
  readonly source: Position;
  readonly violations: readonly {
    readonly description: string;
    readonly source: Position;
    readonly found: string;
  }[];
}

/** Data values that do not satisfy their validations. */
export class ValidationError extends Error {
  override readonly name = "ValidationError";

  constructor(readonly invalidations: readonly Invalidation[]) {
    super(
      `\n${
        invalidations.map(({ path, source, violations }) =>
          `  ${path}\n    from: ${source.compact()}\n` +
          violations.map(({ description, source, found }) =>
            `    - must be: ${description} (by: ${source.compact()})\n` +
            (found === "" ? "" : `      found: ${found}\n`)
          ).join("")
        ).join("\n")
      }`,
    );
  }
}

/** Throws {@link ValidationError} when a rule of the schema or of the document does not hold. */
export function validateValues(document: Document, schema: Schema | undefined, call: Caller): void {
  const found: Invalidation[] = [];
  const root = validatedValue(document.value);
  visit(document, schema?.type, "", root, root, call, found);
  if (found.length > 0) throw new ValidationError(found);
}

function visit(
  node: ItemNode,
  type: SchemaType | undefined,
  path: string,
  parent: Value,
  root: Value,
  call: Caller,
  out: Invalidation[],
): void {
  const own = type === undefined
    ? readValidation(node, node.annotations?.get("assert/validate"))
    : type.validation;
  const shape = type?.kind === "null" ? type.inner : type;
  if (own !== undefined) {
    const violations = check(node.value, own, parent, root, call, path || "(document)");
    if (violations.length > 0) {
      out.push({ path: path || "(document)", source: node.position, violations });
    }
  }
  const self = validatedValue(node.value);
  if (node.value instanceof YamlMap) {
    for (const item of node.value.items) {
      const itemType = shape?.kind === "map"
        ? shape.items.find(({ key }) => key === item.key)?.type
        : undefined;
      const key = showKey(item.key);
      visit(item, itemType, path === "" ? key : `${path}.${key}`, self, root, call, out);
    }
  } else if (node.value instanceof YamlArray) {
    node.value.items.forEach((item: ArrayItem, i) => {
      visit(
        item,
        shape?.kind === "array" ? shape.item : undefined,
        `${path}[${i}]`,
        self,
        root,
        call,
        out,
      );
    });
  }
}

function check(
  value: YamlValue,
  validation: Validation,
  parent: Value,
  root: Value,
  call: Caller,
  path: string,
): Invalidation["violations"][number][] {
  if (value === null && !validation.rules.some(({ onNull }) => onNull)) return [];
  const given = validatedValue(value);
  if (validation.when !== undefined) {
    try {
      if (!holds(validation.when, given, parent, root, call)) return [];
    } catch (error) {
      if (limitOf(error) !== undefined) throw error;
      throw new Error(`Validating ${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  const violations: Invalidation["violations"][number][] = [];
  for (const rule of validation.rules) {
    if (value === null && !rule.onNull) continue;
    let found: string | undefined;
    try {
      const result = call(rule.check, [given]) as Value;
      if (result === false) found = "";
      else if (result instanceof Tuple && result.items[0] === false) {
        found = String(result.items[1]);
      }
    } catch (error) {
      if (limitOf(error) !== undefined) throw error;
      found = (error as Error).message.replace(/^(assert\.fail: |check: )?(fail: )?/, "");
    }
    if (found !== undefined) {
      violations.push({ description: rule.description, source: validation.position, found });
      if (rule.onNull) break;
    }
  }
  return violations;
}

/** What `when=` says about a value. */
function holds(when: Value, given: Value, parent: Value, root: Value, call: Caller): boolean {
  const count = when instanceof StarlarkFunction ? when.code.numParams : 1;
  if (count !== 1 && count !== 2) {
    throw new Error(
      `Failed to evaluate when=: function must accept 1 or 2 arguments (${count} given)`,
    );
  }
  const context = new Struct(new Map([["parent", parent], ["root", root]]));
  let result: Value;
  try {
    result = call(when, count === 2 ? [given, context] : [given]) as Value;
  } catch (error) {
    throw new Error(`Failure evaluating when=: ${(error as Error).message}`, { cause: error });
  }
  if (typeof result !== "boolean") throw new Error(`want when= to be bool, got ${typeOf(result)}`);
  return result;
}
