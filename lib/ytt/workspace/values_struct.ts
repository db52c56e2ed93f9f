/** `data.values`: structs whose fields can be indexed too. */
import { List } from "../starlark/list.ts";
import { Struct } from "../starlark/struct.ts";
import type { Value } from "../starlark/values.ts";
import { DocumentSet, showKey, YamlArray, YamlMap, type YamlValue } from "../yaml/nodes.ts";

/** A struct made of a YAML map. */
export class ValuesStruct extends Struct {
  override get(key: Value): Value | undefined {
    return typeof key === "string" ? this.attr(key) : undefined;
  }
}

/** A YAML value with its maps as structs. */
export function toStruct(value: YamlValue): Value {
  if (value instanceof YamlMap) {
    return new ValuesStruct(
      new Map(value.items.map((item) => [showKey(item.key), toStruct(item.value)] as const)),
    );
  }
  if (value instanceof YamlArray || value instanceof DocumentSet) {
    return new List(value.items.map((item: { value: YamlValue }) => toStruct(item.value)));
  }
  return value;
}
