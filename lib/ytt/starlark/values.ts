/**
 * What a Starlark value is in JavaScript, and the protocol that host values implement.
 *
 * | Starlark        | JavaScript                                                              |
 * | --------------- | ----------------------------------------------------------------------- |
 * | `None`          | `null`                                                                  |
 * | `bool`          | `boolean`                                                               |
 * | `int`           | `number` while it is a safe integer, `bigint` beyond (never inside)     |
 * | `float`         | {@link StarlarkFloat}, so that `1` and `1.0` stay apart                 |
 * | `string`        | `string`; a byte that is not UTF-8 is U+DC80 + (byte - 0x80)            |
 * | everything else | an object that extends {@link StarlarkValue}                            |
 *
 * A JavaScript `number` in this module is therefore always an integer.
 */

/** Any Starlark value. */
export type Value = null | boolean | number | bigint | string | StarlarkValue;

/** Named arguments of a call, in order. */
export type Kwargs = readonly (readonly [name: string, value: Value])[];

/** What a hash table compares instead of the value itself: equal values have the same key. */
export type HashKey = null | boolean | number | bigint | string | object;

/** Operators that a host value may take part in. */
export type BinaryOp =
  | "+"
  | "-"
  | "*"
  | "/"
  | "//"
  | "%"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "in"
  | "not in";

/** Comparison operators. */
export type CompareOp = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** The part of a running thread that values get to see. */
export interface ThreadContext {
  /** Calls any callable, with the limits of this thread. */
  call(fn: Value, args: readonly Value[], kwargs?: Kwargs): Value;
  /** Hands a line to the host's `print`. */
  print(text: string): void;
  /** Charges `count` units of work, and fails when the step limit or the deadline is reached. */
  step(count?: number): void;
  /** Charges an estimate of `bytes` allocated, and fails when the memory limit is reached. */
  allocate(bytes: number): void;
}

/**
 * Base class of all values that are not plain JavaScript. A host value overrides `type` and
 * `repr`, and those optional methods whose operation it supports; an operation whose method is
 * missing fails with the message that starlark-go prints for it.
 */
export abstract class StarlarkValue {
  /** The name that `type(x)` returns. */
  abstract type(): string;

  /** What `repr(x)` and `str(x)` return. `depth` guards against cycles and deep nesting. */
  abstract repr(seen?: readonly StarlarkValue[]): string;

  /** Whether the value counts as true. */
  truth(): boolean {
    return true;
  }

  /** The key under which a dict or set finds this value; throws when it is not hashable. */
  hashKey(): HashKey {
    throw new Error(`unhashable type: ${this.type()}`);
  }

  /** Makes the value immutable, and adds the values it refers to to `queue`, which are next. */
  freeze(_queue: Value[]): void {}

  /** `x.name`; `undefined` when there is no such attribute. */
  attr?(name: string): Value | undefined;
  /** Names for `dir(x)` and for suggestions. */
  attrNames?(): string[];
  /** `x.name = value`. */
  setAttr?(name: string, value: Value): void;

  /** `len(x)`. */
  length?(): number;
  /** `x[i]` of a sequence, `0 <= i < length()`; needs `length`. */
  index?(i: number): Value;
  /** `x[i] = value` of a sequence. */
  setIndex?(i: number, value: Value): void;
  /** `x[start:end:step]`, with indices already made absolute as starlark-go does. */
  slice?(start: number, end: number, step: number): Value;

  /** `x[key]` of a mapping; `undefined` when the key is missing. Takes precedence over `index`. */
  get?(key: Value): Value | undefined;
  /** `x[key] = value` of a mapping. */
  setKey?(key: Value, value: Value): void;
  /** Pairs of a mapping, for `dict(x)`, `**x` and `update`. */
  entries?(): Iterable<readonly [Value, Value]>;

  /** Elements for `for`, comprehensions, `list(x)`, unpacking, `*x`. */
  iterate?(): Iterable<Value>;

  /** `needle in x`. Without it, `get` answers for a mapping and `iterate` is not tried. */
  contains?(needle: Value): boolean;

  /** `x op other` (`side` is `"left"`) or `other op x`; `undefined` when not supported. */
  binary?(
    op: BinaryOp,
    other: Value,
    side: "left" | "right",
    thread: ThreadContext,
  ): Value | undefined;

  /** `x op other` where both have the same `type()`. Without it only identity is equal. */
  compare?(op: CompareOp, other: StarlarkValue, depth: number): boolean;

  /** `x(...)`; `name` of a callable is for messages and the call stack. */
  call?(thread: ThreadContext, args: readonly Value[], kwargs: Kwargs): Value;
  /** The name of a callable, for messages and the call stack. */
  name?(): string;
}
