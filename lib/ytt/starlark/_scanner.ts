import { StarlarkSyntaxError } from "./errors.ts";
import { packPosition, unpackPosition } from "./_position.ts";
import {
  EOF,
  FLOAT,
  IDENT,
  INDENT,
  INT,
  KEYWORDS,
  NEWLINE,
  OUTDENT,
  PUNCTUATION,
  RESERVED,
  STRING,
  type Token,
} from "./_token.ts";
import { unescape } from "./_unquote.ts";

/** Where the parser gets its tokens. */
export interface TokenSource {
  next(): Token;
  /** Where the text has been read up to: starlark-go reports most parse errors there. */
  position(): number;
  fail(pos: number, message: string): never;
}

const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER = /0[xX][0-9a-fA-F]*|0[oO][0-7]*|0[bB][01]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?/y;
const BY_FIRST = new Map<string, string[]>();
for (const text of PUNCTUATION) {
  BY_FIRST.set(text[0]!, [...BY_FIRST.get(text[0]!) ?? [], text]);
}

/** Splits a text into tokens. With `indentation` off, leading white space means nothing. */
export class Scanner implements TokenSource {
  readonly #source: string;
  readonly #filename: string;
  readonly #indentation: boolean;
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #depth = 0;
  #atLineStart = true;
  readonly #indents: number[] = [0];
  #pending = 0;

  constructor(source: string, filename: string, indentation: boolean) {
    this.#source = source.startsWith("\ufeff") ? source.slice(1) : source;
    this.#filename = filename;
    this.#indentation = indentation;
  }

