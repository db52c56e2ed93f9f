/** Documents as plain JavaScript data. */
import { StarlarkFloat } from "../starlark/float.ts";
import {
  type ArrayItem,
  type Document,
  DocumentSet,
  showKey,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "./nodes.ts";

/** A YAML value as plain data. Integers beyond 2^53 are bigints; keys are strings. */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PlainValue[]
  | { [key: string]: PlainValue };

/** The plain form of a value; of a repeated key the last one stays. */
export function toPlain(value: YamlValue): PlainValue {
  if (value instanceof YamlMap) {
    return Object.fromEntries(value.items.map((item) => [showKey(item.key), toPlain(item.value)]));
  }
  if (value instanceof YamlArray || value instanceof DocumentSet) {
    return value.items.map((item: ArrayItem | Document) => toPlain(item.value));
  }
  return value instanceof StarlarkFloat ? value.value : value;
}
