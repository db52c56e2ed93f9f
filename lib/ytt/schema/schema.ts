/** Schemas of data values: types, defaults, documentation and validations, read off a document. */
import type { Value } from "../starlark/values.ts";
import { StarlarkFloat } from "../starlark/float.ts";
import { Tuple } from "../starlark/list.ts";
import { typeOf as typeOfValue } from "../starlark/mod.ts";
import { goType, toYaml } from "../template/convert.ts";
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
import { SchemaError, type SchemaFailure } from "./error.ts";
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
  const any = readTypeAny(node);
  const nullable = given("nullable");
  const standard = readDefault(node);
  if (any && nullable !== undefined) {
    throw invalid(node, {
      description: "@schema/nullable, and @schema/type any=True are mutually exclusive",
      annotations: [given("type")!, nullable],
      found: "both @schema/nullable, and @schema/type any=True annotations",
      expected: "one of schema/nullable, or schema/type any=True",
    });
  }
  const docs = docsOf(node);
  const validation = readValidation(
    node,
    given("validation") ?? node.annotations?.get("assert/validate"),
  );
  const base = { position, docs: docs.docs, validation };
  let type: SchemaType;
  if (any) {
    refuseAnnotationsBelow(node);
    type = { ...base, kind: "any", defaultValue: plain(node.value) };
  } else if (nullable !== undefined) {
    const inner = { ...shapeOf(node, base, call) };
    type = { ...base, kind: "null", inner, defaultValue: null };
  } else type = shapeOf(node, base, call);
  checkExamples(docs.examples, type, node);
  if (standard === undefined) return type;
  const value = toYaml(standard.args[0] as Value, position);
  checkAnnotationValue(
    value,
    standard,
    type,
    node,
    "Invalid schema - @schema/default is wrong type",
  );
  return { ...type, defaultValue: filled(copyValue(value), type) };
}

/** `@schema/type any=…`. */
function readTypeAny(node: ItemNode): boolean {
  const annotation = node.annotations?.get("schema/type");
  if (annotation === undefined) return false;
  const at = inAnnotation("type", annotation);
  const hints = ["Supported kwargs are 'any'"];
  if (annotation.kwargs.length === 0) {
    throw invalid(node, {
      description: "expected @schema/type annotation to have keyword argument and value",
      annotations: [annotation],
      found: `missing keyword argument and value ${at}`,
      expected: "valid keyword argument and value",
      hints: ["Supported key-value pairs are 'any=True', 'any=False'"],
    });
  }
  let any = false;
  for (const [name, value] of annotation.kwargs) {
    if (name === "any" && typeof value === "boolean") {
      any = value;
      continue;
    }
    throw invalid(node, {
      description: "unknown @schema/type annotation keyword argument",
      annotations: [annotation],
      found: `${name === "any" ? goType(value as Value) : name} ${at}`,
      expected: name === "any" ? "starlark.Bool" : "A valid kwarg",
      hints,
    });
  }
  return any;
}

/** `@schema/default value`. */
function readDefault(node: ItemNode): Annotation | undefined {
  const annotation = node.annotations?.get("schema/default");
  if (annotation === undefined) return undefined;
  if (node instanceof ArrayItem) {
    throw new SchemaError("Invalid schema - @schema/default not supported on array item", [{
      position: node.position,
      annotations: [annotation.position],
      found: "",
      expected: "",
      hints: [
        "do you mean to set a default value for the array?",
        "set an array's default by annotating its parent.",
      ],
    }]);
  }
  checkArguments(node, "default", annotation, "starlark value", [
    "this annotation only accepts one argument: the default value.",
  ]);
  return annotation;
}

/** One positional argument and nothing else. */
function checkArguments(
  node: ItemNode,
  name: string,
  annotation: Annotation,
  expected: string,
  hints: readonly string[],
): void {
  const at = inAnnotation(name, annotation);
  const wrong = (found: string, hints: readonly string[] = []): SchemaError =>
    invalid(node, {
      description: `syntax error in @schema/${name} annotation`,
      annotations: [annotation],
      found: `${found} ${at}`,
      expected,
      hints,
    });
  if (annotation.kwargs.length > 0) throw wrong("keyword argument", hints);
  if (annotation.args.length === 0) throw wrong("missing value");
  if (annotation.args.length > 1) throw wrong(`${annotation.args.length} values`);
}

function inAnnotation(name: string, annotation: Annotation): string {
  return `in @schema/${name} (by ${annotation.position.compact()})`;
}

/** Whatever `any=True` covers is passed on as it is: annotations of types make no sense there. */
function refuseAnnotationsBelow(node: ItemNode): void {
  const visit = (inner: YamlNode) => {
    const found = ["nullable", "type", "default"].flatMap((name) => {
      const annotation = inner.annotations?.get(`schema/${name}`);
      return annotation === undefined ? [] : [{ name: `@schema/${name}`, annotation }];
    });
    if (found.length > 0) {
      throw invalid(inner as ItemNode, {
        description: 'Schema was specified within an "any type" fragment',
        annotations: found.map(({ annotation }) => annotation),
        found: `${found.map(({ name }) => name).join(", ")} annotation(s)`,
        expected: "no '@schema/...' on nodes within a node annotated '@schema/type any=True'",
      });
    }
    for (const child of inner.children()) if (child instanceof YamlNode) visit(child);
  };
  if (node.value instanceof YamlNode) visit(node.value);
}

