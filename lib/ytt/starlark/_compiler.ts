import type { Binding, DefStmt, Expr, FunctionNode, Stmt } from "./_ast.ts";
import { Dict } from "./dict.ts";
import { ComprehensionCompiler } from "./_comprehension_compiler.ts";
import { extendList } from "./_list_methods.ts";
import { List } from "./list.ts";
import { getAttr, getIndex, isIterable, iterate, setAttr, setIndex } from "./ops.ts";
import { truth, typeOf } from "./_repr.ts";
import { nearest } from "./_spelling.ts";
import {
  type Activation,
  BREAK,
  CONTINUE,
  type Eval,
  type Exec,
  type FunctionCode,
  MANDATORY,
  NEXT,
  RETURN,
  type Signal,
  StarlarkFunction,
} from "./starlark_function.ts";
import { unpack } from "./_unpack.ts";
import type { BinaryOp, Value } from "./values.ts";
import { binary } from "./binary.ts";

/** Stores a value in the target of an assignment. */
type Store = (frame: Activation, value: Value) => void;

/** What a function consists of, for the compiler. */
type FunctionShape = Pick<
  FunctionNode,
  "name" | "pos" | "body" | "numParams" | "numKeywordOnly" | "hasVarargs" | "hasKwargs"
>;

/** Compiles one function, or the top level of a file, to closures. */
export class Compiler extends ComprehensionCompiler {
  /** Compiles a body whose names are resolved. */
  static function(filename: string, fn: FunctionShape, locals: readonly Binding[]): FunctionCode {
    const compiler = new Compiler(filename);
    const body = compiler.#block(fn.body);
    return {
      name: fn.name,
      filename,
      pos: fn.pos,
      firstPos: compiler.firstPos,
      localNames: locals.map((binding) => binding.name),
      numParams: fn.numParams,
      numKeywordOnly: fn.numKeywordOnly,
      hasVarargs: fn.hasVarargs,
      hasKwargs: fn.hasKwargs,
      cells: locals.filter((binding) => binding.scope === "cell").map((binding) => binding.index),
      body,
    };
  }

  #block(body: readonly Stmt[]): Exec {
    const [first, second, third, ...more] = body.map((stmt) => this.#stmt(stmt));
    if (first === undefined) return () => NEXT;
    if (second === undefined) return first;
    if (third === undefined) return (f) => first(f) || second(f);
    if (more.length === 0) return (f) => first(f) || second(f) || third(f);
    const all = [first, second, third, ...more];
    return (f) => {
      for (let i = 0; i < all.length; i++) {
        const signal = all[i]!(f);
        if (signal !== NEXT) return signal;
      }
      return NEXT;
    };
  }

