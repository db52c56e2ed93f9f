import { normalize } from "./_bytes.ts";

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * Gives the text of a string literal without its quotes. Like starlark-go since 2020 it rejects
 * a backslash that escapes nothing.
 *
 * @throws {Error} with the message that starlark-go has for a bad escape.
 */
export function unescape(body: string, raw: boolean): string {
  if (body.includes("\r")) body = body.replace(/\r\n?/g, "\n");
  if (raw || !body.includes("\\")) return body;
  let out = "";
  let bytes = false;
  for (let i = 0; i < body.length;) {
    const next = body.indexOf("\\", i);
    if (next < 0) {
      out += body.slice(i);
      break;
    }
    out += body.slice(i, next);
    i = next + 1;
    const char = body[i++];
    if (char === undefined) throw new Error("truncated escape sequence \\");
    const simple = SIMPLE[char];
    if (simple !== undefined) {
      out += simple;
    } else if (char === "\n") {
      continue;
    } else if (char >= "0" && char <= "7") {
      const digits = /^[0-7]{1,3}/.exec(body.slice(i - 1, i + 2))![0];
      i += digits.length - 1;
      const code = Number.parseInt(digits, 8);
      if (code >= 256) throw new Error(`invalid escape sequence \\${digits}`);
      out += byte(code);
      bytes ||= code >= 0x80;
    } else if (char === "x") {
      const digits = /^[0-9a-fA-F]{2}/.exec(body.slice(i, i + 2))?.[0];
      if (digits === undefined) {
        throw new Error(
          body.length < i + 2
            ? "truncated escape sequence \\x" + body.slice(i)
            : "invalid escape sequence \\x" + body.slice(i, i + 2),
        );
      }
      i += 2;
      const code = Number.parseInt(digits, 16);
      out += byte(code);
      bytes ||= code >= 0x80;
    } else if (char === "u" || char === "U") {
      const size = char === "u" ? 4 : 8;
      const digits = body.slice(i, i + size);
      if (digits.length < size) throw new Error(`truncated escape sequence \\${char}${digits}`);
      if (!/^[0-9a-fA-F]+$/.test(digits)) {
        throw new Error(`invalid escape sequence \\${char}${digits}`);
      }
      const code = Number.parseInt(digits, 16);
      if (code > 0x10ffff) {
        throw new Error(
          `code point out of range: \\${char}${digits} (max \\U0010ffff)`,
        );
      }
      if (code >= 0xd800 && code < 0xe000) {
        throw new Error(`invalid Unicode code point U+${digits.toUpperCase().slice(-4)}`);
      }
      out += String.fromCodePoint(code);
      i += size;
    } else {
      throw new Error(`invalid escape sequence \\${char}`);
    }
  }
  return bytes ? normalize(out) : out;
}

function byte(code: number): string {
  return String.fromCharCode(code < 0x80 ? code : 0xdc00 + code);
}
