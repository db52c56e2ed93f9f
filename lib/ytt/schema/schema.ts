/** Schemas of data values: types, defaults, documentation and validations, read off a document. */
import type { Value } from "../starlark/values.ts";
import { StarlarkFloat } from "../starlark/float.ts";
import { toYaml } from "../template/convert.ts";
import {
  type Annotation,
  ArrayItem,
  copyValue,
  Document,
  type ItemNode,
  MapItem,
  type Scalar,
  YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import { SchemaError } from "./error.ts";
import { checkType } from "./check.ts";
import { type Caller, readValidation, type Validation } from "./validation.ts";

/** Documentation of a value. */
export interface SchemaDocs {
  readonly title?: string;
  readonly description?: string;
  readonly deprecated?: string;
  readonly examples?: readonly { readonly description: string; readonly value: YamlValue }[];
}

/** The type of one value. */
export type SchemaType =
  & {
    readonly position: Position;
    readonly docs: SchemaDocs;
    readonly validation: Validation | undefined;
    /** What a missing value becomes. */
    readonly defaultValue: YamlValue;
  }
  & (
    | { readonly kind: "map"; readonly items: readonly SchemaMapItem[] }
    | { readonly kind: "array"; readonly item: SchemaType }
    | { readonly kind: "string" | "integer" | "float" | "boolean" }
    | { readonly kind: "any" }
    | { readonly kind: "null"; readonly inner: SchemaType }
  );

/** A key of a map. */
export interface SchemaMapItem {
  readonly key: Scalar;
  readonly type: SchemaType;
  readonly position: Position;
}

/** The schema of a whole document. */
export class Schema {
  constructor(readonly type: SchemaType) {}

  /** The document of all defaults. */
  defaults(): Document {
    return new Document(copyValue(this.type.defaultValue), this.type.position);
  }
}

/** Reads a schema document; throws {@link SchemaError} with every mistake. */
export function buildSchema(document: Document, call: Caller): Schema {
  return new Schema(typeOf(document, call));
}

function typeOf(node: ItemNode, call: Caller): SchemaType {
  const { position } = node;
  const given = (name: string) => node.annotations?.get(`schema/${name}`);
  for (const name of node.annotations?.keys() ?? []) {
    if (name.startsWith("schema/") && !known.has(name)) {
      throw invalid(node, `Unknown annotation '${name}'`, "", "a known schema annotation");
    }
  }
  const docs = docsOf(node);
  const validation = readValidation(
    node,
    given("validation") ?? node.annotations?.get("assert/validate"),
  );
  const nullable = given("nullable") !== undefined;
  const typeKwargs = given("type")?.kwargs ?? [];
  let any = false;
  for (const [name, value] of typeKwargs) {
    if (name !== "any") {
      throw invalid(node, "unknown @schema/type annotation keyword argument", name, "any");
    }
    if (typeof value !== "boolean") {
      throw invalid(
        node,
        "unknown @schema/type annotation keyword argument",
        "non-boolean",
        "starlark.Bool",
      );
    }
    any = value;
  }
  if (given("type") !== undefined && typeKwargs.length === 0) {
    throw invalid(
      node,
      "expected @schema/type annotation to have keyword argument and value",
      "missing keyword argument and value",
      "valid keyword argument and value",
    );
  }
  if (any && nullable) {
    throw invalid(
      node,
      "@schema/nullable, and @schema/type any=True are mutually exclusive",
      "both @schema/nullable, and @schema/type any=True annotations",
      "one of schema/nullable, or schema/type any=True",
    );
  }
  const base = { position, docs, validation };
  let type: SchemaType;
  if (any) type = { ...base, kind: "any", defaultValue: plain(node.value) };
  else if (nullable) {
    const inner = { ...shapeOf(node, base, call) };
    type = { ...base, kind: "null", inner, defaultValue: null };
  } else type = shapeOf(node, base, call);
  const standard = given("default");
  if (standard === undefined) return type;
  if (node instanceof ArrayItem) {
    throw invalid(node, "@schema/default not supported on array item", "array item", "", [
      "do you mean to set a default value for the array?",
      "set an array's default by annotating its parent.",
    ]);
  }
  if (standard.args.length !== 1) {
    throw invalid(
      node,
      "syntax error in @schema/default annotation",
      `${standard.args.length} values (in @schema/default above this item)`,
      "starlark value",
    );
  }
  const value = toYaml(standard.args[0] as Value, position);
  const failures = checkType(value, type, node);
  if (failures.length > 0) {
    throw new SchemaError("Invalid schema - @schema/default is wrong type", failures);
  }
  return { ...type, defaultValue: filled(copyValue(value), type) };
}

const known = new Set(
  ["type", "nullable", "default", "title", "desc", "examples", "deprecated", "validation"]
    .map((name) => `schema/${name}`),
);

function shapeOf(
  node: ItemNode,
  base: Pick<SchemaType, "position" | "docs" | "validation">,
  call: Caller,
): SchemaType {
  const value = node.value;
  if (value instanceof YamlMap) {
    const items = value.items.map((item): SchemaMapItem => ({
      key: item.key,
      type: typeOf(item, call),
      position: item.position,
    }));
    const defaults = new YamlMap(
      items.map(({ key, type, position }) =>
        new MapItem(key, copyValue(type.defaultValue), position)
      ),
      value.position,
    );
    return { ...base, kind: "map", items, defaultValue: defaults };
  }
  if (value instanceof YamlArray) {
    if (value.items.length !== 1) {
      throw invalid(
        node,
        value.items.length === 0
          ? "wrong number of items in array definition"
          : "wrong number of items in array definition",
        `${value.items.length} array items`,
        "exactly 1 array item, of the desired type",
        value.items.length === 0
          ? ["in a schema, the item of an array defines the type of its elements."]
          : [
            "to add elements to the default value of an array (i.e. an empty list), declare them in a @data/values document.",
          ],
      );
    }
    const item = typeOf(value.items[0]!, call);
    if (value.items[0]!.annotations?.has("schema/nullable")) {
      throw invalid(
        value.items[0]!,
        "@schema/nullable is not supported on array items",
        "@schema/nullable",
        "a valid annotation",
      );
    }
    return { ...base, kind: "array", item, defaultValue: new YamlArray([], value.position) };
  }
  const kind = scalarKind(value);
  if (kind === undefined) {
    throw invalid(node, "null value not allowed here", "null value", "non-null value", [
      "in YAML, omitting a value implies null.",
      "to set the default value to null, annotate with @schema/nullable.",
      "to allow any value, annotate with @schema/type any=True.",
    ]);
  }
  return { ...base, kind, defaultValue: value as Scalar };
}

/** The schema type of a scalar; `undefined` for null. */
export function scalarKind(value: unknown): "string" | "integer" | "float" | "boolean" | undefined {
  if (value instanceof StarlarkFloat) return "float";
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
    case "bigint":
      return "integer";
    case "boolean":
      return "boolean";
  }
  return undefined;
}

