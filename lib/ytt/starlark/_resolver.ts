import type {
  Binding,
  CallExpr,
  Comprehension,
  Expr,
  File,
  FunctionNode,
  Ident,
  Stmt,
} from "./_ast.ts";
import { unpackPosition } from "./_position.ts";
import type { SyntaxIssue } from "./errors.ts";
import { Block, resolveLocalUses, type Scopes } from "./_scope.ts";
import { nearest } from "./_spelling.ts";
import { startOf } from "./_start_of.ts";

/**
 * Gives every identifier its slot. As in starlark-go with global reassignment allowed, a name
 * used at top level means what it means there and then, and one used in a function or a
 * comprehension means what it means at the end of the file.
 */
export function resolve(
  file: File,
  isPredeclared: (name: string) => boolean,
  isUniversal: (name: string) => boolean,
): Scopes {
  return new Resolver(file.filename, isPredeclared, isUniversal).run(file);
}

class Resolver {
  readonly #file = new Block(undefined, undefined);
  readonly #globals = new Map<string, Binding>();
  readonly #locals: Binding[] = [];
  readonly #known = new Map<string, Binding>();
  readonly #predeclared: string[] = [];
  readonly #errors: SyntaxIssue[] = [];
  #block = this.#file;
  #loops = 0;

  constructor(
    readonly filename: string,
    readonly isPredeclared: (name: string) => boolean,
    readonly isUniversal: (name: string) => boolean,
  ) {}

  run(file: File): Scopes {
    this.#stmts(file.body);
    resolveLocalUses(this.#file);
    this.#resolveNonLocalUses(this.#file);
    return {
      globals: [...this.#globals.values()],
      locals: this.#locals,
      predeclared: this.#predeclared,
      errors: this.#errors,
    };
  }

  #error(pos: number, message: string): void {
    this.#errors.push({ message, position: unpackPosition(this.filename, pos) });
  }

  #container(): Block {
    let block = this.#block;
    while (block.fn === undefined && block.parent !== undefined) block = block.parent;
    return block;
  }

  /** Binds a name, and says whether it was bound before. */
  #bind(id: Ident): boolean {
    if (this.#block !== this.#file) return this.#bindLocal(id);
    const binding = this.#file.bindings.get(id.name) ?? this.#globals.get(id.name);
    id.binding = binding;
    if (binding !== undefined) return true;
    id.binding = { scope: "global", index: this.#globals.size, name: id.name };
    this.#globals.set(id.name, id.binding);
    return false;
  }

  #bindLocal(id: Ident): boolean {
    const known = this.#block.bindings.has(id.name);
    if (!known) {
      const locals = this.#container().fn?.locals ?? this.#locals;
      const binding: Binding = { scope: "local", index: locals.length, name: id.name };
      this.#block.bindings.set(id.name, binding);
      locals.push(binding);
    }
    this.#use(id);
    return known;
  }

  #use(id: Ident): void {
    if (this.#block === this.#file) this.#useToplevel(id, this.#block);
    else this.#container().uses.push({ id, block: this.#block });
  }

  #useToplevel(id: Ident, block: Block): Binding {
    let binding = this.#file.bindings.get(id.name) ?? this.#globals.get(id.name) ??
      this.#known.get(id.name);
    if (binding === undefined) {
      if (this.isPredeclared(id.name)) {
        binding = { scope: "predeclared", index: this.#predeclared.length, name: id.name };
        this.#predeclared.push(id.name);
        this.#known.set(id.name, binding);
      } else if (this.isUniversal(id.name)) {
        binding = { scope: "universal", index: 0, name: id.name };
        this.#known.set(id.name, binding);
      } else {
        binding = { scope: "undefined", index: 0, name: id.name };
        this.#error(id.pos, `undefined: ${id.name}${this.#hint(id, block)}`);
      }
    }
    id.binding = binding;
    return binding;
  }

  #hint(id: Ident, block: Block): string {
    const names: string[] = [...this.#globals.keys()];
    for (let b: Block | undefined = block; b !== undefined; b = b.parent) {
      names.push(...b.bindings.keys());
    }
    const near = nearest(id.name, names.sort());
    return near === "" ? "" : ` (did you mean ${near}?)`;
  }

