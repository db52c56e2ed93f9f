import type { Diagnostics, SourceText } from "../diagnostics/mod.ts";
import { interpolate, type ReadVariable } from "./interpolate.ts";

/** How a file of variables is read. */
export interface EnvFileOptions {
  /** Reads variables that the file refers to and does not set itself. Default: none is set. */
  readonly read?: ReadVariable;
  /** `raw`: every line is `NAME=value` as it stands, without quotes and variables. */
  readonly format?: "raw";
}

/**
 * Reads a file of variables as Compose does: `NAME=value`, `export NAME=value`, `NAME: value`,
 * comments after `#`, quotes of both kinds over several lines, escapes and variables within double
 * quotes and without quotes. A name alone takes its value from outside.
 *
 * @param source The file.
 * @param diagnostics Takes mistakes, each at its line.
 * @param options Variables from outside.
 * @returns Names and values, in the order of the file.
 * @example
 * ```ts
 * import { parseEnvFile } from "@superorch/superorch/compose";
 * import { Diagnostics, SourceText } from "@superorch/superorch/diagnostics";
 *
 * const source = new SourceText(".env", "HOST=db\nURL=\"tcp://${HOST}:5432\" # where\n");
 * const variables = parseEnvFile(source, new Diagnostics());
 * console.log(variables.get("URL")); // "tcp://db:5432"
 * ```
 */
export function parseEnvFile(
  source: SourceText,
  diagnostics: Diagnostics,
  options: EnvFileOptions = {},
): ReadonlyMap<string, string> {
  const { read = () => undefined, format } = options;
  const text = source.text.replace(/^\uFEFF/, "\n").replaceAll("\r\n", "\n");
  const located = text.length === source.text.length;
  const values = new Map<string, string>();
  const lookUp: ReadVariable = (name) => read(name) ?? values.get(name);
  let at = 0;
  const fail = (start: number, end: number, message: string) =>
    diagnostics.error(source, located ? { start, end } : atLine(source, text, start), message);
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const line = text.slice(at, lineEnd);
    if (/^\s*(?:#|$)/.test(line)) {
      at = lineEnd + 1;
      continue;
    }
    if (format === "raw") {
      const equals = line.indexOf("=");
      if (equals > 0) values.set(line.slice(0, equals).trim(), line.slice(equals + 1));
      else if (equals === 0) fail(at, lineEnd, 'A line must have a name before its "="');
      else inherit(values, read, line.trim());
      at = lineEnd + 1;
      continue;
    }
    const head = /^\s*(?:export[ \t]+)?([a-zA-Z_][\w.\-[\]]*)[ \t]*(?:([=:])[ \t]*|(?:#.*)?$)/
      .exec(line);
    if (head === null) {
      fail(at + line.search(/\S/), lineEnd, 'A line must be "NAME=value"');
      at = lineEnd + 1;
      continue;
    }
    const name = head[1]!;
    if (head[2] === undefined) {
      inherit(values, read, name);
      at = lineEnd + 1;
      continue;
    }
    const begin = at + head[0].length;
    const value = valueAt(text, begin, lineEnd);
    if (typeof value === "string") {
      fail(begin, lineEnd, value);
      at = lineEnd + 1;
      continue;
    }
    at = value.end + 1;
    if (value.literal) {
      values.set(name, value.text);
      continue;
    }
    const { text: expanded, problems } = interpolate(value.text, lookUp);
    for (const problem of problems) {
      if (problem.severity === "error") {
        fail(begin, Math.max(begin + 1, value.end), problem.message);
      }
    }
    values.set(name, value.quoted ? unescape(expanded) : expanded);
  }
  return values;
}

interface Value {
  readonly text: string;
  /** Offset of the end of its line. */
  readonly end: number;
  /** Whether variables and escapes mean nothing. */
  readonly literal: boolean;
  readonly quoted: boolean;
}

function valueAt(text: string, begin: number, lineEnd: number): Value | string {
  const quote = text[begin];
  if (quote !== '"' && quote !== "'") {
    const raw = text.slice(begin, lineEnd).replace(/(?:^|[ \t])#.*$/, "").trim();
    return { text: raw, end: lineEnd, literal: false, quoted: false };
  }
  let at = begin + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === "\\" && quote === '"' ? 2 : 1;
  if (at >= text.length) return `The ${quote === '"' ? "double" : "single"} quote is not closed`;
  const end = endOfLine(text, at);
  const rest = text.slice(at + 1, end);
  if (!/^\s*(?:#.*)?$/.test(rest)) return "Only a comment may follow the closing quote";
  return { text: text.slice(begin + 1, at), end, literal: quote === "'", quoted: true };
}

function unescape(text: string): string {
  const known: Readonly<Record<string, string>> = {
    n: "\n",
    r: "\r",
    t: "\t",
    '"': '"',
    "\\": "\\",
  };
  return text.replaceAll(/\\([nrt"\\])/g, (_, letter: string) => known[letter]!);
}

function inherit(values: Map<string, string>, read: ReadVariable, name: string): void {
  const value = read(name);
  if (value !== undefined) values.set(name, value);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

// With carriage returns the offsets of the cleaned text are not those of the file.
function atLine(source: SourceText, text: string, offset: number) {
  const lines = text.slice(0, offset).split("\n").length;
  let start = 0;
  for (let line = 1; line < lines; line++) start = source.text.indexOf("\n", start) + 1;
  return { start, end: endOfLine(source.text, start) };
}
