import type { Comprehension, DictEntry, Expr } from "./_ast.ts";
import { Dict } from "./dict.ts";
import { ExpressionCompiler } from "./_expression_compiler.ts";
import { List } from "./list.ts";
import { repr, truth } from "./_repr.ts";
import type { Activation, Eval } from "./starlark_function.ts";
import type { Value } from "./values.ts";

/** Compiles comprehensions and the entries of dicts. */
export abstract class ComprehensionCompiler extends ExpressionCompiler {
  /** Compiles a list or dict comprehension. */
  protected override comprehension(e: Comprehension): Eval {
    type Visit = (f: Activation, out: Value) => void;
    const { clauses } = e;
    // Compiled outside in, as they are evaluated, and nested inside out.
    const shells = clauses.map((clause): (next: Visit) => Visit => {
      if (clause.kind === "if") {
        const cond = this.expr(clause.cond);
        return (next) => (f, out) => {
          if (truth(cond(f))) next(f, out);
        };
      }
      const { pos } = clause;
      const x = this.expr(clause.x);
      this.note(pos);
      const store = this.store(clause.vars, pos);
      return (next) => (f, out) =>
        this.each(f, x(f), pos, (item) => {
          store(f, item);
          next(f, out);
          return true;
        });
    });
    const emit: Visit = "key" in e.body ? this.#emitEntry(e.body) : this.#emitItem(e.body);
    const run = shells.reduceRight((next, shell) => shell(next), emit);
    const { curly } = e;
    return (f) => {
      const out = curly ? new Dict() : new List();
      f.thread.allocate(64);
      run(f, out);
      return out;
    };
  }

  #emitItem(body: Expr): (f: Activation, out: Value) => void {
    const value = this.expr(body);
    return (f, out) => {
      const { items } = out as List;
      items.push(value(f));
      if ((items.length & 255) === 0) f.thread.allocate(8192);
    };
  }

  #emitEntry(entry: DictEntry): (f: Activation, out: Value) => void {
    const store = this.entry(entry, false);
    return (f, out) => {
      const dict = out as Dict;
      store(f, dict);
      if ((dict.size & 63) === 63) f.thread.allocate(10240);
    };
  }

  /** Compiles one entry of a dict; a literal may not repeat a key. */
  protected override entry(
    entry: DictEntry,
    unique: boolean,
  ): (f: Activation, dict: Dict) => void {
    const key = this.expr(entry.key);
    const value = this.expr(entry.value);
    this.note(entry.pos);
    return (f, dict) => {
      const k = key(f);
      const v = value(f);
      f.pos = entry.pos;
      const { size } = dict;
      dict.set(k, v);
      if (unique && dict.size === size) throw new Error(`duplicate key: ${repr(k)}`);
    };
  }
}
