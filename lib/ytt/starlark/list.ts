import { type CompareOp, type HashKey, StarlarkValue, type Value } from "./values.ts";
import { compareSequences } from "./_compare.ts";
import { encodeKey, keyOf } from "./_hash.ts";
import { listMethods } from "./_list_methods.ts";
import { boundMethod, methodNames } from "./_method.ts";
import { repr } from "./_repr.ts";
import { work, workOfText } from "./_work.ts";

/** A Starlark list. */
export class List extends StarlarkValue {
  /** The elements; change them only after `checkMutable`. */
  items: Value[];
  #frozen = false;
  /** How many iterations are under way; they forbid changes. */
  iterating = 0;

  /** Takes over `items`. */
  constructor(items: Value[] = []) {
    super();
    this.items = items;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "list";
  }

  /** What `repr(x)` returns. */
  override repr(seen: readonly StarlarkValue[] = []): string {
    if (seen.includes(this)) return "[...]";
    const path = [...seen, this];
    return `[${join(this.items, path)}]`;
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.items.length > 0;
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    if (this.#frozen) return;
    this.#frozen = true;
    for (const item of this.items) queue.push(item);
  }

  /** Whether `freeze` was called. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Throws when the list must not be changed; `verb` completes the message. */
  checkMutable(verb: string): void {
    if (this.#frozen) throw new Error(`cannot ${verb} frozen list`);
    if (this.iterating > 0) throw new Error(`cannot ${verb} list during iteration`);
  }

  /** `x.name`. */
  override attr(name: string): Value | undefined {
    return boundMethod(listMethods, name, this);
  }

  /** Names for `dir(x)`. */
  override attrNames(): string[] {
    return methodNames(listMethods);
  }

  /** `len(x)`. */
  override length(): number {
    return this.items.length;
  }

  /** `x[i]`. */
  override index(i: number): Value {
    return this.items[i]!;
  }

  /** `x[i] = value`. */
  override setIndex(i: number, value: Value): void {
    this.checkMutable("assign to element of");
    this.items[i] = value;
  }

  /** `x[start:end:step]`. */
  override slice(start: number, end: number, step: number): Value {
    return new List(sliceItems(this.items, start, end, step));
  }

  /** The elements, in order; changes are forbidden meanwhile. */
  override *iterate(): Iterable<Value> {
    if (this.#frozen) {
      yield* this.items;
      return;
    }
    this.iterating++;
    try {
      yield* this.items;
    } finally {
      this.iterating--;
    }
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue, depth: number): boolean {
    return compareSequences(op, this.items, (other as List).items, depth);
  }
}

/** A Starlark tuple. */
export class Tuple extends StarlarkValue {
  /** The elements. */
  readonly items: readonly Value[];

  /** Takes over `items`. */
  constructor(items: readonly Value[] = []) {
    super();
    this.items = items;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "tuple";
  }

  /** What `repr(x)` returns. */
  override repr(seen: readonly StarlarkValue[] = []): string {
    const items = join(this.items, seen);
    return this.items.length === 1 ? `(${items},)` : `(${items})`;
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.items.length > 0;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): HashKey {
    // No Starlark string begins with half a surrogate pair.
    const key = `\ud800(${this.items.map((item) => encodeKey(keyOf(item))).join("")})`;
    work(this.items.length);
    workOfText(key.length);
    return key;
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    for (const item of this.items) queue.push(item);
  }

  /** `len(x)`. */
  override length(): number {
    return this.items.length;
  }

  /** `x[i]`. */
  override index(i: number): Value {
    return this.items[i]!;
  }

  /** `x[start:end:step]`. */
  override slice(start: number, end: number, step: number): Value {
    return new Tuple(sliceItems(this.items, start, end, step));
  }

  /** The elements, in order; changes are forbidden meanwhile. */
  override iterate(): Iterable<Value> {
    return this.items;
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue, depth: number): boolean {
    return compareSequences(op, this.items, (other as Tuple).items, depth);
  }
}

/** Written elements; a list may hold the same long one many times. */
function join(items: readonly Value[], seen: readonly StarlarkValue[]): string {
  const parts = items.map((item) => {
    const part = repr(item, seen);
    work(1);
    workOfText(part.length);
    return part;
  });
  return parts.join(", ");
}

/** `items[start:end:step]` with absolute indices. */
function sliceItems(
  items: readonly Value[],
  start: number,
  end: number,
  step: number,
): Value[] {
  if (step === 1) return items.slice(start, end);
  const out: Value[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) out.push(items[i]!);
  return out;
}
