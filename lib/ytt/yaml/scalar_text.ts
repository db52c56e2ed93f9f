/** How scalars are printed: Go's number formats, and which quotes a string needs. */
import type { StarlarkFloat } from "../starlark/float.ts";
import { resolvePlain } from "./resolve.ts";

/** `strconv.FormatFloat(value, 'g', -1, 64)`, with YAML's names for what is not finite. */
export function floatText(float: StarlarkFloat): string {
  const value = float.value;
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return goG(value);
}

/** Go's shortest `%g`: an exponent below 1e-4 and from 1e6 on. */
export function goG(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return plainDecimal(value);
}

/** A number without an exponent. */
export function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [mantissa, exponentText] = text.split("e") as [string, string];
  const exponent = Number(exponentText);
  const negative = mantissa.startsWith("-");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".") as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const shown = point <= 0
    ? `0.${"0".repeat(-point)}${digits}`
    : point >= digits.length
    ? digits + "0".repeat(point - digits.length)
    : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${shown}` : shown;
}

/** How a string is written. */
export type StringStyle = "plain" | "single" | "double" | "literal";

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const simple = /^[A-Za-z_/][A-Za-z0-9_./@+\-]*$/;
// deno-lint-ignore no-control-regex -- what libyaml calls printable ends at U+FFFD
const unprintable = /[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]/;
const keyStyles = new Map<string, StringStyle>();
const valueStyles = new Map<string, StringStyle>();

/** The style that yaml.v2's encoder and emitter choose together. */
export function stringStyle(text: string, key: boolean): StringStyle {
  if (text.length > 64) return chooseStyle(text, key);
  const styles = key ? keyStyles : valueStyles;
  let style = styles.get(text);
  if (style === undefined) {
    if (styles.size > 5000) styles.clear();
    styles.set(text, style = chooseStyle(text, key));
  }
  return style;
}

function chooseStyle(text: string, key: boolean): StringStyle {
  if (simple.test(text)) return resolvePlain(text).tag === "str" ? "plain" : "double";
  // Line and paragraph separators would be read as line breaks again.
  const special = unprintable.test(text) || /[\u2028\u2029]/.test(text);
  const spaceBeforeBreak = /[ ][\n\r\x85\u2028\u2029]/.test(text);
  if (text.includes("\n")) {
    return key || special || spaceBeforeBreak || text.endsWith(" ") ? "double" : "literal";
  }
  if (resolvePlain(text).tag !== "str" || base60.test(text)) return "double";
  if (special || spaceBeforeBreak || /[\r\x85\u2028\u2029] /.test(text)) return "double";
  if (/^[ \r\x85\u2028\u2029]|[ \r\x85\u2028\u2029]$|[\r\x85\u2028\u2029]/.test(text)) {
    return "single";
  }
  if (
    /^[#,[\]{}&*!|>'"%@`]|^-(?=\s|$)|^[?:](?=\s|$)|^---|^\.\.\.|:(?=\s|$)|\s#/.test(text)
  ) return "single";
  return "plain";
}

const named: Readonly<Record<number, string>> = {
  0: "\\0",
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  27: "\\e",
  34: '\\"',
  92: "\\\\",
  0x85: "\\N",
  0x2028: "\\L",
  0x2029: "\\P",
};

/** A double-quoted scalar with libyaml's escapes. */
export function doubleQuoted(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    const name = named[code];
    if (name !== undefined) out += name;
    else if (code > 0xffff) out += `\\U${hex(code, 8)}`;
    else if (!unprintable.test(char)) out += char;
    else if (code < 0x100) out += `\\x${hex(code, 2)}`;
    else out += `\\u${hex(code, 4)}`;
  }
  return out + '"';
}

/** A single-quoted scalar. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A literal block scalar: its header, then its lines indented by `indent`. No last line end. */
export function literalBlock(text: string, indent: number): string {
  let header = "|";
  if (text.startsWith(" ") || /^[\n\r\x85\u2028\u2029]/.test(text)) header += "2";
  if (!text.endsWith("\n")) header += "-";
  else if (text === "\n" || text.endsWith("\n\n")) header += "+";
  const pad = " ".repeat(indent);
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  let out = header;
  for (const line of body.split("\n")) out += line === "" ? "\n" : `\n${pad}${line}`;
  return out;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, "0");
}
