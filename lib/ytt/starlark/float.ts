import { type HashKey, StarlarkValue } from "./values.ts";
import { formatFloat } from "./_format_float.ts";

/** A Starlark float. */
export class StarlarkFloat extends StarlarkValue {
  /** The number. */
  readonly value: number;

  /** Wraps a JavaScript number. */
  constructor(value: number) {
    super();
    this.value = value;
  }

  /** The name that `type(x)` returns. */
  override type(): string {
    return "float";
  }

  /** Six significant digits, as in the starlark-go that ytt is built with: `1.0` gives `1`. */
  override repr(): string {
    return formatFloat(this.value, "g", 6);
  }

  /** Whether the value counts as true. */
  override truth(): boolean {
    return this.value !== 0;
  }

  /** The key under which dicts and sets find the value. */
  override hashKey(): HashKey {
    const { value } = this;
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
    return BigInt(value);
  }
}