  #stmt(stmt: Stmt): Exec {
    switch (stmt.kind) {
      case "expr": {
        const x = this.expr(stmt.x);
        return (f) => {
          x(f);
          return NEXT;
        };
      }
      case "branch": {
        const signal = { break: BREAK, continue: CONTINUE, pass: NEXT }[stmt.word] as Signal;
        return () => signal;
      }
      case "assign":
        return stmt.op === "=" ? this.#assignment(stmt) : this.#augmented(stmt);
      case "def":
        return this.#def(stmt);
      case "if":
        return this.#if(stmt);
      case "for":
        return this.#for(stmt);
      case "return": {
        if (stmt.x === undefined) return () => RETURN;
        const x = this.expr(stmt.x);
        return (f) => {
          f.result = x(f);
          return RETURN;
        };
      }
      case "load":
        return this.#load(stmt);
    }
  }

  #assignment(stmt: Stmt & { kind: "assign" }): Exec {
    const value = this.expr(stmt.rhs);
    const store = this.store(stmt.lhs, stmt.pos);
    return (f) => {
      store(f, value(f));
      return NEXT;
    };
  }

  #def(stmt: DefStmt): Exec {
    const make = this.closure(stmt.fn);
    const store = this.store(stmt.name, stmt.pos);
    return (f) => {
      store(f, make(f));
      return NEXT;
    };
  }

  #if(stmt: Stmt & { kind: "if" }): Exec {
    const arms = stmt.arms.map(({ cond, body }) => ({
      cond: this.expr(cond),
      body: this.#block(body),
    }));
    const otherwise = this.#block(stmt.otherwise);
    const [only] = arms;
    if (only !== undefined && arms.length === 1) {
      const { cond, body } = only;
      return (f) => truth(cond(f)) ? body(f) : otherwise(f);
    }
    return (f) => {
      for (const { cond, body } of arms) if (truth(cond(f))) return body(f);
      return otherwise(f);
    };
  }

  #for(stmt: Stmt & { kind: "for" }): Exec {
    const x = this.expr(stmt.x);
    const { pos } = stmt;
    this.note(pos);
    const store = this.store(stmt.vars, pos);
    const body = this.#block(stmt.body);
    return (f) => {
      let result: Signal = NEXT;
      this.each(f, x(f), pos, (item) => {
        store(f, item);
        const signal = body(f);
        if (signal === RETURN) result = RETURN;
        return signal === NEXT || signal === CONTINUE;
      });
      return result;
    };
  }

  /** Walks through an iterable until `visit` returns false; each element is a step. */
  protected override each(
    f: Activation,
    x: Value,
    pos: number,
    visit: (item: Value) => boolean,
  ): void {
    f.pos = pos;
    const { thread } = f;
    if (x instanceof List) {
      x.iterating++;
      try {
        for (let i = 0; i < x.items.length; i++) {
          thread.step();
          if (!visit(x.items[i]!)) return;
        }
      } finally {
        x.iterating--;
      }
      return;
    }
    const items = iterate(x);
    if (items === undefined) throw new Error(`${typeOf(x)} value is not iterable`);
    for (const item of items) {
      thread.step();
      if (!visit(item)) return;
    }
  }

  #load(stmt: Stmt & { kind: "load" }): Exec {
    const { module, pos } = stmt;
    this.note(pos);
    const names = stmt.names.map(({ from, to }) => ({ from, store: this.store(to, pos) }));
    return (f) => {
      f.pos = pos;
      const members = loadModule(f, module);
      for (const { from, store } of names) {
        const value = members.get(from);
        if (value === undefined) {
          let message = `load: name ${from} not found in module ${module}`;
          const near = nearest(from, [...members.keys()].sort());
          if (near !== "") message += ` (did you mean ${near}?)`;
          throw new Error(message);
        }
        store(f, value);
      }
      return NEXT;
    };
  }

  /** Compiles the target of an assignment. */
  protected override store(target: Expr, pos: number): Store {
    switch (target.kind) {
      case "paren":
        return this.store(target.x, pos);
      case "ident": {
        const { scope, index } = target.binding!;
        if (scope === "cell") return (f, value) => f.locals[index].value = value;
        if (scope === "global") return (f, value) => f.module.globals[index] = value;
        return (f, value) => f.locals[index] = value;
      }
      case "index": {
        const x = this.expr(target.x);
        const y = this.expr(target.y);
        this.note(target.pos);
        return (f, value) => {
          const container = x(f);
          const key = y(f);
          f.pos = target.pos;
          if (container instanceof Dict && (container.size & 63) === 63) f.thread.allocate(10240);
          setIndex(container, key, value);
        };
      }
      case "dot": {
        const x = this.expr(target.x);
        this.note(target.pos);
        return (f, value) => {
          const object = x(f);
          f.pos = target.pos;
          setAttr(object, target.name, value);
        };
      }
      case "tuple":
      case "list": {
        this.note(pos);
        const stores = target.items.map((item) => this.store(item, pos));
        return (f, value) => {
          f.pos = pos;
          const items = unpack(value, stores.length);
          for (let i = 0; i < stores.length; i++) stores[i]!(f, items[i]!);
        };
      }
      default:
        throw new Error(`Cannot compile an assignment to ${target.kind}`);
    }
  }

  #augmented(stmt: Stmt & { kind: "assign" }): Exec {
    let lhs = stmt.lhs;
    while (lhs.kind === "paren") lhs = lhs.x;
    const op = stmt.op as BinaryOp;
    const { pos } = stmt;
    const rhs = (): Eval => {
      const value = this.expr(stmt.rhs);
      this.note(pos);
      return value;
    };
    const combine = (f: Activation, x: Value, y: Value): Value => {
      f.pos = pos;
      if (op === "+" && x instanceof List && isIterable(y)) {
        x.checkMutable("apply += to");
        extendList(x, y, f.thread);
        return x;
      }
      return binary(f.thread, op, x, y);
    };
    if (lhs.kind === "index") {
      const x = this.expr(lhs.x);
      const y = this.expr(lhs.y);
      const at = lhs.pos;
      this.note(at);
      const value = rhs();
      return (f) => {
        const container = x(f);
        const key = y(f);
        f.pos = at;
        const old = getIndex(container, key);
        const updated = combine(f, old, value(f));
        f.pos = at;
        setIndex(container, key, updated);
        return NEXT;
      };
    }
    if (lhs.kind === "dot") {
      const { name, pos: at } = lhs;
      const x = this.expr(lhs.x);
      this.note(at);
      const value = rhs();
      return (f) => {
        const object = x(f);
        f.pos = at;
        const old = getAttr(object, name);
        const updated = combine(f, old, value(f));
        f.pos = at;
        setAttr(object, name, updated);
        return NEXT;
      };
    }
    const read = this.expr(lhs);
    const value = rhs();
    const store = this.store(lhs, pos);
    return (f) => {
      const old = read(f);
      store(f, combine(f, old, value(f)));
      return NEXT;
    };
  }

  /** Compiles a function to what makes it a value in its environment. */
  protected override closure(fn: FunctionNode): Eval {
    this.note(fn.pos);
    const code = Compiler.function(this.filename, fn, fn.locals);
    const defaults = this.#defaults(fn);
    const free = fn.free.map(({ scope, index }) => ({ fromFree: scope === "free", index }));
    return (f) => {
      f.pos = fn.pos;
      f.thread.allocate(96);
      return new StarlarkFunction(
        code,
        f.module,
        defaults.map((value) => value === undefined ? MANDATORY : value(f)),
        free.map(({ fromFree, index }) => fromFree ? f.free[index]! : f.locals[index]),
      );
    };
  }

  /** Default values from the first optional parameter on; a required one in between has none. */
  #defaults(fn: FunctionNode): (Eval | undefined)[] {
    const params = fn.params.filter(({ kind }) => kind === "required" || kind === "optional");
    const star = fn.params.findIndex(({ kind }) => kind === "star");
    const first = params.findIndex((param) =>
      param.kind === "optional" || (star >= 0 && fn.params.indexOf(param) > star)
    );
    if (first < 0) return [];
    return params.slice(first).map(({ value }) =>
      value === undefined ? undefined : this.expr(value)
    );
  }
}

function loadModule(f: Activation, module: string): ReadonlyMap<string, Value> {
  try {
    return f.thread.load(module);
  } catch (error) {
    throw new Error(`cannot load ${module}: ${(error as Error).message}`, { cause: error });
  }
}
