/** Between Starlark values and YAML. */
import { Dict } from "../starlark/dict.ts";
import { StarlarkFloat } from "../starlark/float.ts";
import { List, Tuple } from "../starlark/list.ts";
import { chargeValues, length } from "../starlark/mod.ts";
import { StarlarkValue, type Value } from "../starlark/values.ts";
import {
  ArrayItem,
  DocumentSet,
  MapItem,
  type Scalar,
  YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "../yaml/nodes.ts";
import { type Position, unknownPosition } from "../yaml/position.ts";
import { YamlFragment } from "./fragment.ts";

/** What `template.replace` returns: assigning it changes nothing, the node is replaced already. */
export class Noop extends StarlarkValue {
  override type(): string {
    return "noop";
  }
  override repr(): string {
    return "<noop>";
  }
}

/** Nesting deeper than this is refused: a value may contain itself. */
const maxDepth = 1000;

/** A Starlark value as YAML; new nodes get `position`. Throws when it has no YAML form. */
export function toYaml(value: Value, position: Position = unknownPosition, depth = 0): YamlValue {
  if (value === null || typeof value !== "object" || value instanceof StarlarkFloat) {
    return value as Scalar;
  }
  if (value instanceof YamlFragment) return value.data;
  if (depth > maxDepth) throw new Error(`value is nested deeper than ${maxDepth}`);
  chargeValues(1 + Math.max(length(value), 0));
  if (value instanceof List || value instanceof Tuple) {
    return new YamlArray(
      value.items.map((item) => new ArrayItem(toYaml(item, position, depth + 1), position)),
      position,
    );
  }
  const { conversionHint: hint, conversionError: problem } = value as {
    conversionHint?: string;
    conversionError?: string;
  };
  if (problem !== undefined) throw new Error(`Unable to convert value: ${problem}`);
  if (hint !== undefined) {
    throw new Error(
      `Unable to convert value: ${value.type()} does not automatically encode (hint: ${hint})`,
    );
  }
  if (value.call === undefined && value.entries !== undefined) {
    return pairsToMap(value.entries(), position, depth);
  }
  if (value.call === undefined && value.type() === "struct") {
    const pairs = (value.attrNames?.() ?? []).map((name) => [name, value.attr!(name)!] as const);
    return pairsToMap(pairs, position, depth);
  }
  if (value.call === undefined && value.iterate !== undefined) {
    return new YamlArray(
      [...value.iterate()].map((item) =>
        new ArrayItem(toYaml(item, position, depth + 1), position)
      ),
      position,
    );
  }
  if (value instanceof Noop) return null;
  throw new Error(`unknown type ${goType(value)} for conversion to go value`);
}

function pairsToMap(
  pairs: Iterable<readonly [Value, Value]>,
  position: Position,
  depth: number,
): YamlMap {
  const items: MapItem[] = [];
  for (const [key, item] of pairs) {
    items.push(
      new MapItem(toKey(key, position, depth), toYaml(item, position, depth + 1), position),
    );
  }
  return new YamlMap(items, position);
}

function toKey(key: Value, position: Position, depth: number): Scalar {
  const converted = toYaml(key, position, depth + 1);
  if (converted instanceof YamlNode) {
    throw new Error(`map key must be a scalar, but was ${goType(key)}`);
  }
  return converted;
}

/** YAML as plain Starlark values: maps become dicts, arrays lists. */
export function toStarlark(value: YamlValue): Value {
  if (value instanceof YamlMap) {
    return Dict.from(value.items.map((item) => [item.key, toStarlark(item.value)] as const));
  }
  if (value instanceof YamlArray) {
    return new List(value.items.map((item) => toStarlark(item.value)));
  }
  if (value instanceof DocumentSet) {
    return new List(value.items.map((item) => toStarlark(item.value)));
  }
  return value;
}

/** The name that Go's `%T` prints for a Starlark value in ytt's messages. */
export function goType(value: Value): string {
  if (value === null) return "starlark.NoneType";
  switch (typeof value) {
    case "boolean":
      return "starlark.Bool";
    case "string":
      return "starlark.String";
    case "number":
    case "bigint":
      return "starlark.Int";
  }
  if (value instanceof StarlarkFloat) return "starlark.Float";
  if (value instanceof List) return "*starlark.List";
  if (value instanceof Dict) return "*starlark.Dict";
  if (value instanceof Tuple) return "starlark.Tuple";
  if (value instanceof YamlFragment) return "*yamltemplate.StarlarkFragment";
  switch (value.type()) {
    case "function":
      return "*starlark.Function";
    case "builtin_function_or_method":
      return "*starlark.Builtin";
    case "set":
      return "*starlark.Set";
    case "struct":
      return "*core.StarlarkStruct";
  }
  return value.type();
}

/** The name that Go's `%T` prints for a YAML value. */
export function goYamlType(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
      return "int64";
    case "bigint":
      return "int64";
  }
  if (value instanceof StarlarkFloat) return "float64";
  if (value instanceof YamlNode) return `*yamlmeta.${value.constructor.name.replace(/^Yaml/, "")}`;
  return value instanceof StarlarkValue ? goType(value) : "interface {}";
}

/** How sentences call a value: `map`, `array`, `string`, … */
export function yamlTypeName(value: YamlValue | YamlNode): string {
  if (value instanceof MapItem) return "map item";
  if (value instanceof YamlNode) return value.displayName();
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "number":
    case "bigint":
      return "integer";
  }
  return "float";
}
