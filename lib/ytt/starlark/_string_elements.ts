import { StarlarkValue, type Value } from "./values.ts";
import { toBytes } from "./_bytes.ts";
import { quote } from "./_quote.ts";

/** What `elems`, `codepoints` and their `_ords` return: something to iterate, not a list. */
export class StringElements extends StarlarkValue {
  readonly #text: string;
  readonly #codepoints: boolean;
  readonly #ords: boolean;

  constructor(text: string, codepoints: boolean, ords: boolean) {
    super();
    this.#text = text;
    this.#codepoints = codepoints;
    this.#ords = ords;
  }

  override type(): string {
    return this.#codepoints ? "codepoints" : "elems";
  }

  override repr(): string {
    const element = this.#codepoints ? "codepoint" : "elem";
    return `${quote(this.#text)}.${element}${this.#ords ? "_ords" : "s"}()`;
  }

  override hashKey(): never {
    throw new Error(`unhashable: ${this.type()}`);
  }

  override *iterate(): Iterable<Value> {
    if (this.#codepoints) {
      for (const char of this.#text) {
        const code = char.codePointAt(0)!;
        // A byte that is not UTF-8 decodes to the replacement character.
        const escaped = code >= 0xdc80 && code <= 0xdcff;
        yield this.#ords ? (escaped ? 0xfffd : code) : char;
      }
      return;
    }
    for (const byte of toBytes(this.#text)) {
      if (this.#ords) yield byte;
      else yield String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
    }
  }
}