  position(): number {
    return packPosition(this.#line, this.#offset - this.#lineStart + 1);
  }

  fail(pos: number, message: string): never {
    throw new StarlarkSyntaxError(
      [{ message, position: unpackPosition(this.#filename, pos) }],
      "parse",
    );
  }

  #token(kind: string, pos: number, text = "", value: Token["value"] = ""): Token {
    return { kind, pos, text, value };
  }

  #newline(): void {
    this.#line++;
    this.#lineStart = this.#offset;
  }

  /** Skips blank and comment-only lines; returns the column of the first token, or -1 at the end. */
  #skipToCode(): number {
    const source = this.#source;
    let column = 0;
    for (;;) {
      const char = source[this.#offset];
      if (char === " ") column++;
      else if (char === "\t") column += 8 - (column % 8);
      else if (char === "\r") {
        // Part of a line end, or as good as white space.
      } else if (char === "\n") {
        this.#offset++;
        this.#newline();
        column = 0;
        continue;
      } else if (char === "#") {
        const end = source.indexOf("\n", this.#offset);
        this.#offset = end < 0 ? source.length : end;
        continue;
      } else if (char === undefined) return -1;
      else return column;
      this.#offset++;
    }
  }

  next(): Token {
    if (this.#atLineStart) {
      this.#atLineStart = false;
      const column = this.#skipToCode();
      if (this.#indentation) this.#indent(column < 0 ? 0 : column);
    }
    if (this.#pending !== 0) {
      const kind = this.#pending > 0 ? INDENT : OUTDENT;
      this.#pending -= Math.sign(this.#pending);
      return this.#token(kind, this.position());
    }
    return this.#scan();
  }

  #indent(column: number): void {
    const top = this.#indents[this.#indents.length - 1]!;
    if (column > top) {
      this.#indents.push(column);
      this.#pending = 1;
      return;
    }
    while (column < this.#indents[this.#indents.length - 1]!) {
      this.#indents.pop();
      this.#pending--;
    }
    if (column !== this.#indents[this.#indents.length - 1]) {
      this.fail(this.position(), "unindent does not match any outer indentation level");
    }
  }

  #scan(): Token {
    const source = this.#source;
    for (;;) {
      const char = source[this.#offset];
      const pos = this.position();
      if (char === undefined) {
        if (this.#indents.length > 1) {
          // The line end that the last block is owed.
          this.#atLineStart = true;
          return this.#token(NEWLINE, pos);
        }
        return this.#token(EOF, pos);
      }
      if (char === " " || char === "\t" || char === "\r") {
        this.#offset++;
      } else if (char === "\n") {
        this.#offset++;
        this.#newline();
        if (this.#depth > 0) continue;
        this.#atLineStart = true;
        return this.#token(NEWLINE, pos);
      } else if (char === "#") {
        const end = source.indexOf("\n", this.#offset);
        this.#offset = end < 0 ? source.length : end;
      } else if (char === "\\") {
        const size = source.startsWith("\r\n", this.#offset + 1) ? 3 : 2;
        if (source[this.#offset + size - 1] !== "\n") {
          this.fail(pos + 1, "stray backslash in program");
        }
        this.#offset += size;
        this.#newline();
      } else return this.#word(char, pos);
    }
  }

  #word(char: string, pos: number): Token {
    const source = this.#source;
    if (char === '"' || char === "'") return this.#string(pos, false);
    if (char === "r") {
      const quote = source[this.#offset + 1];
      if (quote === '"' || quote === "'") {
        this.#offset++;
        return this.#string(pos, true);
      }
    }
    IDENTIFIER.lastIndex = this.#offset;
    const word = IDENTIFIER.exec(source)?.[0];
    if (word !== undefined) {
      this.#offset += word.length;
      if (KEYWORDS.has(word)) return this.#token(word, pos, word);
      if (RESERVED.has(word)) return this.#token(word, pos, word);
      return this.#token(IDENT, pos, word);
    }
    const next = source[this.#offset + 1] ?? "";
    if ((char >= "0" && char <= "9") || (char === "." && next >= "0" && next <= "9")) {
      return this.#number(pos);
    }
    for (const text of BY_FIRST.get(char) ?? []) {
      if (!source.startsWith(text, this.#offset)) continue;
      this.#offset += text.length;
      if ("([{".includes(text)) this.#depth++;
      else if (")]}".includes(text)) {
        if (this.#depth === 0) this.fail(pos, `unexpected '${text}'`);
        this.#depth--;
      }
      return this.#token(text, pos, text);
    }
    const shown = String.fromCodePoint(source.codePointAt(this.#offset)!);
    return this.fail(pos, `unexpected input character ${quoteRune(shown)}`);
  }

  #string(pos: number, raw: boolean): Token {
    const source = this.#source;
    const quote = source[this.#offset]!;
    const triple = source.startsWith(quote.repeat(3), this.#offset);
    const size = triple ? 3 : 1;
    const start = this.#offset + size;
    let i = start;
    for (;; i++) {
      const char = source[i];
      if (char === undefined) {
        this.#offset = i;
        this.fail(pos, triple ? "unexpected EOF in string" : "unexpected EOF in string");
      }
      if (char === "\n") {
        if (!triple) {
          this.#offset = i;
          this.fail(pos, "unexpected newline in string");
        }
        this.#offset = i + 1;
        this.#newline();
      } else if (char === "\\") {
        i++;
        if (source[i] === "\r" && source[i + 1] === "\n") i++;
        if (source[i] === "\n") {
          this.#offset = i + 1;
          this.#newline();
        }
      } else if (char === quote && (!triple || source.startsWith(quote.repeat(3), i))) break;
    }
    this.#offset = i + size;
    try {
      return this.#token(STRING, pos, "", unescape(source.slice(start, i), raw));
    } catch (error) {
      return this.fail(pos, (error as Error).message);
    }
  }

  #number(pos: number): Token {
    NUMBER.lastIndex = this.#offset;
    const text = NUMBER.exec(this.#source)![0];
    this.#offset += text.length;
    if (/^0[xob]$/i.test(text)) {
      const base = { x: "hex", o: "octal", b: "binary" }[text[1]!.toLowerCase()];
      this.fail(pos, `invalid ${base} literal`);
    }
    if (/^0[xob]/i.test(text)) return this.#token(INT, pos, text, small(BigInt(text)));
    if (/[.eE]/.test(text)) {
      if (/[eE][+-]?$/.test(text)) this.fail(this.position(), "invalid float literal");
      const value = Number(text);
      if (!Number.isFinite(value)) this.fail(this.position(), "invalid float literal");
      return this.#token(FLOAT, pos, text, value);
    }
    if (text.length > 1 && text[0] === "0" && /[1-9]/.test(text)) {
      this.fail(this.position(), `obsolete form of octal literal; use 0o${text.slice(1)}`);
    }
    return this.#token(INT, pos, text, small(BigInt(text)));
  }
}

function small(value: bigint): number | bigint {
  return value <= 9007199254740991n ? Number(value) : value;
}

function quoteRune(char: string): string {
  const code = char.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, "0")}'`;
  return `'${char}'`;
}
