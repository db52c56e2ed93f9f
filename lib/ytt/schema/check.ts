/** Whether data values have the types that the schema asks for. */
import {
  type Document,
  type ItemNode,
  showKey,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "../yaml/nodes.ts";
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
        return [{
          position: item.position,
          found: showKey(item.key),
          expected: `(a key defined in map) (by ${type.position.compact()})`,
          hints: ["declare data values in schema and override them in a data values document"],
        }];
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
    found,
    expected: `${type.kind} (by ${type.position.compact()})`,
    hints,
  };
}