/** Adds the defaults that are missing in `value`. */
export function filled(value: YamlValue, type: SchemaType): YamlValue {
  if (type.kind === "null") return value === null ? value : filled(value, type.inner);
  if (type.kind === "map" && value instanceof YamlMap) {
    for (const { key, type: itemType, position } of type.items) {
      const item = value.find(key);
      if (item === undefined) {
        value.items.push(new MapItem(key, copyValue(itemType.defaultValue), position));
      } else item.value = filled(item.value, itemType);
    }
  } else if (type.kind === "array" && value instanceof YamlArray) {
    for (const item of value.items) item.value = filled(item.value, type.item);
  }
  return value;
}

function plain(value: YamlValue): YamlValue {
  const copy = copyValue(value);
  const clear = (node: YamlNode) => {
    node.annotations = undefined;
    for (const child of node.children()) if (child instanceof YamlNode) clear(child);
  };
  if (copy instanceof YamlNode) clear(copy);
  return copy;
}

function docsOf(node: ItemNode): SchemaDocs {
  const text = (name: string): string | undefined => {
    const annotation: Annotation | undefined = node.annotations?.get(`schema/${name}`);
    if (annotation === undefined) return undefined;
    const value = annotation.args[0];
    if (annotation.args.length !== 1 || typeof value !== "string") {
      throw invalid(
        node,
        `syntax error in @schema/${name} annotation`,
        `${annotation.args.length} values (in @schema/${name} above this item)`,
        "string",
      );
    }
    return value;
  };
  const examples = node.annotations?.get("schema/examples")?.args.map((argument) => {
    const value = toYaml(argument as Value, node.position);
    if (
      !(value instanceof YamlArray) || value.items.length !== 2 ||
      typeof value.items[0]!.value !== "string"
    ) {
      throw invalid(
        node,
        "syntax error in @schema/examples annotation",
        "a value that is not a pair",
        "2-tuple containing description (string) and example value (of expected type)",
      );
    }
    return { description: value.items[0]!.value, value: value.items[1]!.value };
  });
  const [title, description, deprecated] = [text("title"), text("desc"), text("deprecated")];
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(examples === undefined ? {} : { examples }),
  };
}

function invalid(
  node: ItemNode,
  problem: string,
  found: string,
  expected: string,
  hints: readonly string[] = [],
): SchemaError {
  return new SchemaError(`Invalid schema - ${problem}`, [
    { position: node.position, found, expected, hints },
  ]);
}
