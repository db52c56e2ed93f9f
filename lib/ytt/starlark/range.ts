import { type CompareOp, StarlarkValue, type Value } from "./values.ts";
import { numberToInt } from "./int.ts";
import { typeOf } from "./_repr.ts";

/** What `range(…)` returns: integers that are computed when they are asked for. */
export class Range extends StarlarkValue {
  /** The first element. */
  readonly start: number;
  /** The end, which does not belong to it. */
  readonly stop: number;
  /** The distance of two elements; not zero. */
  readonly step: number;
  readonly #length: number;

  /** `step` is not zero. */
  constructor(start: number, stop: number, step: number) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    const span = step > 0 ? stop - start : start - stop;
    this.#length = span > 0 ? Math.floor((span - 1) / Math.abs(step)) + 1 : 0;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "range";
  }

  /** What `repr(x)` returns. */
  override repr(): string {
    const { start, stop, step } = this;
    if (step !== 1) return `range(${start}, ${stop}, ${step})`;
    return start !== 0 ? `range(${start}, ${stop})` : `range(${stop})`;
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.#length > 0;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): never {
    throw new Error("unhashable: range");
  }

  /** `len(x)`. */
  override length(): number {
    return this.#length;
  }

  /** `x[i]`. */
  override index(i: number): Value {
    return this.start + i * this.step;
  }

  /** `x[start:end:step]`. */
  override slice(start: number, end: number, step: number): Value {
    return new Range(
      this.start + this.step * start,
      this.start + this.step * end,
      this.step * step,
    );
  }

  /** The elements, in order; changes are forbidden meanwhile. */
  override *iterate(): Iterable<Value> {
    for (let i = 0; i < this.#length; i++) yield this.start + i * this.step;
  }

  /** `needle in x`. */
  override contains(needle: Value): boolean {
    let x: number | bigint;
    try {
      x = numberToInt(needle);
    } catch {
      // Any failure to convert is reported with the wording for ranges.
      throw new Error(
        `'in <range>' requires integer as left operand, not ${typeOf(needle)}`,
      );
    }
    if (typeof x === "bigint") return false;
    const offset = x - this.start;
    const i = offset / this.step;
    return offset % this.step === 0 && i >= 0 && i < this.#length;
  }

  /** `x op other`, of the same type. */
  override compare(op: CompareOp, other: StarlarkValue): boolean {
    if (op !== "==" && op !== "!=") throw new Error(`range ${op} range not implemented`);
    const range = other as Range;
    const equal = this.#length === range.#length &&
      (this.#length === 0 ||
        (this.start === range.start && (this.#length === 1 || this.step === range.step)));
    return equal === (op === "==");
  }
}
