import {
  checkPositional,
  isInt,
  numberToInt,
  StarlarkFloat,
  typeOf,
  type Value,
} from "../starlark/mod.ts";
import { builtin } from "./_builtin.ts";
import { gamma, remainder, roundHalfAway } from "./_float_math.ts";
import type { LibraryHooks } from "./hooks.ts";

const unary: Readonly<Record<string, (x: number) => number>> = {
  fabs: Math.abs,
  round: roundHalfAway,
  exp: Math.exp,
  sqrt: Math.sqrt,
  acos: Math.acos,
  asin: Math.asin,
  atan: Math.atan,
  cos: Math.cos,
  sin: Math.sin,
  tan: Math.tan,
  degrees: (x) => 360 * x / (2 * Math.PI),
  radians: (x) => 2 * Math.PI * x / 360,
  acosh: Math.acosh,
  asinh: Math.asinh,
  atanh: Math.atanh,
  cosh: Math.cosh,
  sinh: Math.sinh,
  tanh: Math.tanh,
  gamma,
};

const binary: Readonly<Record<string, (x: number, y: number) => number>> = {
  copysign: (x, y) => y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x),
  mod: (x, y) => x % y,
  pow: (x, y) => x === 1 ? 1 : x ** y,
  remainder,
  atan2: Math.atan2,
  hypot: Math.hypot,
};

/** `@ytt:math`, Starlark's own math module. */
export function mathModule(_hooks: LibraryHooks): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>([
    ["ceil", rounding("ceil", Math.ceil)],
    ["floor", rounding("floor", Math.floor)],
    ["log", log()],
    ["e", new StarlarkFloat(Math.E)],
    ["pi", new StarlarkFloat(Math.PI)],
  ]);
  for (const [name, fn] of Object.entries(unary)) {
    members.set(
      name,
      builtin(name, (_thread, args, kwargs) => {
        checkPositional(name, args, kwargs, 1);
        return new StarlarkFloat(fn(asNumber(args[0]!)));
      }),
    );
  }
  for (const [name, fn] of Object.entries(binary)) {
    // ytt registers `mod` under the name of `round`, which shows in its messages.
    const shown = name === "mod" ? "round" : name;
    members.set(
      name,
      builtin(shown, (_thread, args, kwargs) => {
        checkPositional(shown, args, kwargs, 2);
        return new StarlarkFloat(fn(asNumber(args[0]!), asNumber(args[1]!)));
      }),
    );
  }
  return members;
}

function asNumber(value: Value): number {
  if (isInt(value)) return Number(value);
  if (value instanceof StarlarkFloat) return value.value;
  throw new Error(`got ${typeOf(value)}, want float or int`);
}

function rounding(name: string, fn: (x: number) => number): Value {
  return builtin(name, (_thread, args, kwargs) => {
    checkPositional(name, args, kwargs, 1);
    const x = args[0]!;
    if (isInt(x)) return x;
    return numberToInt(new StarlarkFloat(fn(asNumber(x))));
  });
}

function log(): Value {
  return builtin("log", (_thread, args, kwargs) => {
    checkPositional("log", args, kwargs, 1, 2);
    const base = args[1] === undefined ? Math.E : asNumber(args[1]);
    if (base === 1) throw new Error("division by zero");
    return new StarlarkFloat(Math.log(asNumber(args[0]!)) / Math.log(base));
  });
}
