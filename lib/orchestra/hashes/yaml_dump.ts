import { compareCodePoints } from "./_compare.ts";

/** What can be in hash material. */
export type MaterialValue =
  | null
  | boolean
  | string
  | readonly MaterialValue[]
  | { readonly [key: string]: MaterialValue };

/** Lines are not broken before this column. */
const WIDTH = 100_000;
/** Keys that would take more, with their tag, are written as `? key`. */
const MAX_SIMPLE_KEY = 128;
/** What a key's tag, `!!str`, adds to its length. */
const TAG_LENGTH = 5;

/**
 * Writes YAML exactly as PyYAML's `dump` does with `default_style="|"` and `width=100000`: every
 * text is a literal block where that is possible, and in double quotes elsewhere; keys are sorted.
 * Hashes are taken of this text, so each byte counts.
 *
 * @param value A list or a map, neither of them empty; JSON-like data.
 * @returns The document; it ends with a newline.
 */
export function dumpYaml(value: MaterialValue): string {
  const text = block(value, 0, "root", 0);
  // PyYAML ends a document that an open literal stands at the end of.
  return lastLiteralIsOpen(value) ? `${text}...\n` : text;
}

/** What stands in front of a node: nothing, `-` (or `?`, `:`), or `"key":`. */
type Place = "root" | "indicator" | "key";

/** The text of a node from its place on, which ends at column `at`, with the newline after it. */
function block(value: MaterialValue, indent: number, place: Place, at: number): string {
  const gap = place === "root" ? "" : " ";
  if (value === null || typeof value === "boolean") {
    const tag = value === null ? "!!null" : "!!bool";
    return `${gap}${tag} |-\n${" ".repeat(indent + 2)}${value}\n`;
  }
  if (typeof value === "string") return gap + scalar(value, indent + 2, at + gap.length);
  if (isList(value)) {
    if (value.length === 0) return `${gap}[]\n`;
    // Below a key the items stand as far left as the key does.
    const column = place === "indicator" ? indent + 2 : indent;
    const items = value.map((item) => `-${block(item, column, "indicator", column + 1)}`);
    return lines(items, column, place);
  }
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  if (entries.length === 0) return `${gap}{}\n`;
  const column = place === "root" ? indent : indent + 2;
  return lines(entries.map(([key, item]) => entry(key, item, column)), column, place);
}

function lines(parts: readonly string[], column: number, place: Place): string {
  const pad = " ".repeat(column);
  const first = place === "key" ? `\n${pad}` : place === "indicator" ? " " : pad;
  return first + parts.join(pad);
}

function entry(key: string, value: MaterialValue, column: number): string {
  const length = TAG_LENGTH + Array.from(key).length;
  const simple = key !== "" && !/[\n\x85\u2028\u2029]/.test(key) && length < MAX_SIMPLE_KEY;
  if (simple) {
    const name = `"${escape(key)}":`;
    return name + block(value, column, "key", column + name.length);
  }
  const pad = " ".repeat(column);
  const first = `?${block(key, column, "indicator", column + 1)}`;
  return `${first}${pad}:${block(value, column, "indicator", column + 1)}`;
}

function scalar(text: string, indent: number, at: number): string {
  if (!allowsLiteral(text)) return `${quoted(text, indent, at)}\n`;
  const hint = (/^[ \n]/.test(text) ? "2" : "") +
    (!text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "");
  const pad = " ".repeat(indent);
  const body = text.split("\n").map((line) => line === "" ? "" : pad + line).join("\n");
  return `|${hint}\n${body}${text.endsWith("\n") ? "" : "\n"}`;
}

function allowsLiteral(text: string): boolean {
  return text !== "" && !/ (?:\n|$)/.test(text) && /^[\n\x20-\x7e]*$/.test(text);
}

function lastLiteralIsOpen(value: MaterialValue): boolean {
  if (typeof value === "string") {
    return allowsLiteral(value) && (value === "\n" || value.endsWith("\n\n"));
  }
  if (value === null || typeof value === "boolean") return false;
  if (isList(value)) return value.length > 0 && lastLiteralIsOpen(value.at(-1)!);
  const last = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b)).at(-1);
  return last !== undefined && lastLiteralIsOpen(last[1]);
}

function isList(value: object): value is readonly MaterialValue[] {
  return Array.isArray(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

/** Double quotes; lines that become too long are broken at spaces. */
function quoted(text: string, indent: number, at: number): string {
  const whole = escape(text);
  if (at + 1 + whole.length <= WIDTH) return `"${whole}"`;
  const characters = Array.from(text);
  let out = '"';
  let column = at + 1;
  let start = 0;
  const write = (part: string) => {
    out += part;
    column += part.length;
  };
  for (let end = 0; end <= characters.length; end++) {
    const character = characters[end];
    const special = character === undefined || !/^[\x20-\x7e]$/.test(character) ||
      character === '"' || character === "\\";
    if (special) {
      if (start < end) write(characters.slice(start, end).join(""));
      start = end;
      if (character !== undefined) {
        write(escape(character));
        start = end + 1;
      }
    }
    const inside = end > 0 && end < characters.length - 1;
    const mayBreak = character === " " || start >= end;
    if (inside && mayBreak && column + (end - start) > WIDTH) {
      out += `${characters.slice(start, end).join("")}\\\n${" ".repeat(indent)}`;
      if (start < end) start = end;
      column = indent;
      if (characters[start] === " ") write("\\");
    }
  }
  return `${out}"`;
}

function escape(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/gu, (character) => {
    const named = ESCAPES[character];
    if (named !== undefined) return `\\${named}`;
    const code = character.codePointAt(0)!;
    const hex = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}
