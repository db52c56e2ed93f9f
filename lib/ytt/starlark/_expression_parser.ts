import type { Argument, Comprehension, DictEntry, Expr, Ident, LambdaExpr, Param } from "./_ast.ts";
import type { TokenSource } from "./_scanner.ts";
import {
  EOF,
  FLOAT,
  IDENT,
  INT,
  KEYWORDS,
  NEWLINE,
  RESERVED,
  showKind,
  STRING,
  type Token,
} from "./_token.ts";

const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  [
    ["or"],
    ["and"],
    ["not"],
    ["==", "!=", "<", ">", "<=", ">=", "in", "not in"],
    ["|"],
    ["^"],
    ["&"],
    ["<<", ">>"],
    ["-", "+"],
    ["*", "%", "/", "//"],
  ].flatMap((ops, level) => ops.map((op) => [op, level] as const)),
);
const NOT_LEVEL = 2;
const COMPARISON_LEVEL = 3;
const LEVELS = 10;

/** Deeper programs end with an error of ours, long before the JavaScript stack does. */
const MAX_NESTING = 200;

const LIST_ENDS = new Set([EOF, NEWLINE, "=", "}", "]", ")", ";"]);

/** Parses expressions, one token ahead. */
export class ExpressionParser {
  readonly #source: TokenSource;
  protected token: Token;
  #depth = 0;

  constructor(source: TokenSource) {
    this.#source = source;
    this.token = source.next();
  }

  protected get kind(): string {
    return this.token.kind;
  }

  /** Whether this kind of token is next. (A method, so that the compiler does not narrow it.) */
  protected at(kind: string): boolean {
    return this.token.kind === kind;
  }

  /** Moves on, and returns the position of the token that was current. */
  protected advance(): number {
    const { pos } = this.token;
    this.token = this.#source.next();
    return pos;
  }

  protected fail(message: string): never {
    return this.#source.fail(this.#source.position(), message);
  }

  protected failAt(pos: number, message: string): never {
    return this.#source.fail(pos, message);
  }

  protected deeper(): void {
    if (++this.#depth > MAX_NESTING) {
      this.failAt(this.token.pos, `nested too deeply (more than ${MAX_NESTING} levels)`);
    }
  }

  protected shallower(): void {
    this.#depth--;
  }

  protected consume(kind: string): number {
    if (!this.at(kind)) this.fail(`got ${showKind(this.kind)}, want ${showKind(kind)}`);
    return this.advance();
  }

  protected identifier(): Ident {
    if (!this.at(IDENT)) {
      if (KEYWORDS.has(this.kind) || RESERVED.has(this.kind)) {
        this.fail(
          `use of reserved keyword '${this.token.text}' is not allowed (expected identifier)`,
        );
      }
      this.fail("not an identifier");
    }
    const name = this.token.text;
    return { kind: "ident", pos: this.advance(), name };
  }

  protected params(): Param[] {
    const params: Param[] = [];
    while (!this.at(")") && !this.at(":") && !this.at(EOF)) {
      if (params.length > 0) this.consume(",");
      if (this.at(")")) break;
      if (this.at("*") || this.at("**")) {
        const kind = this.at("*") ? "star" : "starstar";
        const pos = this.advance();
        if (kind === "starstar" || this.at(IDENT)) {
          params.push({ kind, pos, id: this.identifier() });
        } else params.push({ kind, pos });
        continue;
      }
      const id = this.identifier();
      if (this.at("=")) {
        const pos = this.advance();
        params.push({ kind: "optional", pos, id, value: this.test() });
      } else params.push({ kind: "required", pos: id.pos, id });
    }
    return params;
  }

  /** An expression that may be a tuple without parentheses. */
  protected expression(trailingComma: boolean): Expr {
    const x = this.test();
    if (!this.at(",")) return x;
    return { kind: "tuple", pos: x.pos, items: this.#rest([x], trailingComma) };
  }

  #rest(items: Expr[], trailingComma: boolean): Expr[] {
    while (this.at(",")) {
      const pos = this.advance();
      if (LIST_ENDS.has(this.kind)) {
        if (!trailingComma) {
          this.failAt(pos, "unparenthesized tuple with trailing comma");
        }
        break;
      }
      items.push(this.test());
    }
    return items;
  }

