import type { TokenSource } from "./_scanner.ts";
import { EOF, IDENT, INDENT, NEWLINE, OUTDENT, type Token } from "./_token.ts";

/**
 * Turns `:` + line end into an indent and `end`, `else:` and `elif` into outdents, so that the
 * parser sees the tokens of an indented program. Like ytt's scanner it takes every `end` for a
 * closing, and has no `pass`.
 */
export class BlockScanner implements TokenSource {
  readonly #inner: TokenSource;
  readonly #queue: Token[] = [];
  readonly #open: number[] = [];
  /** Tokens whose implied outdent has been given already. */
  readonly #closed = new WeakSet<Token>();
  #last = "";
  #beforeLast = "";
  #lastPos = 0;

  constructor(inner: TokenSource) {
    this.#inner = inner;
  }

  position(): number {
    return this.#inner.position();
  }

  fail(pos: number, message: string): never {
    return this.#inner.fail(pos, message);
  }

  next(): Token {
    const token = this.#next();
    this.#beforeLast = this.#last;
    this.#last = token.kind;
    this.#lastPos = token.pos;
    return token;
  }

  #next(): Token {
    if (this.#last === NEWLINE && this.#beforeLast === ":") {
      this.#open.push(this.#lastPos);
      return { kind: INDENT, pos: this.#lastPos, text: "", value: "" };
    }
    for (;;) {
      const token = this.#queue.shift() ?? this.#inner.next();
      switch (token.kind) {
        case INDENT:
        case OUTDENT:
          continue;
        case "else":
          if (!this.#closed.has(token)) {
            // Without a colon it belongs to a conditional expression.
            const after = this.#inner.next();
            if (after.kind === ":") {
              this.#closed.add(token);
              this.#queue.push(token, after);
              return this.#outdent();
            }
            this.#queue.push(after);
          }
          return token;
        case "elif":
          if (this.#closed.has(token)) return token;
          this.#closed.add(token);
          this.#queue.push(token);
          return this.#outdent();
        case "pass":
          return this.fail(this.position(), "use of reserved keyword 'pass' is not allowed");
        case IDENT: {
          if (token.text !== "end") return token;
          const after = this.#inner.next();
          if (after.kind !== NEWLINE) this.#queue.push(after);
          return this.#outdent();
        }
        case EOF: {
          const open = this.#open[this.#open.length - 1];
          if (open !== undefined) {
            this.fail(
              open,
              "mismatched set of block openings (if/else/elif/for/def) and closing (end)",
            );
          }
          return token;
        }
        default:
          return token;
      }
    }
  }

  #outdent(): Token {
    if (this.#open.length === 0) this.fail(this.position(), "unexpected end");
    this.#open.pop();
    return { kind: OUTDENT, pos: this.#lastPos, text: "", value: "" };
  }
}