  #resolveNonLocalUses(block: Block): void {
    for (const child of block.children) this.#resolveNonLocalUses(child);
    for (const use of block.uses) use.id.binding = this.#lookup(use, use.block);
  }

  #lookup(use: { id: Ident; block: Block }, block: Block): Binding {
    if (block === this.#file) return this.#useToplevel(use.id, use.block);
    const { name } = use.id;
    let binding = block.bindings.get(name);
    if (binding === undefined) {
      binding = this.#lookup(use, block.parent!);
      const { scope } = binding;
      if (block.fn !== undefined && (scope === "local" || scope === "free" || scope === "cell")) {
        if (scope === "local") binding.scope = "cell";
        const index = block.fn.free.length;
        block.fn.free.push(binding);
        binding = { scope: "free", index, name };
      }
      block.bindings.set(name, binding);
    }
    return binding;
  }

  #push(fn: FunctionNode | undefined): void {
    const block = new Block(this.#block, fn);
    this.#block.children.push(block);
    this.#block = block;
  }

  #pop(): void {
    this.#block = this.#block.parent!;
  }

  #stmts(body: readonly Stmt[]): void {
    for (const stmt of body) this.#stmt(stmt);
  }

  #stmt(stmt: Stmt): void {
    switch (stmt.kind) {
      case "expr":
        return this.#expr(stmt.x);
      case "branch":
        if (this.#loops === 0 && stmt.word !== "pass") {
          this.#error(stmt.pos, `${stmt.word} not in a loop`);
        }
        return;
      case "if":
        for (const arm of stmt.arms) {
          this.#expr(arm.cond);
          this.#stmts(arm.body);
        }
        return this.#stmts(stmt.otherwise);
      case "assign":
        this.#expr(stmt.rhs);
        return this.#assign(stmt.lhs, stmt.op !== "=");
      case "def":
        this.#bind(stmt.name);
        return this.#function(stmt.fn);
      case "for":
        this.#expr(stmt.x);
        this.#assign(stmt.vars, false);
        this.#loops++;
        this.#stmts(stmt.body);
        this.#loops--;
        return;
      case "return":
        if (this.#container().fn === undefined) {
          this.#error(stmt.pos, "return statement not within a function");
        }
        if (stmt.x !== undefined) this.#expr(stmt.x);
        return;
      case "load":
        if (this.#container().fn !== undefined) {
          this.#error(stmt.pos, "load statement within a function");
        }
        for (const { from, fromPos, to } of stmt.names) {
          if (from === "") {
            this.#error(fromPos, "load: empty identifier");
            continue;
          }
          if (from[0] === "_") {
            this.#error(
              fromPos,
              `load: names with leading underscores are not exported: ${from}`,
            );
          }
          this.#bindLocal(to);
        }
    }
  }

  #assign(lhs: Expr, augmented: boolean): void {
    switch (lhs.kind) {
      case "ident":
        this.#bind(lhs);
        return;
      case "index":
        this.#expr(lhs.x);
        return this.#expr(lhs.y);
      case "dot":
        return this.#expr(lhs.x);
      case "tuple":
      case "list": {
        if (lhs.items.length === 0) {
          this.#error(lhs.pos, `can't assign to ${lhs.kind === "tuple" ? "()" : "[]"}`);
        }
        if (augmented) {
          this.#error(lhs.pos, `can't use ${lhs.kind} expression in augmented assignment`);
        }
        for (const item of lhs.items) this.#assign(item, augmented);
        return;
      }
      case "paren":
        return this.#assign(lhs.x, augmented);
      default: {
        const name = lhs.kind === "comprehension" || lhs.kind === "literal"
          ? lhs.kind
          : `${lhs.kind}expr`;
        this.#error(startOf(lhs), `can't assign to ${name}`);
      }
    }
  }

  #expr(e: Expr): void {
    switch (e.kind) {
      case "ident":
        return this.#use(e);
      case "literal":
        return;
      case "list":
      case "tuple":
        for (const item of e.items) this.#expr(item);
        return;
      case "dict":
        for (const entry of e.entries) {
          this.#expr(entry.key);
          this.#expr(entry.value);
        }
        return;
      case "cond":
        this.#expr(e.cond);
        this.#expr(e.yes);
        return this.#expr(e.no);
      case "index":
        this.#expr(e.x);
        return this.#expr(e.y);
      case "slice":
        this.#expr(e.x);
        if (e.lo !== undefined) this.#expr(e.lo);
        if (e.hi !== undefined) this.#expr(e.hi);
        if (e.step !== undefined) this.#expr(e.step);
        return;
      case "comprehension":
        return this.#comprehension(e);
      case "unary":
      case "paren":
      case "dot":
        return this.#expr(e.x);
      case "binary":
        return this.#binary(e);
      case "call":
        return this.#call(e);
      case "lambda":
        return this.#function(e.fn);
    }
  }

  /** Long sums lean to the left; they are walked in a loop, so that they need no deep stack. */
  #binary(e: Expr): void {
    const right: Expr[] = [];
    let x = e;
    while (x.kind === "binary") {
      right.push(x.y);
      x = x.x;
    }
    this.#expr(x);
    for (const y of right.reverse()) this.#expr(y);
  }

  #comprehension(e: Comprehension): void {
    const first = e.clauses[0]!;
    // Resolved outside of the new block: consider [x for x in x].
    if (first.kind === "for") this.#expr(first.x);
    this.#push(undefined);
    e.clauses.forEach((clause, i) => {
      if (clause.kind === "if") return this.#expr(clause.cond);
      this.#assign(clause.vars, false);
      if (i > 0) this.#expr(clause.x);
    });
    if ("key" in e.body) {
      this.#expr(e.body.key);
      this.#expr(e.body.value);
    } else this.#expr(e.body);
    this.#pop();
  }

  #call(e: CallExpr): void {
    this.#expr(e.fn);
    let star = false;
    let starstar = false;
    const named = new Set<string>();
    for (const { kind, pos, name, value } of e.args) {
      if (kind === "starstar") {
        if (starstar) this.#error(pos, "multiple **kwargs not allowed");
        starstar = true;
      } else if (kind === "star") {
        if (starstar) this.#error(pos, "*args may not follow **kwargs");
        else if (star) this.#error(pos, "multiple *args not allowed");
        star = true;
      } else if (kind === "named") {
        if (starstar) this.#error(pos, "argument may not follow **kwargs");
        if (named.has(name)) this.#error(pos, `keyword argument ${name} repeated`);
        named.add(name);
      } else if (star) this.#error(startOf(value), "argument may not follow *args");
      else if (starstar) this.#error(startOf(value), "argument may not follow **kwargs");
      else if (named.size > 0) {
        this.#error(startOf(value), "positional argument may not follow named");
      }
      this.#expr(value);
    }
  }

  #function(fn: FunctionNode): void {
    for (const param of fn.params) if (param.value !== undefined) this.#expr(param.value);
    this.#push(fn);
    const loops = this.#loops;
    this.#loops = 0;
    this.#params(fn);
    this.#stmts(fn.body);
    this.#loops = loops;
    resolveLocalUses(this.#block);
    this.#pop();
  }

  #params(fn: FunctionNode): void {
    let optional = false;
    let star: FunctionNode["params"][number] | undefined;
    let starstar: Ident | undefined;
    for (const param of fn.params) {
      const { pos, id } = param;
      if (param.kind === "star") {
        if (starstar !== undefined) {
          this.#error(pos, `* parameter may not follow **${starstar.name}`);
        } else if (star !== undefined) this.#error(pos, "multiple * parameters not allowed");
        else star = param;
      } else if (param.kind === "starstar") {
        if (starstar !== undefined) this.#error(pos, "multiple ** parameters not allowed");
        starstar = id;
      } else {
        if (starstar !== undefined) {
          this.#error(pos, `${param.kind} parameter may not follow **${starstar.name}`);
        } else if (star !== undefined) fn.numKeywordOnly++;
        else if (param.kind === "required" && optional) {
          this.#error(pos, "required parameter may not follow optional");
        }
        if (param.kind === "optional") optional = true;
        this.#param(pos, id!);
      }
    }
    if (star?.id !== undefined) {
      this.#param(star.id.pos, star.id);
      fn.hasVarargs = true;
    } else if (star !== undefined && fn.numKeywordOnly === 0) {
      this.#error(star.pos, "bare * must be followed by keyword-only parameters");
    }
    if (starstar !== undefined) {
      this.#param(starstar.pos, starstar);
      fn.hasKwargs = true;
    }
    fn.numParams = fn.locals.length;
  }

  #param(pos: number, id: Ident): void {
    if (this.#bind(id)) this.#error(pos, `duplicate parameter: ${id.name}`);
  }
}
