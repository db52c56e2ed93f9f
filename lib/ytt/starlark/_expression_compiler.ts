import type {
  Argument,
  BinaryExpr,
  CallExpr,
  Comprehension,
  DictEntry,
  Expr,
  FunctionNode,
  Ident,
} from "./_ast.ts";
import { type Arguments, evaluateAll, invoke, spreading } from "./_arguments.ts";
import { binary, unary } from "./binary.ts";
import { compare, equals } from "./_compare.ts";
import { Dict } from "./dict.ts";
import { dictMethods } from "./_dict_methods.ts";
import { StarlarkFloat } from "./float.ts";
import { List, Tuple } from "./list.ts";
import { listMethods } from "./_list_methods.ts";
import type { Method } from "./_method.ts";
import { getAttr, getIndex, slice } from "./ops.ts";
import { truth } from "./_repr.ts";
import type { Activation, Eval } from "./starlark_function.ts";
import { stringMethods } from "./_string_methods.ts";
import { universe } from "./universe.ts";
import type { BinaryOp, CompareOp, Kwargs, Value } from "./values.ts";

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);
const NO_KWARGS: Kwargs = [];

/** Compiles expressions to closures. */
export abstract class ExpressionCompiler {
  readonly filename: string;
  /** Position of the first operation compiled so far. */
  firstPos = 0;

  constructor(filename: string) {
    this.filename = filename;
  }

  /** Remembers the position of an operation, if it is the first. */
  protected note(pos: number): void {
    if (this.firstPos === 0) this.firstPos = pos;
  }

  protected abstract each(
    f: Activation,
    x: Value,
    pos: number,
    visit: (item: Value) => boolean,
  ): void;
  protected abstract store(
    target: Expr,
    pos: number,
  ): (frame: Activation, value: Value) => void;
  protected abstract closure(fn: FunctionNode): Eval;
  protected abstract comprehension(e: Comprehension): Eval;
  protected abstract entry(
    entry: DictEntry,
    unique: boolean,
  ): (frame: Activation, dict: Dict) => void;

  /** Compiles an expression. */
  expr(e: Expr): Eval {
    switch (e.kind) {
      case "ident":
        return this.#ident(e);
      case "literal": {
        const value = e.type === "float" ? new StarlarkFloat(e.value as number) : e.value;
        return () => value;
      }
      case "paren":
        return this.expr(e.x);
      case "list":
      case "tuple":
        return this.#items(e.kind, e.items);
      case "dict": {
        const entries = e.entries.map((entry) => this.entry(entry, true));
        return (f) => {
          const dict = new Dict();
          f.thread.allocate(128 + 96 * entries.length);
          for (let i = 0; i < entries.length; i++) entries[i]!(f, dict);
          return dict;
        };
      }
      case "cond": {
        const cond = this.expr(e.cond);
        const yes = this.expr(e.yes);
        const no = this.expr(e.no);
        return (f) => truth(cond(f)) ? yes(f) : no(f);
      }
      case "index": {
        const { pos } = e;
        const x = this.expr(e.x);
        const y = this.expr(e.y);
        this.note(pos);
        return (f) => {
          const container = x(f);
          const key = y(f);
          f.pos = pos;
          return getIndex(container, key);
        };
      }
      case "slice":
        return this.#slice(e);
      case "comprehension":
        return this.comprehension(e);
      case "unary":
        return this.#unary(e);
      case "binary":
        return this.#binary(e);
      case "dot": {
        const { name, pos } = e;
        const x = this.expr(e.x);
        this.note(pos);
        return (f) => {
          const object = x(f);
          f.pos = pos;
          return getAttr(object, name);
        };
      }
      case "call":
        return this.#call(e);
      case "lambda":
        return this.closure(e.fn);
    }
  }

