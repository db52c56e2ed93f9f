/** Adds to every function of a template the calls that open and close its context. */
import type {
  CallExpr,
  Expr,
  ExprStmt,
  File,
  FunctionNode,
  Ident,
  Stmt,
} from "../starlark/_ast.ts";
import { type Dialect, instructions } from "./code.ts";

/**
 * A function's nodes go to a context of its own, which is what it returns unless it has a
 * `return`. The dialect is that of the place where the function is defined.
 */
export function insertContexts(file: File, dialect: Dialect): void {
  visit(file.body, { dialect }, false);
}

interface State {
  dialect: Dialect;
}

function visit(body: Stmt[], state: State, inFunction: boolean): void {
  for (const stmt of body) {
    switch (stmt.kind) {
      case "expr": {
        const dialect = dialectSet(stmt);
        if (dialect !== undefined) state.dialect = dialect;
        break;
      }
      case "def":
        wrap(stmt.fn, state);
        break;
      case "if":
        for (const arm of stmt.arms) visit(arm.body, state, inFunction);
        visit(stmt.otherwise, state, inFunction);
        break;
      case "for":
        visit(stmt.body, state, inFunction);
        break;
      case "return":
        if (inFunction) {
          const none: Ident = { kind: "ident", pos: stmt.pos, name: "None" };
          stmt.x = call(instructions.endCtx, [stmt.x ?? none], stmt.x?.pos ?? stmt.pos);
        }
        break;
    }
  }
}

function wrap(fn: FunctionNode, state: State): void {
  const first = fn.body[0]?.pos ?? fn.pos;
  const last = fn.body[fn.body.length - 1]?.pos ?? fn.pos;
  const dialect = state.dialect;
  visit(fn.body, state, true);
  const start = call(
    instructions.startCtx,
    [{ kind: "literal", pos: first, type: "string", value: dialect }],
    first,
  );
  fn.body.unshift({ kind: "expr", pos: first, x: start });
  fn.body.push({ kind: "return", pos: last, x: call(instructions.endCtx, [], last) });
}

function call(name: string, args: Expr[], pos: number): CallExpr {
  return {
    kind: "call",
    pos,
    fn: { kind: "ident", pos, name },
    args: args.map((value) => ({ kind: "positional", pos, name: "", value })),
  };
}

function dialectSet(stmt: ExprStmt): Dialect | undefined {
  const x = stmt.x;
  if (x.kind !== "call" || x.fn.kind !== "ident" || x.fn.name !== instructions.setCtxType) return;
  const value = x.args[0]?.value;
  return value?.kind === "literal" ? value.value as Dialect : undefined;
}
