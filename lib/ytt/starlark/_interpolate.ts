import type { Value } from "./values.ts";
import { byteLength } from "./_bytes.ts";
import { StarlarkFloat } from "./float.ts";
import { formatFloat } from "./_format_float.ts";
import { asMachineInt, isInt, numberToInt } from "./int.ts";
import { Tuple } from "./list.ts";
import { repr, typeOf } from "./_repr.ts";

/** `format % x`. There are no flags, widths or precisions in Starlark. */
export function interpolate(format: string, x: Value): string {
  const args = x instanceof Tuple ? x.items : [x];
  let index = 0;
  let out = "";
  for (let i = 0; i < format.length;) {
    const percent = format.indexOf("%", i);
    if (percent < 0) {
      out += format.slice(i);
      break;
    }
    out += format.slice(i, percent);
    i = percent + 1;
    if (format[i] === "%") {
      out += "%";
      i++;
      continue;
    }
    let arg: Value;
    if (format[i] === "(") {
      const close = format.indexOf(")", i);
      if (close < 0) throw new Error("incomplete format key");
      arg = lookUp(x, format.slice(i + 1, close));
      i = close + 1;
    } else {
      if (index >= args.length) throw new Error("not enough arguments for format string");
      arg = args[index]!;
    }
    if (i >= format.length) throw new Error("incomplete format");
    const verb = String.fromCodePoint(format.codePointAt(i)!);
    out += convert(verb, arg);
    i += verb.length;
    index++;
  }
  if (index < args.length) throw new Error("too many arguments for format string");
  return out;
}

function lookUp(mapping: Value, key: string): Value {
  if (typeof mapping !== "object" || mapping === null || mapping.get === undefined) {
    throw new Error("format requires a mapping");
  }
  const value = mapping.get(key);
  if (value === undefined) throw new Error(`key not found: ${key}`);
  return value;
}

function convert(verb: string, arg: Value): string {
  switch (verb) {
    case "s":
      return typeof arg === "string" ? arg : repr(arg);
    case "r":
      return repr(arg);
    case "d":
    case "i":
    case "o":
    case "x":
    case "X":
      return integer(verb, arg);
    case "e":
    case "f":
    case "g":
    case "E":
    case "F":
    case "G":
      return float(verb, arg);
    case "c":
      return character(arg);
    case "%":
      return "%";
    default:
      throw new Error(`unknown conversion %${verb}`);
  }
}

function integer(verb: string, arg: Value): string {
  let value: number | bigint;
  try {
    value = numberToInt(arg);
  } catch (error) {
    throw new Error(`%${verb} format requires integer: ${(error as Error).message}`);
  }
  switch (verb) {
    case "o":
      return value.toString(8);
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    default:
      return value.toString();
  }
}

function float(verb: string, arg: Value): string {
  if (!(arg instanceof StarlarkFloat) && !isInt(arg)) {
    throw new Error(`%${verb} format requires float, not ${typeOf(arg)}`);
  }
  const value = isInt(arg) ? Number(arg) : arg.value;
  const lower = verb.toLowerCase() as "e" | "f" | "g";
  const text = formatFloat(value, lower, lower === "g" ? -1 : 6);
  return lower === verb || !Number.isFinite(value) ? text : text.toUpperCase();
}

function character(arg: Value): string {
  if (isInt(arg)) {
    let code: number;
    try {
      code = asMachineInt(arg);
    } catch {
      // Reported below.
      code = -1;
    }
    if (code < 0 || code > 0x10ffff) {
      throw new Error(`%c format requires a valid Unicode code point, got ${arg}`);
    }
    return code >= 0xd800 && code < 0xe000 ? "\ufffd" : String.fromCodePoint(code);
  }
  if (typeof arg !== "string") {
    throw new Error(
      `%c format requires int or single-character string, not ${typeOf(arg)}`,
    );
  }
  const [first] = arg;
  if (first === undefined || byteLength(first) !== byteLength(arg)) {
    throw new Error("%c format requires a single-character string");
  }
  return first;
}