  #ident(e: Ident): Eval {
    const { scope, index, name } = e.binding!;
    const { pos } = e;
    if (scope === "universal") {
      const value = universe.get(name)!;
      return () => value;
    }
    this.note(pos);
    const missing = (f: Activation, kind: string): never => {
      f.pos = pos;
      throw new Error(`${kind} variable ${name} referenced before assignment`);
    };
    switch (scope) {
      case "local":
        return (f) => f.locals[index] ?? (f.locals[index] === null ? null : missing(f, "local"));
      case "cell":
        return (f) => {
          const { value } = f.locals[index];
          return value === undefined ? missing(f, "local") : value;
        };
      case "free":
        return (f) => {
          const { value } = f.free[index]!;
          return value === undefined ? missing(f, "local") : value;
        };
      case "global":
        return (f) => {
          const value = f.module.globals[index];
          return value === undefined ? missing(f, "global") : value;
        };
      default:
        return (f) => {
          const value = f.module.predeclared[index];
          if (value !== undefined) return value;
          f.pos = pos;
          throw new Error(`internal error: predeclared variable ${name} is uninitialized`);
        };
    }
  }

  #items(kind: "list" | "tuple", exprs: readonly Expr[]): Eval {
    const items = exprs.map((item) => this.expr(item));
    const bytes = 64 + 16 * items.length;
    const all = evaluateAll(items);
    return kind === "list"
      ? (f) => {
        f.thread.allocate(bytes);
        return new List(all(f));
      }
      : (f) => {
        f.thread.allocate(bytes);
        return new Tuple(all(f));
      };
  }

  #slice(e: Expr & { kind: "slice" }): Eval {
    const { pos } = e;
    const x = this.expr(e.x);
    const part = (y: Expr | undefined): Eval => y === undefined ? () => null : this.expr(y);
    const lo = part(e.lo);
    const hi = part(e.hi);
    const step = part(e.step);
    this.note(pos);
    return (f) => {
      const object = x(f);
      const start = lo(f);
      const end = hi(f);
      const by = step(f);
      f.pos = pos;
      const result = slice(object, start, end, by);
      if (result instanceof List || result instanceof Tuple) {
        f.thread.allocate(64 + 16 * result.items.length);
      }
      return result;
    };
  }

  #unary(e: Expr & { kind: "unary" }): Eval {
    const { op, pos } = e;
    const x = this.expr(e.x);
    if (op === "not") return (f) => !truth(x(f));
    this.note(pos);
    if (op === "-" && e.x.kind === "literal" && typeof e.x.value === "number") {
      const value = unary(op, e.x.type === "float" ? new StarlarkFloat(e.x.value) : e.x.value);
      return () => value;
    }
    return (f) => {
      const value = x(f);
      f.pos = pos;
      return unary(op, value);
    };
  }

  /** Long sums lean to the left; they are run in a loop, so that they need no deep stack. */
  #binary(e: BinaryExpr): Eval {
    const spine: BinaryExpr[] = [];
    let left: Expr = e;
    while (left.kind === "binary") {
      spine.push(left);
      left = left.x;
    }
    spine.reverse();
    let value = this.expr(left);
    if (spine.length <= 8) {
      for (const node of spine) value = this.#operation(node, value);
      return value;
    }
    const start = value;
    let operand: Value = null;
    // Each operation reads its left side from the frame-less variable that the loop below sets.
    const operations = spine.map((node) => this.#operation(node, () => operand));
    return (f) => {
      let result = start(f);
      for (const operation of operations) {
        operand = result;
        result = operation(f);
      }
      return result;
    };
  }

  #operation(e: BinaryExpr, x: Eval): Eval {
    const { op, pos } = e;
    const y = this.expr(e.y);
    if (op === "and") {
      return (f) => {
        const left = x(f);
        return truth(left) ? y(f) : left;
      };
    }
    if (op === "or") {
      return (f) => {
        const left = x(f);
        return truth(left) ? left : y(f);
      };
    }
    this.note(pos);
    if (op === "==" || op === "!=") {
      const same = op === "==";
      return (f) => {
        const left = x(f);
        const right = y(f);
        f.pos = pos;
        return equals(left, right) === same;
      };
    }
    if (COMPARISONS.has(op)) {
      return (f) => {
        const left = x(f);
        const right = y(f);
        f.pos = pos;
        return compare(op as CompareOp, left, right);
      };
    }
    if (op === "+") {
      return (f) => {
        const left = x(f);
        const right = y(f);
        if (typeof left === "number" && typeof right === "number") {
          const sum = left + right;
          if (Number.isSafeInteger(sum)) return sum;
        }
        f.pos = pos;
        return binary(f.thread, "+", left, right);
      };
    }
    return (f) => {
      const left = x(f);
      const right = y(f);
      f.pos = pos;
      return binary(f.thread, op as BinaryOp, left, right);
    };
  }

  #call(e: CallExpr): Eval {
    const { pos } = e;
    if (e.fn.kind === "dot") return this.#methodCall(e, e.fn.x, e.fn.name, e.fn.pos);
    const fn = this.expr(e.fn);
    const { positional, named, spread } = this.#arguments(e.args, pos);
    this.note(pos);
    return (f) => {
      const callee = fn(f);
      const args = positional(f);
      let kwargs = named(f);
      if (spread !== undefined) kwargs = spread(f, args, kwargs);
      f.pos = pos;
      return invoke(f, callee, args, kwargs);
    };
  }

  /** `x.name(…)`: for built-in types the method is called without making it a value first. */
  #methodCall(e: CallExpr, object: Expr, name: string, dot: number): Eval {
    const { pos } = e;
    const x = this.expr(object);
    this.note(dot);
    const { positional, named, spread } = this.#arguments(e.args, pos);
    this.note(pos);
    const ofString = stringMethods.get(name);
    const ofList = listMethods.get(name);
    const ofDict = dictMethods.get(name);
    return (f) => {
      const self = x(f);
      let method: Method<never> | undefined;
      if (typeof self === "string") method = ofString;
      else if (self instanceof List) method = ofList;
      else if (self instanceof Dict) method = ofDict;
      if (method === undefined) {
        f.pos = dot;
        const callee = getAttr(self, name);
        const args = positional(f);
        let kwargs = named(f);
        if (spread !== undefined) kwargs = spread(f, args, kwargs);
        f.pos = pos;
        return invoke(f, callee, args, kwargs);
      }
      const args = positional(f);
      let kwargs = named(f);
      if (spread !== undefined) kwargs = spread(f, args, kwargs);
      f.pos = pos;
      const { thread } = f;
      thread.step(typeof self === "string" && self.length > 4096 ? self.length >> 5 : 1);
      try {
        const result = method(self as never, args, kwargs, thread);
        if (typeof result === "string" && result.length > 4096) thread.allocate(result.length);
        return result;
      } catch (error) {
        thread.frame = f;
        throw thread.failure(error, name);
      }
    };
  }

  #arguments(args: readonly Argument[], pos: number): Arguments {
    const ordinary: Eval[] = [];
    const pairs: { name: string; value: Eval }[] = [];
    let star: Eval | undefined;
    let starstar: Eval | undefined;
    for (const { kind, name, value } of args) {
      const compiled = this.expr(value);
      if (kind === "positional") ordinary.push(compiled);
      else if (kind === "named") pairs.push({ name, value: compiled });
      else if (kind === "star") star = compiled;
      else starstar = compiled;
    }
    return {
      positional: evaluateAll(ordinary),
      named: pairs.length === 0
        ? () => NO_KWARGS
        : (f) => pairs.map(({ name, value }): [string, Value] => [name, value(f)]),
      spread: star === undefined && starstar === undefined
        ? undefined
        : spreading(star, starstar, pos),
    };
  }
}
