import { errorMessage } from "../../errors/error_message.ts";
import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { type CallFrame, LimitError, StarlarkError } from "./errors.ts";
import { unpackPosition } from "./_position.ts";
import { typeOf } from "./_repr.ts";
import { setActive } from "./_work.ts";

/** What a program may use up. Every limit has a default: templates can come from strangers. */
export interface Limits {
  /** Loop iterations, calls and other units of work; default 200 million. */
  readonly maxSteps?: number;
  /** Nested calls; default 1000, and fewer when they need much of the stack of JavaScript. */
  readonly maxCallDepth?: number;
  /** An estimate of all bytes ever allocated; default 1 GiB. */
  readonly maxMemoryBytes?: number;
  /** Checked every thousand steps. */
  readonly signal?: AbortSignal;
  /** A time on the clock of `now`, in milliseconds, after which the program is stopped. */
  readonly deadlineMs?: number;
  /** The clock; default `performance.now`. */
  readonly now?: () => number;
}

/** What a thread needs from its host. */
export interface ThreadOptions {
  /** Gets the text of each `print`; by default it is dropped. */
  readonly print?: (text: string) => void;
  /** Finds the module of a `load` statement; throws when there is none. */
  readonly load?: (module: string, thread: Thread) => ReadonlyMap<string, Value>;
  /** What a program may use up. */
  readonly limits?: Limits;
  /** A host's own data, for its functions. */
  readonly local?: unknown;
}

/** How many frames of each end of a deep call stack an error keeps. */
const STACK_END = 50;

/** One call of a Starlark function that is under way. */
export interface Frame {
  /** The call that this one is part of. */
  readonly parent: Frame | undefined;
  /** The thread that runs it. */
  readonly thread: Thread;
  /** The function's name. */
  readonly name: string;
  /** The file that the function is in. */
  readonly filename: string;
  /** How many calls are under way, this one included. */
  readonly depth: number;
  /** Packed position of the operation that is being done. */
  pos: number;
}

/** Runs programs: the call stack, the limits and the host's hooks. */
export class Thread implements ThreadContext {
  readonly #print: ((text: string) => void) | undefined;
  readonly #load: ThreadOptions["load"];
  readonly #limits: Limits;
  readonly #maxSteps: number;
  readonly #maxMemory: number;
  /** How deep calls may nest. */
  readonly maxCallDepth: number;
  /** A host's own data. */
  readonly local: unknown;
  /** The innermost frame; kept by the interpreter. */
  frame: Frame | undefined;
  #steps = 0;
  #nextCheck = 1024;
  #allocated = 0;

  /** A thread without calls. */
  constructor(options: ThreadOptions = {}) {
    const { limits = {} } = options;
    this.#print = options.print;
    this.#load = options.load;
    this.#limits = limits;
    this.local = options.local;
    this.#maxSteps = limits.maxSteps ?? 200_000_000;
    this.#maxMemory = limits.maxMemoryBytes ?? 2 ** 30;
    this.maxCallDepth = limits.maxCallDepth ?? 1000;
    this.#nextCheck = Math.min(1024, this.#maxSteps);
    setActive(this);
  }

  /** Units of work done. */
  get steps(): number {
    return this.#steps;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.#nextCheck) this.#check();
  }

  #check(): void {
    setActive(this);
    this.#nextCheck = Math.min(this.#steps + 1024, this.#maxSteps);
    if (this.#steps > this.#maxSteps) {
      throw new LimitError("steps", `too many steps (limit ${this.#maxSteps})`);
    }
    const { signal, deadlineMs } = this.#limits;
    if (signal?.aborted) throw new LimitError("abort", "cancelled by the host");
    if (deadlineMs === undefined) return;
    const now = this.#limits.now ?? (() => performance.now());
    if (now() > deadlineMs) throw new LimitError("time", "time limit exceeded");
  }

  allocate(bytes: number): void {
    this.#allocated += bytes;
    if (this.#allocated > this.#maxMemory) {
      throw new LimitError("memory", `too much memory allocated (limit ${this.#maxMemory} bytes)`);
    }
    // Work that grows with the size counts too, or one big operation in a loop would be free.
    if (bytes > 4096) this.step(bytes >> 6);
  }

  print(text: string): void {
    this.#print?.(text);
  }

  /** Finds a module for `load`. */
  load(module: string): ReadonlyMap<string, Value> {
    if (this.#load === undefined) throw new Error("load not implemented by this application");
    return this.#load(module, this);
  }

  /** Calls any callable; the error of a failed call always carries the stack. */
  call(fn: Value, args: readonly Value[], kwargs: Kwargs = []): Value {
    if (typeof fn !== "object" || fn === null || fn.call === undefined) {
      throw new Error(`invalid call of non-function (${typeOf(fn)})`);
    }
    const { frame } = this;
    try {
      for (const arg of args) {
        if (typeof arg === "string" && arg.length > 4096) this.step(arg.length >> 5);
      }
      const result = fn.call(this, args, kwargs);
      if (typeof result === "string" && result.length > 4096) this.allocate(result.length);
      return result;
    } catch (error) {
      this.frame = frame;
      throw this.failure(error, fn.name?.() ?? fn.type());
    }
  }

  /**
   * The calls under way, innermost first; `builtin` is a host function on top of them. Of a deep
   * recursion only both ends are kept: nobody reads the middle.
   */
  callStack(builtin?: string): CallFrame[] {
    const stack: CallFrame[] = [];
    if (builtin !== undefined) {
      const position = { filename: "<builtin>", line: 0, column: 0 };
      stack.push({ name: builtin, builtin: true, position });
    }
    const depth = this.frame?.depth ?? 0;
    for (let frame = this.frame; frame !== undefined; frame = frame.parent) {
      if (depth > 2 * STACK_END && depth - frame.depth >= STACK_END && frame.depth > STACK_END) {
        continue;
      }
      const position = unpackPosition(frame.filename, frame.pos);
      stack.push({ name: frame.name, builtin: false, position });
    }
    return stack;
  }

  /** Gives an error its call stack, unless it has one. */
  failure(error: unknown, builtin?: string): StarlarkError {
    if (error instanceof StarlarkError) return error;
    let message = errorMessage(error);
    // The JavaScript engine's own limits: of the stack, of the length of strings and arrays.
    if (error instanceof RangeError) {
      message = message.includes("call stack")
        ? "calls are nested too deeply"
        : `too large: ${message}`;
    }
    return new StarlarkError(message, this.callStack(builtin), { cause: error });
  }
}
