/**
 * From the text of a plain scalar to its value, with yaml.v2's YAML 1.1 reading: `y` is a boolean,
 * `017` is octal, `08` is a float, `1_000` is an int, `1:30` and dates are strings that the
 * printer has to quote.
 */
import { StarlarkFloat } from "../starlark/float.ts";
import type { Scalar } from "./nodes.ts";

/** What a plain text reads as. `timestamp` is kept as text. */
export type Resolved =
  | { readonly tag: "str" | "timestamp"; readonly value: string }
  | { readonly tag: "null"; readonly value: null }
  | { readonly tag: "bool"; readonly value: boolean }
  | { readonly tag: "int"; readonly value: number | bigint }
  | { readonly tag: "float"; readonly value: StarlarkFloat };

const words = new Map<string, Resolved>();
for (const word of ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]) {
  words.set(word, { tag: "bool", value: true });
}
for (const word of ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]) {
  words.set(word, { tag: "bool", value: false });
}
for (const word of ["", "~", "null", "Null", "NULL"]) words.set(word, { tag: "null", value: null });
for (const [text, value] of [["nan", NaN], ["inf", Infinity]] as const) {
  for (const word of [text, text === "nan" ? "NaN" : "Inf", text.toUpperCase()]) {
    words.set(`.${word}`, { tag: "float", value: new StarlarkFloat(value) });
    if (text === "inf") {
      words.set(`+.${word}`, { tag: "float", value: new StarlarkFloat(value) });
      words.set(`-.${word}`, { tag: "float", value: new StarlarkFloat(-value) });
    }
  }
}

const floatText = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
// The layouts that yaml.v2 tries, no others: a zone only (and always) after a `T`.
const dateText =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| ([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(?:\.\d+)?)?$/;
const wordStart = /^[yYnNtTfFoO~.+\-0-9]/;

/** Reads a plain scalar. */
export function resolvePlain(text: string): Resolved {
  if (text !== "" && !wordStart.test(text)) return { tag: "str", value: text };
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  if (first === 46) {
    const number = goParseFloat(text);
    return number === undefined
      ? { tag: "str", value: text }
      : { tag: "float", value: new StarlarkFloat(number) };
  }
  if (first === 43 || first === 45 || (first >= 48 && first <= 57)) {
    if (isTimestamp(text)) return { tag: "timestamp", value: text };
    const plain = text.includes("_") ? text.replaceAll("_", "") : text;
    const int = parseInteger(plain);
    if (int !== undefined) return { tag: "int", value: int };
    if (floatText.test(plain)) {
      return { tag: "float", value: new StarlarkFloat(Number(plain)) };
    }
  }
  return { tag: "str", value: text };
}

/** Go's `strconv.ParseInt(text, 0, 64)`, falling back to the unsigned range as yaml.v2 does. */
export function parseInteger(text: string): number | bigint | undefined {
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, sign, hex, octal, binary, decimal] = match;
  if (decimal !== undefined && decimal.length < 16) {
    return sign === "-" && decimal !== "0" ? -Number(decimal) : Number(decimal);
  }
  let value = BigInt(
    hex !== undefined
      ? `0x${hex}`
      : octal !== undefined
      ? `0o${octal}`
      : binary !== undefined
      ? `0b${binary}`
      : decimal!,
  );
  if (sign === "-") value = -value;
  if (value < -(2n ** 63n) || value >= 2n ** 64n || (sign === "+" && value >= 2n ** 63n)) {
    return undefined;
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function goParseFloat(text: string): number | undefined {
  return /^\.[0-9]+(?:[eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : undefined;
}

function isTimestamp(text: string): boolean {
  if (text.length < 8 || text.charCodeAt(4) !== 45 || !dateText.test(text)) return false;
  const [year, month, day] = text.split(/[-Tt \t]/, 3).map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Reads a scalar whose tag (short form, such as `int`) was written; `undefined` does not fit. */
export function resolveTagged(text: string, tag: string): Scalar | undefined {
  if (tag === "str" || tag === "timestamp") return text;
  const found = resolvePlain(text);
  if (found.tag === tag) return found.value;
  if (tag === "float" && found.tag === "int") return new StarlarkFloat(Number(found.value));
  return undefined;
}
