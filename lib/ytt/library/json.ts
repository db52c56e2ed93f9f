import { Dict, isInt, List, StarlarkFloat, Tuple, typeOf, type Value } from "../starlark/mod.ts";
import {
  asString,
  boolArgument,
  checkNames,
  intArgument,
  members,
  onlyArgument,
} from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";
import { JsonReader } from "./_json_reader.ts";
import { sortedEntries } from "./_sorted.ts";

/** `@ytt:json`. */
export function jsonModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("json", {
    encode: (thread, args, kwargs) => {
      const value = onlyArgument(args);
      checkNames(kwargs, ["indent", "escape_html"]);
      const indent = intArgument(kwargs, "indent");
      if (indent < 0 || indent > 4) throw new Error("indent value must be between 0 and 4");
      const escapeHtml = boolArgument(kwargs, "escape_html", true, hooks);
      const text = encode(hooks.plain(value), indent, escapeHtml, 0);
      if (text.length > 256) thread.allocate(text.length);
      return text;
    },
    decode: (thread, args) => {
      const text = asString(onlyArgument(args), hooks);
      thread.allocate(text.length * 16);
      return new JsonReader(text).document();
    },
  });
}

/** Writes JSON as Go's `encoding/json`; maps are sorted by key. */
function encode(value: Value, indent: number, html: boolean, depth: number): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoteJson(value, html);
  if (isInt(value)) return String(value);
  if (value instanceof StarlarkFloat) {
    if (!Number.isFinite(value.value)) {
      throw new Error(`json: unsupported value: ${value.repr()}`);
    }
    return Object.is(value.value, -0) ? "-0" : JSON.stringify(value.value);
  }
  if (value instanceof Dict) {
    const entries = sortedEntries(value).map(([key, item]) =>
      `${quoteJson(key, html)}:${indent > 0 ? " " : ""}${encode(item, indent, html, depth + 1)}`
    );
    return wrap("{", entries, "}", indent, depth);
  }
  if (value instanceof List || value instanceof Tuple) {
    const items = value.items.map((item) => encode(item, indent, html, depth + 1));
    return wrap("[", items, "]", indent, depth);
  }
  throw new Error(`json: unsupported type: ${typeOf(value)}`);
}

function wrap(
  open: string,
  parts: readonly string[],
  close: string,
  indent: number,
  depth: number,
): string {
  if (parts.length === 0) return open + close;
  if (indent === 0) return open + parts.join(",") + close;
  const inner = "\n" + " ".repeat(indent * (depth + 1));
  return open + inner + parts.join("," + inner) + "\n" + " ".repeat(indent * depth) + close;
}

const HTML = /[<>&\u2028\u2029]/g;
const LINES = /[\u2028\u2029]/g;

function quoteJson(text: string, html: boolean): string {
  // A byte that is not UTF-8 becomes the replacement character, as in Go.
  return JSON.stringify(text.toWellFormed()).replace(
    html ? HTML : LINES,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
