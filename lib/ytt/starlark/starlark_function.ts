import {
  type HashKey,
  type Kwargs,
  StarlarkValue,
  type ThreadContext,
  type Value,
} from "./values.ts";
import { Dict } from "./dict.ts";
import { LimitError } from "./errors.ts";
import { Tuple } from "./list.ts";
import { quote } from "./_quote.ts";
import type { Frame, Thread } from "./thread.ts";

/** A variable that an inner function captures. */
export class Cell {
  value: Value | undefined;

  /** A cell that holds `value`. */
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** How a statement ended. */
export const NEXT = 0;
export const BREAK = 1;
export const CONTINUE = 2;
export const RETURN = 3;
export type Signal = 0 | 1 | 2 | 3;

/** A compiled statement list. */
export type Exec = (frame: Activation) => Signal;
/** A compiled expression. */
export type Eval = (frame: Activation) => Value;

/** Marks a keyword-only parameter without default. */
export const MANDATORY = Symbol("mandatory");

/** A compiled function, without its environment. */
export interface FunctionCode {
  readonly name: string;
  readonly filename: string;
  /** Position of its `def` or `lambda`. */
  readonly pos: number;
  /** Position of the first operation: what starlark-go shows when the arguments do not fit. */
  readonly firstPos: number;
  /** Names of the locals; parameters come first, `*args` and `**kwargs` last of them. */
  readonly localNames: readonly string[];
  readonly numParams: number;
  readonly numKeywordOnly: number;
  readonly hasVarargs: boolean;
  readonly hasKwargs: boolean;
  /** Slots that inner functions capture. */
  readonly cells: readonly number[];
  readonly body: Exec;
}

/** A program that is being run: what its functions share. */
export interface ModuleInstance {
  readonly globals: (Value | undefined)[];
  readonly predeclared: readonly (Value | undefined)[];
}

/** One call under way. */
export class Activation implements Frame {
  readonly parent: Frame | undefined;
  readonly thread: Thread;
  readonly code: FunctionCode;
  readonly module: ModuleInstance;
  readonly free: readonly Cell[];
  readonly depth: number;
  // deno-lint-ignore no-explicit-any -- a slot holds a value, nothing yet, or a cell
  readonly locals: any[];
  pos: number;
  result: Value = null;

  constructor(thread: Thread, fn: StarlarkFunction) {
    const { code } = fn;
    this.parent = thread.frame;
    this.thread = thread;
    this.code = code;
    this.module = fn.module;
    this.free = fn.free;
    this.depth = this.parent === undefined ? 1 : this.parent.depth + 1;
    this.locals = new Array(code.localNames.length);
    this.pos = code.firstPos;
  }

  get name(): string {
    return this.code.name;
  }

  get filename(): string {
    return this.code.filename;
  }
}

/** A function that `def` or `lambda` made. */
export class StarlarkFunction extends StarlarkValue {
  readonly code: FunctionCode;
  readonly module: ModuleInstance;
  readonly free: readonly Cell[];
  readonly #defaults: readonly (Value | typeof MANDATORY)[];

  constructor(
    code: FunctionCode,
    module: ModuleInstance,
    defaults: readonly (Value | typeof MANDATORY)[],
    free: readonly Cell[],
  ) {
    super();
    this.code = code;
    this.module = module;
    this.#defaults = defaults;
    this.free = free;
  }

  override type(): string {
    return "function";
  }

  override repr(): string {
    return `<function ${this.code.name}>`;
  }

  override hashKey(): HashKey {
    return this;
  }

  override freeze(queue: Value[]): void {
    for (const value of this.#defaults) if (typeof value !== "symbol") queue.push(value);
    for (const { value } of this.free) if (value !== undefined) queue.push(value);
  }

  override name(): string {
    return this.code.name;
  }

  override call(thread: ThreadContext, args: readonly Value[], kwargs: Kwargs): Value {
    return this.invoke(thread as Thread, args, kwargs);
  }

  /** Runs the function. */
  invoke(thread: Thread, args: readonly Value[], kwargs: Kwargs): Value {
    const frame = new Activation(thread, this);
    if (frame.depth > thread.maxCallDepth) {
      throw new LimitError("depth", `calls are nested too deeply (limit ${thread.maxCallDepth})`);
    }
    const { code } = this;
    thread.frame = frame;
    try {
      if (
        kwargs.length === 0 && args.length === code.numParams && code.numKeywordOnly === 0 &&
        !code.hasVarargs && !code.hasKwargs
      ) {
        for (let i = 0; i < args.length; i++) frame.locals[i] = args[i];
      } else this.#bind(frame.locals, args, kwargs);
      for (const i of code.cells) frame.locals[i] = new Cell(frame.locals[i]);
      return code.body(frame) === RETURN ? frame.result : null;
    } catch (error) {
      thread.frame = frame;
      throw thread.failure(error);
    } finally {
      thread.frame = frame.parent;
    }
  }

  /** Distributes arguments over parameters, with starlark-go's messages. */
  #bind(locals: (Value | undefined)[], args: readonly Value[], kwargs: Kwargs): void {
    const { code } = this;
    const { name, localNames } = code;
    if (code.numParams === 0) {
      const given = args.length + kwargs.length;
      if (given > 0) throw new Error(`function ${name} accepts no arguments (${given} given)`);
      return;
    }
    let ordinary = code.numParams;
    let rest: Dict | undefined;
    if (code.hasKwargs) {
      rest = new Dict();
      locals[--ordinary] = rest;
    }
    if (code.hasVarargs) ordinary--;
    const positional = ordinary - code.numKeywordOnly;
    let n = args.length;
    if (n > positional) {
      if (!code.hasVarargs) {
        const most = this.#defaults.length > code.numKeywordOnly ? "at most " : "";
        throw new Error(
          `function ${name} accepts ${most}${positional} positional argument${
            positional === 1 ? "" : "s"
          } (${args.length} given)`,
        );
      }
      n = positional;
    }
    for (let i = 0; i < n; i++) locals[i] = args[i];
    if (code.hasVarargs) locals[ordinary] = new Tuple(args.slice(n));
    for (const [key, value] of kwargs) {
      const i = localNames.indexOf(key);
      if (i >= 0 && i < ordinary) {
        if (locals[i] !== undefined) throw duplicate(name, key);
        locals[i] = value;
      } else if (rest === undefined) {
        throw new Error(`function ${name} got an unexpected keyword argument ${quote(key)}`);
      } else {
        if (rest.has(key)) throw duplicate(name, key);
        rest.set(key, value);
      }
    }
    const firstDefault = ordinary - this.#defaults.length;
    const missing: string[] = [];
    for (let i = n; i < ordinary; i++) {
      if (locals[i] !== undefined) continue;
      const value = i < firstDefault ? MANDATORY : this.#defaults[i - firstDefault];
      if (value === undefined || typeof value === "symbol") missing.push(localNames[i]!);
      else locals[i] = value;
    }
    if (missing.length > 0) {
      const s = missing.length > 1 ? "s" : "";
      throw new Error(
        `function ${name} missing ${missing.length} argument${s} (${missing.join(", ")})`,
      );
    }
  }
}

function duplicate(name: string, key: string): Error {
  return new Error(`function ${name} got multiple values for parameter ${quote(key)}`);
}
