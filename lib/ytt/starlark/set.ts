import {
  type BinaryOp,
  type CompareOp,
  type HashKey,
  StarlarkValue,
  type ThreadContext,
  type Value,
} from "./values.ts";
import { keyOf } from "./_hash.ts";
import { boundMethod, methodNames } from "./_method.ts";
import { repr } from "./_repr.ts";
import { setMethods } from "./_set_methods.ts";

/** A Starlark set; it keeps the order of insertion. */
export class StarlarkSet extends StarlarkValue {
  readonly #elements: Map<HashKey, Value> = new Map();
  #frozen = false;
  #iterating = 0;

  /** Builds a set from elements. */
  static from(elements: Iterable<Value>): StarlarkSet {
    const set = new StarlarkSet();
    for (const element of elements) set.add(element);
    return set;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "set";
  }

  /** What `repr(x)` returns. */
  override repr(seen: readonly StarlarkValue[] = []): string {
    return `set([${Array.from(this.#elements.values(), (x) => repr(x, seen)).join(", ")}])`;
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.#elements.size > 0;
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    if (this.#frozen) return;
    this.#frozen = true;
    queue.push(...this.#elements.values());
  }

  #checkMutable(verb: string): void {
    if (this.#frozen) throw new Error(`cannot ${verb} frozen hash table`);
    if (this.#iterating > 0) throw new Error(`cannot ${verb} hash table during iteration`);
  }

  /** Number of elements. */
  get size(): number {
    return this.#elements.size;
  }

  /** `len(x)`. */
  override length(): number {
    return this.#elements.size;
  }

  /** Whether the set has this element. */
  has(element: Value): boolean {
    return this.#elements.has(keyOf(element));
  }

  /** `needle in x`. */
  override contains(needle: Value): boolean {
    return this.has(needle);
  }

  /** Adds an element. */
  add(element: Value): void {
    this.#checkMutable("insert into");
    const key = keyOf(element);
    if (!this.#elements.has(key)) this.#elements.set(key, element);
  }

  /** Removes an element, and says whether it was there. */
  delete(element: Value): boolean {
    this.#checkMutable("delete from");
    return this.#elements.delete(keyOf(element));
  }

  /** Removes all elements. */
  clear(): void {
    this.#checkMutable("clear");
    this.#elements.clear();
  }

  /** The elements, in order. */
  elements(): Value[] {
    return [...this.#elements.values()];
  }

  /** The elements, in order; changes are forbidden meanwhile. */
  override *iterate(): Iterable<Value> {
    const frozen = this.#frozen;
    if (!frozen) this.#iterating++;
    try {
      yield* this.#elements.values();
    } finally {
      if (!frozen) this.#iterating--;
    }
  }

  /** `x.name`. */
  override attr(name: string): Value | undefined {
    return boundMethod(setMethods, name, this);
  }

  /** Names for `dir(x)`. */
  override attrNames(): string[] {
    return methodNames(setMethods);
  }

  /** `x op other`. */
  override binary(
    op: BinaryOp,
    other: Value,
    side: "left" | "right",
    thread: ThreadContext,
  ): Value | undefined {
    if (side === "right" || !(other instanceof StarlarkSet)) return undefined;
    thread.allocate((this.size + other.size) * 64);
    switch (op) {
      case "|":
        return StarlarkSet.from([...this.elements(), ...other.elements()]);
      case "&": {
        const [small, large] = this.size > other.size ? [other, this] : [this, other];
        return StarlarkSet.from(small.elements().filter((x) => large.has(x)));
      }
      case "^":
        return StarlarkSet.from([
          ...this.elements().filter((x) => !other.has(x)),
          ...other.elements().filter((x) => !this.has(x)),
        ]);
      default:
        return undefined;
    }
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue): boolean {
    if (op !== "==" && op !== "!=") throw new Error(`set ${op} set not implemented`);
    const set = other as StarlarkSet;
    const equal = this.size === set.size && this.elements().every((x) => set.has(x));
    return equal === (op === "==");
  }
}
