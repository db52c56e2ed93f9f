/** The printer: documents as yaml.v2's emitter lays them out, without folding. */
import { StarlarkFloat } from "../starlark/float.ts";
import {
  type Document,
  DocumentSet,
  type Scalar,
  YamlArray,
  YamlMap,
  type YamlValue,
} from "./nodes.ts";
import { doubleQuoted, floatText, literalBlock, singleQuoted, stringStyle } from "./scalar_text.ts";

/** All documents that are not empty, joined by `---`. */
export function printDocuments(documents: Iterable<Document>): string {
  const out: string[] = [];
  for (const document of documents) {
    if (document.injected || document.isEmpty()) continue;
    if (out.length > 0) out.push("---\n");
    out.push(printValue(document.value));
  }
  return out.join("");
}

/** One value as a document of its own, with a final line end. */
export function printValue(value: YamlValue): string {
  const out: string[] = [];
  write(out, value, 0, true);
  return out.join("");
}

/** `compact` says that the value may start on the line that is being written. */
function write(out: string[], value: YamlValue, indent: number, root: boolean): void {
  if (value instanceof YamlMap) {
    if (value.items.length === 0) out.push("{}\n");
    else writeMap(out, value, indent);
  } else if (value instanceof YamlArray) {
    if (value.items.length === 0) out.push("[]\n");
    else writeArray(out, value, indent);
  } else if (value instanceof DocumentSet) {
    const items = value.items.map((item) => item.value);
    if (items.length === 0) out.push("[]\n");
    else writeItems(out, items, indent);
  } else {
    out.push(scalarText(value, root ? 2 : indent + 2), "\n");
  }
}

const pads: string[] = [""];
function pad(indent: number): string {
  return pads[indent] ??= " ".repeat(indent);
}

function writeMap(out: string[], map: YamlMap, indent: number): void {
  let first = true;
  for (const item of map.items) {
    if (!first) out.push(pad(indent));
    first = false;
    const key = keyText(item.key);
    const value = item.value;
    if (key === undefined) {
      out.push("? ", scalarText(item.key, indent + 2), "\n", pad(indent));
      if (!isCollection(value)) out.push(": ", scalarText(value, indent + 2), "\n");
      else {
        out.push(": ");
        write(out, value, indent + 2, false);
      }
      continue;
    }
    if (value instanceof YamlMap && value.items.length > 0) {
      out.push(key, ":\n", pad(indent + 2));
      writeMap(out, value, indent + 2);
    } else if (value instanceof YamlArray && value.items.length > 0) {
      out.push(key, ":\n", pad(indent));
      writeArray(out, value, indent);
    } else if (isCollection(value)) {
      if (value instanceof DocumentSet && value.items.length > 0) {
        out.push(key, ":\n", pad(indent));
        write(out, value, indent, false);
      } else {
        out.push(key, value instanceof YamlMap ? ": {}\n" : ": []\n");
      }
    } else {
      out.push(key, ": ", scalarText(value as Scalar, indent + 2), "\n");
    }
  }
}

function isCollection(value: YamlValue): value is YamlMap | YamlArray | DocumentSet {
  return typeof value === "object" && value !== null && !(value instanceof StarlarkFloat);
}

function writeArray(out: string[], array: YamlArray, indent: number): void {
  writeItems(out, array.items.map((item) => item.value), indent);
}

function writeItems(out: string[], values: readonly YamlValue[], indent: number): void {
  let first = true;
  for (const value of values) {
    if (!first) out.push(pad(indent));
    first = false;
    out.push("- ");
    if (isCollection(value)) write(out, value, indent + 2, false);
    else out.push(scalarText(value, indent + 2), "\n");
  }
}

/** The text of a key, or `undefined` when it needs the `? ` form. */
export function keyText(key: Scalar): string | undefined {
  if (typeof key !== "string") return scalarText(key, 0);
  // libyaml counts bytes; only long keys are worth measuring exactly.
  if (key.length > 42 && new TextEncoder().encode(key).length > 128) return undefined;
  if (/[\n\r\x85\u2028\u2029]/.test(key)) return undefined;
  return stringText(key, 0, true);
}

/** A scalar at a place where block lines are indented by `indent`. */
export function scalarText(value: Scalar, indent: number): string {
  if (typeof value === "string") return stringText(value, indent, false);
  if (value === null) return "null";
  if (typeof value === "object") return floatText(value);
  return String(value);
}

function stringText(text: string, indent: number, key: boolean): string {
  switch (stringStyle(text, key)) {
    case "plain":
      return text;
    case "single":
      return singleQuoted(text);
    case "double":
      return doubleQuoted(text);
    case "literal":
      return literalBlock(text, indent);
  }
}
