import { Dict, List, StarlarkFloat, type Value } from "../starlark/mod.ts";
import { sortedEntries } from "./_sorted.ts";

const MAX_DEPTH = 1000;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Reads JSON with the messages of Go's decoder; every number is a float, and maps are sorted. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads the whole text. */
  document(): Value {
    const value = this.#value("looking for beginning of value");
    this.#space();
    if (this.#at < this.#text.length) this.#fail("after top-level value");
    return value;
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #fail(where: string): never {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new Error("unexpected end of JSON input");
    throw new Error(`invalid character ${quoteChar(String.fromCodePoint(code))} ${where}`);
  }

  #value(where: string): Value {
    this.#space();
    const char = this.#text[this.#at];
    switch (char) {
      case "{":
      case "[": {
        if (++this.#depth > MAX_DEPTH) throw new Error("exceeded max depth");
        const value = char === "{" ? this.#object() : this.#array();
        this.#depth--;
        return value;
      }
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        if (char === "-" || (char !== undefined && char >= "0" && char <= "9")) {
          return this.#number();
        }
        return this.#fail(where);
    }
  }

  #word(word: string, value: Value): Value {
    for (let i = 0; i < word.length; i++) {
      if (this.#text[this.#at] !== word[i]) {
        this.#fail(`in literal ${word} (expecting ${quoteChar(word[i]!)})`);
      }
      this.#at++;
    }
    return value;
  }

  #object(): Value {
    const dict = new Dict();
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return dict;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') {
        this.#fail("looking for beginning of object key string");
      }
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") this.#fail("after object key");
      this.#at++;
      dict.set(key, this.#value("looking for beginning of value"));
      this.#space();
      if (this.#text[this.#at] === "}") break;
      if (this.#text[this.#at] !== ",") this.#fail("after object key:value pair");
      this.#at++;
    }
    this.#at++;
    return Dict.from(sortedEntries(dict));
  }

  #array(): Value {
    const items: Value[] = [];
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return new List(items);
    }
    for (;;) {
      items.push(this.#value("looking for beginning of value"));
      this.#space();
      if (this.#text[this.#at] === "]") break;
      if (this.#text[this.#at] !== ",") this.#fail("after array element");
      this.#at++;
    }
    this.#at++;
    return new List(items);
  }

  #string(): string {
    let out = "";
    this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '"') {
        this.#at++;
        return out.toWellFormed();
      }
      if (char === undefined || char < " ") this.#fail("in string literal");
      this.#at++;
      out += char === "\\" ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at] ?? "";
    const simple = ESCAPES[char];
    if (simple !== undefined) {
      this.#at++;
      return simple;
    }
    if (char !== "u") this.#fail("in string escape code");
    this.#at++;
    const start = this.#at;
    for (; this.#at < start + 4; this.#at++) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? "")) {
        this.#fail("in \\u hexadecimal character escape");
      }
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #number(): Value {
    const start = this.#at;
    if (this.#text[this.#at] === "-") this.#at++;
    if (this.#text[this.#at] === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#text[this.#at] === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/^[eE]$/.test(this.#text[this.#at] ?? "")) {
      this.#at++;
      if (/^[+-]$/.test(this.#text[this.#at] ?? "")) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    const text = this.#text.slice(start, this.#at);
    const value = Number(text);
    if (!Number.isFinite(value)) {
      throw new Error(`json: cannot unmarshal number ${text} into Go value of type float64`);
    }
    return new StarlarkFloat(value);
  }

  #digits(where: string): void {
    const start = this.#at;
    while (/^[0-9]$/.test(this.#text[this.#at] ?? "")) this.#at++;
    if (this.#at === start) this.#fail(where);
  }
}

function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}
