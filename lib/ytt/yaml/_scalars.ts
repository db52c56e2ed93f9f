/** Scanning of plain, quoted and block scalars, with libyaml's folding. */
import { isBlankOrEnd, isBreak } from "./_chars.ts";
import type { Scanner } from "./_scanner.ts";

/** A document indicator in the first column ends or forbids a scalar. */
function atDocumentIndicator(s: Scanner): boolean {
  if (s.column !== 0) return false;
  const c = s.text.charCodeAt(s.pos);
  return (c === 45 || c === 46) && s.text.charCodeAt(s.pos + 1) === c &&
    s.text.charCodeAt(s.pos + 2) === c && isBlankOrEnd(s.text.charCodeAt(s.pos + 3));
}

/** The text of the line break at `pos`, which is stepped over. */
function readBreak(s: Scanner): string {
  const c = s.text.charCodeAt(s.pos);
  s.skipBreak();
  return c === 0x2028 || c === 0x2029 ? String.fromCharCode(c) : "\n";
}

/** What the line breaks between two parts of a flow scalar fold to. */
function fold(first: string, rest: string): string {
  if (first !== "\n") return first + rest;
  return rest === "" ? " " : rest;
}

/** A plain scalar; it may go over lines that are indented deeper than its parent. */
export function scanPlain(s: Scanner): string {
  const text = s.text;
  const indent = s.indent + 1;
  const inFlow = s.flowLevel > 0;
  let value = "";
  let spaces = "";
  let first = "";
  let rest = "";
  let leadingBlanks = false;
  for (;;) {
    if (atDocumentIndicator(s) || text.charCodeAt(s.pos) === 35) break;
    const start = s.pos;
    let c = text.charCodeAt(s.pos);
    while (!isBlankOrEnd(c)) {
      if (c === 58) {
        const after = text.charCodeAt(s.pos + 1);
        if (isBlankOrEnd(after)) break;
        if (
          inFlow && (after === 44 || after === 63 || after === 91 || after === 93 ||
            after === 123 || after === 125)
        ) break;
      } else if (
        inFlow && (c === 44 || c === 91 || c === 93 || c === 123 || c === 125 ||
          (c === 63 && isBlankOrEnd(text.charCodeAt(s.pos + 1))))
      ) {
        break;
      }
      c = text.charCodeAt(++s.pos);
    }
    if (s.pos > start) {
      if (leadingBlanks) {
        value += fold(first, rest);
        first = rest = "";
        leadingBlanks = false;
        spaces = "";
      } else {
        value += spaces;
        spaces = "";
      }
      value += text.slice(start, s.pos);
    }
    c = text.charCodeAt(s.pos);
    if (!(c === 32 || c === 9 || isBreak(c))) break;
    while (c === 32 || c === 9 || isBreak(c)) {
      if (isBreak(c)) {
        if (leadingBlanks) {
          rest += readBreak(s);
        } else {
          spaces = "";
          first = readBreak(s);
          leadingBlanks = true;
        }
      } else {
        if (leadingBlanks && s.column < indent && c === 9) {
          s.fail("found a tab character that violates indentation");
        }
        if (!leadingBlanks) spaces += text[s.pos];
        s.pos++;
      }
      c = text.charCodeAt(s.pos);
    }
    if (!inFlow && s.column < indent) break;
  }
  if (leadingBlanks) s.simpleKeyAllowed = true;
  return value;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "'": "'",
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

/** A single- or double-quoted scalar. */
export function scanQuoted(s: Scanner, single: boolean): string {
  const text = s.text;
  const quote = single ? 39 : 34;
  s.pos++;
  let value = "";
  for (;;) {
    if (atDocumentIndicator(s)) s.fail("found unexpected document indicator");
    if (s.atEnd) s.fail("found unexpected end of stream");
    let leadingBlanks = false;
    let start = s.pos;
    let c = text.charCodeAt(s.pos);
    while (!isBlankOrEnd(c)) {
      if (c === quote) {
        if (!single || text.charCodeAt(s.pos + 1) !== 39) break;
        value += text.slice(start, s.pos + 1);
        s.pos += 2;
        start = s.pos;
      } else if (!single && c === 92) {
        value += text.slice(start, s.pos);
        if (isBreak(text.charCodeAt(s.pos + 1))) {
          s.pos++;
          s.skipBreak();
          leadingBlanks = true;
          start = s.pos;
          break;
        }
        value += scanEscape(s);
        start = s.pos;
      } else {
        s.pos++;
      }
      c = text.charCodeAt(s.pos);
    }
    value += text.slice(start, s.pos);
    c = text.charCodeAt(s.pos);
    if (c === 0 && !s.atEnd) s.fail("control characters are not allowed");
    if (c === quote) break;
    let spaces = "";
    let first = "";
    let rest = "";
    while (c === 32 || c === 9 || isBreak(c)) {
      if (isBreak(c)) {
        if (leadingBlanks) {
          rest += readBreak(s);
        } else {
          spaces = "";
          first = readBreak(s);
          leadingBlanks = true;
        }
      } else {
        if (!leadingBlanks) spaces += text[s.pos];
        s.pos++;
      }
      c = text.charCodeAt(s.pos);
    }
    if (!leadingBlanks) value += spaces;
    else if (first === "") value += rest;
    else value += fold(first, rest);
  }
  s.pos++;
  return value;
}

function scanEscape(s: Scanner): string {
  const letter = s.text[s.pos + 1]!;
  const simple = simpleEscapes[letter];
  if (simple !== undefined) {
    s.pos += 2;
    return simple;
  }
  const length = letter === "x" ? 2 : letter === "u" ? 4 : letter === "U" ? 8 : 0;
  if (length === 0) s.fail("found unknown escape character");
  const digits = s.text.slice(s.pos + 2, s.pos + 2 + length);
  if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) {
    s.fail("did not find expected hexdecimal number");
  }
  const code = parseInt(digits, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    s.fail("found invalid Unicode character escape code");
  }
  s.pos += 2 + length;
  return String.fromCodePoint(code);
}

