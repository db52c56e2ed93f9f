import { type CompareOp, StarlarkValue, type Value } from "./values.ts";
import { equals } from "./_compare.ts";
import { quote } from "./_quote.ts";

/** Named fields, as `struct.make` builds them and as data values are given to templates. */
export class Struct extends StarlarkValue {
  readonly #fields: ReadonlyMap<string, Value>;
  readonly #type: string;

  /** `type` is what `type(x)` returns. */
  constructor(fields: ReadonlyMap<string, Value>, type = "struct") {
    super();
    this.#fields = fields;
    this.#type = type;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return this.#type;
  }

  /** What `repr(x)` returns. */
  override repr(): string {
    return "struct(...)";
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.#fields.size > 0;
  }

  /** `len(x)`. */
  override length(): number {
    return this.#fields.size;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): never {
    throw new Error("unhashable type: struct");
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    queue.push(...this.#fields.values());
  }

  /** `x.name`. */
  override attr(name: string): Value | undefined {
    return this.#fields.get(name);
  }

  /** Names for `dir(x)`. */
  override attrNames(): string[] {
    return [...this.#fields.keys()];
  }

  /** The fields, in order. */
  fields(): ReadonlyMap<string, Value> {
    return this.#fields;
  }
}

/** A module of host functions, as `load` gives it out. */
export class Module extends StarlarkValue {
  readonly #name: string;
  readonly #members: ReadonlyMap<string, Value>;

  /** A module of this name. */
  constructor(name: string, members: ReadonlyMap<string, Value>) {
    super();
    this.#name = name;
    this.#members = members;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "module";
  }

  /** What `repr(x)` returns. */
  override repr(): string {
    return `<module ${quote(this.#name)}>`;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): never {
    throw new Error("unhashable: module");
  }

  /** Makes the value immutable, and queues what it refers to. */
  override freeze(queue: Value[]): void {
    queue.push(...this.#members.values());
  }

  /** `x.name`. */
  override attr(name: string): Value | undefined {
    return this.#members.get(name);
  }

  /** Names for `dir(x)`. */
  override attrNames(): string[] {
    return [...this.#members.keys()].sort();
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue, depth: number): boolean {
    if (op !== "==" && op !== "!=") throw new Error(`module ${op} module not implemented`);
    const members = (other as Module).#members;
    const equal = this === other ||
      (members.size === this.#members.size &&
        [...this.#members].every(([name, value]) => {
          const mate = members.get(name);
          return mate !== undefined && equals(value, mate, depth - 1);
        }));
    return equal === (op === "==");
  }
}