  /** One expression, without commas. */
  protected test(): Expr {
    this.deeper();
    const x = this.at("lambda") ? this.#lambda(true) : this.#conditional();
    this.shallower();
    return x;
  }

  #conditional(): Expr {
    const yes = this.#operators(0);
    if (!this.at("if")) return yes;
    const pos = this.advance();
    const cond = this.#operators(0);
    if (!this.at("else")) {
      this.failAt(pos, "conditional expression without else clause");
    }
    this.advance();
    return { kind: "cond", pos, cond, yes, no: this.test() };
  }

  #lambda(allowConditional: boolean): LambdaExpr {
    const pos = this.advance();
    const params = this.at(":") ? [] : this.params();
    this.consume(":");
    const x = allowConditional ? this.test() : this.#testWithoutConditional();
    return {
      kind: "lambda",
      pos,
      fn: {
        name: "lambda",
        pos,
        params,
        body: [{ kind: "return", pos: x.pos, x }],
        locals: [],
        free: [],
        numParams: 0,
        numKeywordOnly: 0,
        hasVarargs: false,
        hasKwargs: false,
      },
    };
  }

  #testWithoutConditional(): Expr {
    return this.at("lambda") ? this.#lambda(false) : this.#operators(0);
  }

  /** Binary operators of at least this precedence, by precedence climbing. */
  #operators(level: number): Expr {
    if (level >= LEVELS) return this.primaryWithSuffix();
    let x: Expr;
    if (this.at("not") && level <= NOT_LEVEL) {
      this.deeper();
      const pos = this.advance();
      x = { kind: "unary", pos, op: "not", x: this.#operators(NOT_LEVEL) };
      this.shallower();
      if (level === NOT_LEVEL) return x;
    } else x = this.primaryWithSuffix();
    let previous = "";
    for (;;) {
      if (this.at("not")) {
        this.advance();
        if (!this.at("in")) this.fail(`got ${showKind(this.kind)}, want in`);
        this.token = { ...this.token, kind: "not in" };
      }
      const precedence = PRECEDENCE.get(this.kind) ?? -1;
      if (precedence < level) return x;
      if (precedence === COMPARISON_LEVEL && PRECEDENCE.get(previous) === COMPARISON_LEVEL) {
        this.fail(`${previous} does not associate with ${this.kind} (use parens)`);
      }
      const op = this.kind;
      previous = op;
      const pos = this.advance();
      this.deeper();
      const y = this.#operators(precedence + 1);
      this.shallower();
      x = { kind: "binary", pos, op, x, y };
    }
  }

  /** Targets of a loop: no `in` may be taken for an operator. */
  protected loopVariables(): Expr {
    const first = this.primaryWithSuffix();
    if (!this.at(",")) return first;
    const items = [first];
    while (this.at(",")) {
      this.advance();
      if (LIST_ENDS.has(this.kind)) break;
      items.push(this.primaryWithSuffix());
    }
    return { kind: "tuple", pos: first.pos, items };
  }

  protected primaryWithSuffix(): Expr {
    let x = this.#primary();
    for (;;) {
      if (this.at(".")) {
        const pos = this.advance();
        x = { kind: "dot", pos, x, name: this.identifier().name };
      } else if (this.at("[")) x = this.#subscript(x);
      else if (this.at("(")) {
        const pos = this.advance();
        const args = this.at(")") ? [] : this.#args();
        this.consume(")");
        x = { kind: "call", pos, fn: x, args };
      } else return x;
    }
  }

  #subscript(x: Expr): Expr {
    const pos = this.advance();
    let lo: Expr | undefined;
    let hi: Expr | undefined;
    let step: Expr | undefined;
    if (!this.at(":")) {
      const y = this.expression(false);
      if (this.at("]")) {
        this.advance();
        return { kind: "index", pos, x, y };
      }
      lo = y;
    }
    if (this.at(":")) {
      this.advance();
      if (!this.at(":") && !this.at("]")) hi = this.test();
    }
    if (this.at(":")) {
      this.advance();
      if (!this.at("]")) step = this.test();
    }
    this.consume("]");
    return { kind: "slice", pos, x, lo, hi, step };
  }

  #args(): Argument[] {
    const args: Argument[] = [];
    while (!this.at(")") && !this.at(EOF)) {
      if (args.length > 0) this.consume(",");
      if (this.at(")")) break;
      if (this.at("*") || this.at("**")) {
        const kind = this.at("*") ? "star" : "starstar";
        const pos = this.advance();
        args.push({ kind, pos, name: "", value: this.test() });
        continue;
      }
      const x = this.test();
      if (this.at("=")) {
        if (x.kind !== "ident") this.fail("keyword argument must have form name=expr");
        this.advance();
        args.push({ kind: "named", pos: x.pos, name: x.name, value: this.test() });
      } else args.push({ kind: "positional", pos: x.pos, name: "", value: x });
    }
    return args;
  }

  #primary(): Expr {
    const { token } = this;
    switch (token.kind) {
      case IDENT:
        return this.identifier();
      case INT:
      case FLOAT:
      case STRING: {
        this.advance();
        const type = token.kind === INT ? "int" : token.kind === FLOAT ? "float" : "string";
        return { kind: "literal", pos: token.pos, type, value: token.value };
      }
      case "[":
        return this.#list();
      case "{":
        return this.#dict();
      case "(": {
        const pos = this.advance();
        if (this.at(")")) {
          this.advance();
          return { kind: "tuple", pos, items: [] };
        }
        const x = this.expression(true);
        this.consume(")");
        return { kind: "paren", pos, x };
      }
      case "-":
      case "+":
      case "~": {
        this.deeper();
        const pos = this.advance();
        const x = this.primaryWithSuffix();
        this.shallower();
        return { kind: "unary", pos, op: token.kind, x };
      }
    }
    return this.fail(`got ${showKind(token.kind)}, want primary expression`);
  }

  #list(): Expr {
    const pos = this.advance();
    if (this.at("]")) {
      this.advance();
      return { kind: "list", pos, items: [] };
    }
    const x = this.test();
    if (this.at("for")) return this.#comprehension(pos, x, "]");
    const items = this.at(",") ? this.#rest([x], true) : [x];
    this.consume("]");
    return { kind: "list", pos, items };
  }

  #dict(): Expr {
    const pos = this.advance();
    if (this.at("}")) {
      this.advance();
      return { kind: "dict", pos, entries: [] };
    }
    const first = this.#entry();
    if (this.at("for")) return this.#comprehension(pos, first, "}");
    const entries = [first];
    while (this.at(",")) {
      this.advance();
      if (this.at("}")) break;
      entries.push(this.#entry());
    }
    this.consume("}");
    return { kind: "dict", pos, entries };
  }

  #entry(): DictEntry {
    const key = this.test();
    const pos = this.consume(":");
    return { pos, key, value: this.test() };
  }

  #comprehension(pos: number, body: Expr | DictEntry, close: string): Comprehension {
    const clauses: Comprehension["clauses"] = [];
    while (!this.at(close)) {
      if (this.at("for")) {
        const at = this.advance();
        const vars = this.loopVariables();
        this.consume("in");
        clauses.push({ kind: "for", pos: at, vars, x: this.#operators(0) });
      } else if (this.at("if")) {
        const at = this.advance();
        clauses.push({ kind: "if", pos: at, cond: this.#testWithoutConditional() });
      } else {
        this.fail(`got ${showKind(this.kind)}, want '${close}', for, or if`);
      }
    }
    this.advance();
    return { kind: "comprehension", pos, body, curly: close === "}", clauses };
  }
}
