import { type CompareOp, type HashKey, StarlarkValue, type Value } from "./values.ts";
import { equals } from "./_compare.ts";
import { dictMethods } from "./_dict_methods.ts";
import { keyOf } from "./_hash.ts";
import { Tuple } from "./list.ts";
import { boundMethod, methodNames } from "./_method.ts";
import { repr } from "./_repr.ts";
import { work, workOfText } from "./_work.ts";

interface Entry {
  readonly key: Value;
  value: Value;
}

/** A Starlark dict; it keeps the order of insertion. */
export class Dict extends StarlarkValue {
  readonly #entries: Map<HashKey, Entry> = new Map();
  #frozen = false;
  /** How many iterations are under way; they forbid changes. */
  iterating = 0;

  /** Builds a dict from pairs. */
  static from(pairs: Iterable<readonly [Value, Value]>): Dict {
    const dict = new Dict();
    for (const [key, value] of pairs) dict.set(key, value);
    return dict;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "dict";
  }

  /** What `repr(x)` returns. */
  override repr(seen: readonly StarlarkValue[] = []): string {
    if (seen.includes(this)) return "{...}";
    const path = [...seen, this];
    const parts: string[] = [];
    for (const { key, value } of this.#entries.values()) {
      const part = `${repr(key, seen)}: ${repr(value, path)}`;
      work(1);
      workOfText(part.length);
      parts.push(part);
    }
    return `{${parts.join(", ")}}`;
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.#entries.size > 0;
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    if (this.#frozen) return;
    this.#frozen = true;
    for (const { key, value } of this.#entries.values()) queue.push(key, value);
  }

  #checkMutable(verb: string): void {
    if (this.#frozen) throw new Error(`cannot ${verb} frozen hash table`);
    if (this.iterating > 0) throw new Error(`cannot ${verb} hash table during iteration`);
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** `len(x)`. */
  override length(): number {
    return this.#entries.size;
  }

  /** `x[key]`, or `undefined`. */
  override get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.value;
  }

  /** Whether there is such a key. */
  has(key: Value): boolean {
    return this.#entries.has(keyOf(key));
  }

  /** Inserts or replaces; a replaced key keeps its place. */
  set(key: Value, value: Value): void {
    this.#checkMutable("insert into");
    const hash = keyOf(key);
    const entry = this.#entries.get(hash);
    if (entry !== undefined) entry.value = value;
    else this.#entries.set(hash, { key, value });
  }

  /** `x[key] = value`. */
  override setKey(key: Value, value: Value): void {
    this.set(key, value);
  }

  /** Removes a key and returns its value, or `undefined`. */
  delete(key: Value): Value | undefined {
    this.#checkMutable("delete from");
    // starlark-go does not look at the key when there is nothing to delete.
    if (this.#entries.size === 0) return undefined;
    const hash = keyOf(key);
    const entry = this.#entries.get(hash);
    this.#entries.delete(hash);
    return entry?.value;
  }

  /** Removes all entries. */
  clear(): void {
    this.#checkMutable("clear");
    this.#entries.clear();
  }

  /** The first key, if there is one. */
  firstKey(): Value | undefined {
    for (const { key } of this.#entries.values()) return key;
    return undefined;
  }

  /** The keys, in order. */
  keys(): Value[] {
    return Array.from(this.#entries.values(), (entry) => entry.key);
  }

  /** The values, in order. */
  values(): Value[] {
    return Array.from(this.#entries.values(), (entry) => entry.value);
  }

  /** The pairs, in order. */
  override entries(): [Value, Value][] {
    return Array.from(this.#entries.values(), (entry) => [entry.key, entry.value]);
  }

  /** The pairs as tuples. */
  itemTuples(): Tuple[] {
    return Array.from(this.#entries.values(), (entry) => new Tuple([entry.key, entry.value]));
  }

  /** The elements, in order; changes are forbidden meanwhile. */
  override *iterate(): Iterable<Value> {
    if (!this.#frozen) this.iterating++;
    const frozen = this.#frozen;
    try {
      for (const entry of this.#entries.values()) yield entry.key;
    } finally {
      if (!frozen) this.iterating--;
    }
  }

  /** `x.name`. */
  override attr(name: string): Value | undefined {
    return boundMethod(dictMethods, name, this);
  }

  /** Names for `dir(x)`. */
  override attrNames(): string[] {
    return methodNames(dictMethods);
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue, depth: number): boolean {
    if (op !== "==" && op !== "!=") throw new Error(`dict ${op} dict not implemented`);
    return this.#equals(other as Dict, depth) === (op === "==");
  }

  #equals(other: Dict, depth: number): boolean {
    if (this.size !== other.size) return false;
    for (const [hash, { value }] of this.#entries) {
      const entry = other.#entries.get(hash);
      if (entry === undefined || !equals(value, entry.value, depth - 1)) return false;
    }
    return true;
  }
}
