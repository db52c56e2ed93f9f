/** Whether data values have the types that the schema asks for. */
import {
  Document,
  type ItemNode,
  MapItem,
  showKey,
  YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "../yaml/nodes.ts";
import { StarlarkFloat } from "../starlark/float.ts";
import { nearest } from "../starlark/_spelling.ts";
import type { Position } from "../yaml/position.ts";
import { SchemaError, type SchemaFailure } from "./error.ts";
import { scalarKind, type Schema, type SchemaType } from "./schema.ts";

/** Throws {@link SchemaError} with every value that does not fit. */
export function checkValues(document: Document, schema: Schema): void {
  const failures = checkType(document.value, schema.type, document);
  if (failures.length > 0) throw new SchemaError("One or more data values were invalid", failures);
}

/** Every place where `value`, held by `node`, does not fit `type`. */
export function checkType(value: YamlValue, type: SchemaType, node: ItemNode): SchemaFailure[] {
  switch (type.kind) {
    case "any":
      return [];
    case "null":
      return value === null ? [] : checkType(value, type.inner, node);
    case "map": {
      if (!(value instanceof YamlMap)) return [mismatch(value, type, node)];
      return value.items.flatMap((item) => {
        const found = type.items.find(({ key }) => key === item.key);
        if (found !== undefined) return checkType(item.value, found.type, item);
        return [undeclared(item, type.items.map(({ key }) => showKey(key)), type.position)];
      });
    }
    case "array":
      if (!(value instanceof YamlArray)) return [mismatch(value, type, node)];
      return value.items.flatMap((item) => checkType(item.value, type.item, item));
    default: {
      const kind = scalarKind(value);
      const fits = kind === type.kind || (type.kind === "float" && kind === "integer");
      return fits ? [] : [mismatch(value, type, node)];
    }
  }
}

function undeclared(
  item: MapItem,
  keys: readonly string[],
  definition: Position,
): SchemaFailure {
  const from = `(from ${definition.compact()})`;
  const key = showKey(item.key);
  const declared = [...keys].sort();
  const similar = nearest(key, declared);
  return {
    position: item.position,
    calculated: calculated(item),
    description: "Given data value is not declared in schema",
    found: key,
    expected: declared.length === 1
      ? `a map item with the key named "${declared[0]}" ${from}`
      : declared.length > 1 && declared.length <= 9
      ? `one of { ${declared.join(", ")} } ${from}`
      : `a key defined in map ${from}`,
    hints: similar === "" ? [] : [`did you mean "${similar}"?`],
  };
}

/** The line that a value without a file would have been written in. */
function calculated(node: ItemNode): string {
  const scalar = node.value instanceof StarlarkFloat ? node.value.value : node.value ?? "<nil>";
  const value = scalar instanceof YamlNode ? "" : String(scalar);
  const key = node instanceof MapItem
    ? `${showKey(node.key)}:`
    : node instanceof Document
    ? ""
    : "-";
  return `${key} ${value}`.trimEnd();
}

function mismatch(value: YamlValue, type: SchemaType, node: ItemNode): SchemaFailure {
  const found = value instanceof YamlMap
    ? "map"
    : value instanceof YamlArray
    ? "array"
    : scalarKind(value) ?? "null";
  const hints = found === "null" && type.kind !== "null"
    ? ["to allow null values, annotate the value in the schema with @schema/nullable"]
    : [];
  return {
    position: node.position,
    calculated: calculated(node),
    found,
    expected: `${type.kind} (by ${type.position.compact()})`,
    hints,
  };
}