/** A literal or folded block scalar, `pos` at its `|` or `>`. */
export function scanBlockScalar(s: Scanner, literal: boolean): string {
  const text = s.text;
  s.pos++;
  let chomping = 0;
  let increment = 0;
  for (let i = 0; i < 2; i++) {
    const c = text.charCodeAt(s.pos);
    if ((c === 43 || c === 45) && chomping === 0) {
      chomping = c === 43 ? 1 : -1;
      s.pos++;
    } else if (c >= 48 && c <= 57 && increment === 0) {
      if (c === 48) s.fail("found an indentation indicator equal to 0");
      increment = c - 48;
      s.pos++;
    }
  }
  while (text.charCodeAt(s.pos) === 32 || text.charCodeAt(s.pos) === 9) s.pos++;
  if (text.charCodeAt(s.pos) === 35) s.takeComment();
  if (!isBreak(text.charCodeAt(s.pos)) && !s.atEnd) {
    s.fail("did not find expected comment or line break");
  }
  if (!s.atEnd) s.skipBreak();

  let indent = increment === 0 ? 0 : (s.indent >= 0 ? s.indent + increment : increment);
  const parts: string[] = [];
  let leadingBreak = "";
  let leadingBlank = false;
  let breaks: string;
  [indent, breaks] = scanBlockBreaks(s, indent);
  while (s.column === indent && !s.atEnd) {
    const c = text.charCodeAt(s.pos);
    const trailingBlank = c === 32 || c === 9;
    if (!literal && leadingBreak === "\n" && !leadingBlank && !trailingBlank) {
      if (breaks === "") parts.push(" ");
    } else if (leadingBreak !== "") {
      parts.push(leadingBreak);
    }
    leadingBreak = "";
    if (breaks !== "") parts.push(breaks);
    leadingBlank = trailingBlank;
    const start = s.pos;
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length - 1;
    let pos = start;
    while (pos < end && !isBreak(text.charCodeAt(pos))) pos++;
    s.pos = pos;
    parts.push(text.slice(start, pos));
    if (!s.atEnd) leadingBreak = readBreak(s);
    [indent, breaks] = scanBlockBreaks(s, indent);
  }
  if (chomping !== -1) parts.push(leadingBreak);
  if (chomping === 1) parts.push(breaks);
  return parts.join("");
}

/** Steps over indentation and empty lines, and finds the indent where it is still 0. */
function scanBlockBreaks(s: Scanner, indent: number): [indent: number, breaks: string] {
  const text = s.text;
  let breaks = "";
  let maxIndent = 0;
  for (;;) {
    while ((indent === 0 || s.column < indent) && text.charCodeAt(s.pos) === 32) s.pos++;
    if (s.column > maxIndent) maxIndent = s.column;
    const c = text.charCodeAt(s.pos);
    if ((indent === 0 || s.column < indent) && c === 9) {
      s.fail("found a tab character where an indentation space is expected");
    }
    if (!isBreak(c)) break;
    breaks += readBreak(s);
  }
  if (indent === 0) indent = Math.max(maxIndent, s.indent + 1, 1);
  return [indent, breaks];
}
