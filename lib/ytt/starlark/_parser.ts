import type {
  DefStmt,
  Expr,
  File,
  FunctionNode,
  Ident,
  IfStmt,
  LoadStmt,
  Param,
  Stmt,
} from "./_ast.ts";
import { ExpressionParser } from "./_expression_parser.ts";
import { EOF, IDENT, INDENT, NEWLINE, OUTDENT, showKind, STRING } from "./_token.ts";

const ASSIGNMENTS = new Set(
  ["=", "+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^=", "<<=", ">>="],
);

/** Parses statements; expressions are in the base class. */
export class Parser extends ExpressionParser {
  /** Parses a whole file. */
  file(filename: string): File {
    const body: Stmt[] = [];
    while (!this.at(EOF)) {
      if (this.at(NEWLINE)) this.advance();
      else this.#statement(body);
    }
    return { filename, body };
  }

  /** Parses a text that is one expression. */
  soleExpression(): Expr {
    const x = this.expression(false);
    if (this.at(NEWLINE)) this.advance();
    if (!this.at(EOF)) {
      this.fail(`got ${showKind(this.kind)} after expression, want EOF`);
    }
    return x;
  }

  #statement(out: Stmt[]): void {
    switch (this.kind) {
      case "def":
        out.push(this.#def());
        return;
      case "if":
        out.push(this.#if());
        return;
      case "for": {
        const pos = this.advance();
        const vars = this.loopVariables();
        this.consume("in");
        const x = this.expression(false);
        this.consume(":");
        out.push({ kind: "for", pos, vars, x, body: this.#suite() });
        return;
      }
      default:
        this.#simple(out);
    }
  }

  #def(): DefStmt {
    const pos = this.advance();
    const name = this.identifier();
    this.consume("(");
    const params = this.params();
    this.consume(")");
    this.consume(":");
    return { kind: "def", pos, name, fn: functionNode(name.name, pos, params, this.#suite()) };
  }

  #if(): IfStmt {
    const pos = this.advance();
    const statement: IfStmt = { kind: "if", pos, arms: [], otherwise: [] };
    for (;;) {
      const cond = this.test();
      this.consume(":");
      statement.arms.push({ cond, body: this.#suite() });
      if (!this.at("elif")) break;
      this.advance();
    }
    if (this.at("else")) {
      this.advance();
      this.consume(":");
      statement.otherwise = this.#suite();
    }
    return statement;
  }

  #suite(): Stmt[] {
    const body: Stmt[] = [];
    this.deeper();
    if (this.at(NEWLINE)) {
      this.advance();
      this.consume(INDENT);
      while (!this.at(OUTDENT) && !this.at(EOF)) {
        // Blank lines cannot occur here, but a line that holds only `end` leaves one.
        if (this.at(NEWLINE)) this.advance();
        else this.#statement(body);
      }
      this.consume(OUTDENT);
    } else this.#simple(body);
    this.shallower();
    return body;
  }

  #simple(out: Stmt[]): void {
    for (;;) {
      out.push(this.#small());
      if (!this.at(";")) break;
      this.advance();
      if (this.at(NEWLINE) || this.at(EOF)) break;
    }
    if (!this.at(EOF)) this.consume(NEWLINE);
  }

  #small(): Stmt {
    switch (this.kind) {
      case "return": {
        const pos = this.advance();
        if (this.at(EOF) || this.at(NEWLINE) || this.at(";")) {
          return { kind: "return", pos };
        }
        return { kind: "return", pos, x: this.expression(false) };
      }
      case "break":
      case "continue":
      case "pass": {
        const word = this.kind;
        return { kind: "branch", pos: this.advance(), word };
      }
      case "load":
        return this.#load();
    }
    const lhs = this.expression(false);
    if (ASSIGNMENTS.has(this.kind)) {
      const op = this.at("=") ? "=" : this.kind.slice(0, -1);
      const pos = this.advance();
      return { kind: "assign", pos, op, lhs, rhs: this.expression(false) };
    }
    return { kind: "expr", pos: lhs.pos, x: lhs };
  }

  #load(): LoadStmt {
    const pos = this.advance();
    const lparen = this.consume("(");
    if (!this.at(STRING)) {
      this.fail("first operand of load statement must be a string literal");
    }
    const module = this.token.value as string;
    this.advance();
    const names: LoadStmt["names"] = [];
    while (!this.at(")") && !this.at(EOF)) {
      this.consume(",");
      if (this.at(")")) break;
      if (this.at(STRING)) {
        const name = this.token.value as string;
        const at = this.advance() + 1;
        names.push({ from: name, fromPos: at, to: { kind: "ident", pos: at, name } });
      } else if (this.at(IDENT)) {
        const to: Ident = this.identifier();
        if (!this.at("=")) {
          this.fail(
            `load operand must be "${to.name}" or ${to.name}="originalname" (want '=' after ${to.name})`,
          );
        }
        this.advance();
        if (!this.at(STRING)) {
          this.fail(
            `original name of loaded symbol must be quoted: ${to.name}="originalname"`,
          );
        }
        const from = this.token.value as string;
        names.push({ from, fromPos: this.advance() + 1, to });
      } else {
        this.fail(
          `load operand must be "name" or localname="name" (got ${showKind(this.kind)})`,
        );
      }
    }
    this.consume(")");
    if (names.length === 0) {
      this.failAt(lparen, "load statement must import at least 1 symbol");
    }
    return { kind: "load", pos, module, names };
  }
}

/** A function whose scopes are not resolved yet. */
export function functionNode(
  name: string,
  pos: number,
  params: Param[],
  body: Stmt[],
): FunctionNode {
  return {
    name,
    pos,
    params,
    body,
    locals: [],
    free: [],
    numParams: 0,
    numKeywordOnly: 0,
    hasVarargs: false,
    hasKwargs: false,
  };
}
