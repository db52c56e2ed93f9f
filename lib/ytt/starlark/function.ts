import {
  type HashKey,
  type Kwargs,
  StarlarkValue,
  type ThreadContext,
  type Value,
} from "./values.ts";
import { typeOf } from "./_repr.ts";

/** What a host function looks like. It reports failure by throwing any `Error`. */
export type BuiltinFunction = (
  thread: ThreadContext,
  args: readonly Value[],
  kwargs: Kwargs,
) => Value;

/** A function that the host provides, or a method bound to its value. */
export class Builtin extends StarlarkValue {
  readonly #name: string;
  readonly #function: BuiltinFunction;
  readonly #receiver: Value | undefined;

  /** `receiver` only shows in `repr`. */
  constructor(name: string, fn: BuiltinFunction, receiver?: Value) {
    super();
    this.#name = name;
    this.#function = fn;
    this.#receiver = receiver;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "builtin_function_or_method";
  }

  /** What `repr(x)` returns. */
  override repr(): string {
    return this.#receiver === undefined
      ? `<built-in function ${this.#name}>`
      : `<built-in method ${this.#name} of ${typeOf(this.#receiver)} value>`;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): HashKey {
    return this;
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    if (this.#receiver !== undefined) queue.push(this.#receiver);
  }

  /** The name, for messages and the call stack. */
  override name(): string {
    return this.#name;
  }

  /** `x(…)`. */
  override call(thread: ThreadContext, args: readonly Value[], kwargs: Kwargs): Value {
    return this.#function(thread, args, kwargs);
  }
}

/** Whether a value can be called. */
export function isCallable(value: Value): value is StarlarkValue {
  return typeof value === "object" && value !== null && value.call !== undefined;
}