/** Throws when a value that an annotation gives does not fit the type. */
function checkAnnotationValue(
  value: YamlValue,
  annotation: Annotation,
  type: SchemaType,
  node: ItemNode,
  summary: string,
): void {
  const failures = checkType(value, type, node).map((failure): SchemaFailure => ({
    ...failure,
    annotations: [annotation.position],
    found: `${failure.found} (by ${annotation.position.compact()})`,
  }));
  if (failures.length > 0) throw new SchemaError(summary, failures);
}

function checkExamples(
  annotation: Annotation | undefined,
  type: SchemaType,
  node: ItemNode,
): void {
  if (annotation === undefined) return;
  const values = type.docs.examples!.map(({ value }) => value);
  checkAnnotationValue(
    new YamlArray(values.map((value) => new ArrayItem(value, node.position)), node.position),
    annotation,
    { ...type, kind: "array", item: type } as SchemaType,
    node,
    "Invalid schema - @schema/examples has wrong type",
  );
}

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
      throw new SchemaError("Invalid schema - wrong number of items in array definition", [{
        position: node.position,
        found: `${value.items.length} array items`,
        expected: "exactly 1 array item, of the desired type",
        hints: value.items.length === 0
          ? ["in a schema, the item of an array defines the type of its elements."]
          : [
            "to add elements to the default value of an array (i.e. an empty list), declare them in a @data/values document.",
          ],
      }]);
    }
    const nullable = value.items[0]!.annotations?.get("schema/nullable");
    if (nullable !== undefined) {
      throw new SchemaError("Invalid schema - @schema/nullable is not supported on array items", [{
        position: value.items[0]!.position,
        annotations: [nullable.position],
        found: "@schema/nullable",
        expected: "a valid annotation",
        hints: ["Remove the @schema/nullable annotation from array item"],
      }]);
    }
    const item = typeOf(value.items[0]!, call);
    return { ...base, kind: "array", item, defaultValue: new YamlArray([], value.position) };
  }
  const kind = scalarKind(value);
  if (kind === undefined) {
    throw new SchemaError("Invalid schema - null value not allowed here", [{
      position: node.position,
      found: "null value",
      expected: "non-null value",
      hints: [
        "in YAML, omitting a value implies null.",
        "to set the default value to null, annotate with @schema/nullable.",
        "to allow any value, annotate with @schema/type any=True.",
      ],
    }]);
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

interface Documented {
  readonly docs: SchemaDocs;
  /** Where the examples were given. */
  readonly examples: Annotation | undefined;
}

function docsOf(node: ItemNode): Documented {
  const [title, description, examples, deprecated] = [
    textOf(node, "title"),
    textOf(node, "desc"),
    examplesOf(node),
    textOf(node, "deprecated"),
  ];
  return {
    docs: {
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(deprecated === undefined ? {} : { deprecated }),
      ...(examples === undefined ? {} : { examples }),
    },
    examples: node.annotations?.get("schema/examples"),
  };
}

function textOf(node: ItemNode, name: string): string | undefined {
  const annotation = node.annotations?.get(`schema/${name}`);
  if (annotation === undefined) return undefined;
  if (name === "deprecated" && node instanceof Document) {
    throw invalid(node, {
      description: "@schema/deprecated not supported on a document",
      annotations: [annotation],
      found: "",
      expected: "",
      hints: [
        "do you mean to deprecate the entire schema document?",
        "use schema/deprecated on individual keys.",
      ],
    });
  }
  checkArguments(node, name, annotation, "string", [
    "this annotation only accepts one argument: a string.",
  ]);
  const value = annotation.args[0];
  if (typeof value === "string") return value;
  throw invalid(node, {
    description: `syntax error in @schema/${name} annotation`,
    annotations: [annotation],
    found: `Non-string value ${inAnnotation(name, annotation)}`,
    expected: "string",
  });
}

function examplesOf(node: ItemNode): SchemaDocs["examples"] {
  const annotation = node.annotations?.get("schema/examples");
  if (annotation === undefined) return undefined;
  const at = inAnnotation("examples", annotation);
  const wrong = (found: string): SchemaError =>
    invalid(node, {
      description: "syntax error in @schema/examples annotation",
      annotations: [annotation],
      found: `${found} ${at}`,
      expected: "2-tuple containing description (string) and example value (of expected type)",
    });
  if (annotation.kwargs.length > 0) throw wrong("keyword argument");
  if (annotation.args.length === 0) throw wrong("missing value");
  return annotation.args.map((raw) => {
    const argument = raw as Value;
    if (!(argument instanceof Tuple)) throw wrong(typeOfValue(argument));
    const { items } = argument;
    if (items.length === 0) throw wrong("empty tuple");
    if (items.length !== 2) throw wrong(`${items.length}-tuple argument`);
    const [description, value] = items as [Value, Value];
    if (typeof description !== "string") throw wrong(`${typeOfValue(description)} value`);
    return { description, value: toYaml(value, node.position) };
  });
}

function invalid(
  node: ItemNode,
  failure: Omit<SchemaFailure, "position" | "annotations"> & {
    readonly annotations: readonly Annotation[];
  },
): SchemaError {
  const annotations = failure.annotations.map(({ position }) => position);
  return new SchemaError("Invalid schema", [{ ...failure, annotations, position: node.position }]);
}
