import type { Value } from "./values.ts";
import { StarlarkFloat } from "./float.ts";
import { asMachineInt, floatToInt, isInt, toInt } from "./int.ts";
import { quote } from "./_quote.ts";
import { typeOf } from "./_repr.ts";

/** More digits than this make no int that is allowed. */
const MAX_DIGITS = 20_000;

/** `int(x, base)`. */
export function parseInteger([x, base]: readonly (Value | undefined)[]): Value {
  if (typeof x === "string") return fromText(x, base);
  if (base !== undefined) throw new Error("int: can't convert non-string with explicit base");
  if (typeof x === "boolean") return Number(x);
  if (isInt(x)) return x;
  if (x instanceof StarlarkFloat) {
    try {
      return floatToInt(x.value);
    } catch (error) {
      throw new Error(`int: ${(error as Error).message}`);
    }
  }
  throw new Error(`int: cannot convert ${typeOf(x ?? null)} to int`);
}

function fromText(text: string, given: Value | undefined): Value {
  let base = 10;
  if (given !== undefined) {
    try {
      base = asMachineInt(given);
    } catch {
      // Reported below.
      base = -1;
    }
    if (base !== 0 && (base < 2 || base > 36)) {
      throw new Error("int: base must be an integer >= 2 && <= 36");
    }
  }
  const parts = /^([+-]?)(?:0([oOxXbB])(?=.))?([0-9a-zA-Z]+)$/.exec(text);
  const invalid = new Error(`int: invalid literal with base ${base}: ${text}`);
  if (parts === null) throw invalid;
  const [, sign, letter, plain = ""] = parts;
  let digits = plain;
  const prefix = letter === undefined
    ? 0
    : { o: 8, x: 16, b: 2 }[letter.toLowerCase() as "o" | "x" | "b"];
  if (prefix !== 0 && base !== 0 && base !== prefix) {
    // In a larger base the letter of the prefix may be a digit, but Starlark rejects it.
    throw invalid;
  }
  if (prefix === 0 && base === 0 && digits.length > 1 && digits[0] === "0") {
    if (/[^0]/.test(digits)) throw invalid;
    digits = "0";
  }
  base = base === 0 ? prefix || 10 : base;
  if (digits.length > MAX_DIGITS) throw new Error("int: too many digits");
  const value = parseDigits(digits, base);
  if (value === undefined) throw invalid;
  return toInt(sign === "-" ? -value : value);
}

function parseDigits(digits: string, base: number): bigint | undefined {
  for (const digit of digits.toLowerCase()) {
    if (Number.isNaN(Number.parseInt(digit, base))) return undefined;
  }
  if (base === 10) return BigInt(digits);
  const letter = { 2: "0b", 8: "0o", 16: "0x" }[base];
  if (letter !== undefined) return BigInt(letter + digits);
  let value = 0n;
  for (const digit of digits) value = value * BigInt(base) + BigInt(Number.parseInt(digit, base));
  return value;
}

/** `float("…")`, as Go's `strconv.ParseFloat`. */
export function parseFloatText(text: string): number {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]!.toLowerCase() === "nan") return NaN;
    return special[1] === "-" ? -Infinity : Infinity;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new Error(`float: strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new Error(`float: strconv.ParseFloat: parsing ${quote(text)}: value out of range`);
  }
  return value;
}
