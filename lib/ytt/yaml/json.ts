/** JSON output as Go's `encoding/json` writes it: no white space, `<`, `>`, `&` escaped. */
import { StarlarkFloat } from "../starlark/float.ts";
import {
  type Document,
  type DocumentSet,
  showKey,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "./nodes.ts";
import { plainDecimal } from "./scalar_text.ts";

/** All documents that are not empty. */
export function printJsonDocuments(documents: Iterable<Document>): string {
  let out = "";
  for (const document of documents) {
    if (!document.injected && !document.isEmpty()) out += jsonText(document.value);
  }
  return out;
}

/** One value on one line. */
export function jsonText(value: YamlValue): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "boolean":
    case "number":
    case "bigint":
      return String(value);
  }
  if (value instanceof StarlarkFloat) return jsonNumber(value.value);
  if (value instanceof YamlMap) {
    return `{${
      value.items.map((item) => `${jsonString(showKey(item.key))}:${jsonText(item.value)}`).join(
        ",",
      )
    }}`;
  }
  const items = value instanceof YamlArray ? value.items : (value as DocumentSet).items;
  return `[${[...items].map((item: { value: YamlValue }) => jsonText(item.value)).join(",")}]`;
}

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** A JSON string with Go's HTML-safe escapes. */
export function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (char) => escapes[char]!);
}

/** A JSON number in Go's format. */
export function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`json: unsupported value: ${value}`);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) return String(value);
  return Object.is(value, -0) ? "-0" : plainDecimal(value);
}
