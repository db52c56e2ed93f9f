import { errorMessage } from "../../errors/error_message.ts";
import { Builtin, type BuiltinFunction, LimitError, type Value } from "../starlark/mod.ts";
import type { LibraryHooks } from "./hooks.ts";

/** A function whose errors begin with its name, as all of ytt's library functions do. */
export function builtin(name: string, fn: BuiltinFunction): Builtin {
  return new Builtin(name, (thread, args, kwargs) => {
    try {
      return fn(thread, args, kwargs);
    } catch (error) {
      if (error instanceof RangeError || limitOf(error) !== undefined) throw error;
      const message = errorMessage(error);
      throw new Error(`${name}: ${message}`, { cause: error });
    }
  });
}

/** The limit that an error comes from; such errors must reach the host whatever a template does. */
export function limitOf(error: unknown): LimitError | undefined {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof LimitError) return e;
  return undefined;
}

/** Functions of a module, by name. */
export function members(
  module: string,
  functions: Readonly<Record<string, BuiltinFunction>>,
): ReadonlyMap<string, Value> {
  return new Map(
    Object.entries(functions).map(([name, fn]) => [name, builtin(`${module}.${name}`, fn)]),
  );
}

/** The one argument of a function. */
export function onlyArgument(args: readonly Value[]): Value {
  if (args.length !== 1) throw new Error("expected exactly one argument");
  return args[0]!;
}

/** Checks that there is no argument. */
export function noArgument(args: readonly Value[]): void {
  if (args.length !== 0) throw new Error("expected no argument");
}

/** A string, or ytt's message. */
export function asString(value: Value, { goType }: Pick<LibraryHooks, "goType">): string {
  if (typeof value === "string") return value;
  throw new Error(`expected starlark.String, but was ${goType(value)}`);
}

/** A named argument that is a bool. */
export function boolArgument(
  kwargs: readonly (readonly [string, Value])[],
  name: string,
  absent: boolean,
  { goType }: Pick<LibraryHooks, "goType">,
): boolean {
  const value = kwargs.find(([key]) => key === name)?.[1];
  if (value === undefined) return absent;
  if (typeof value === "boolean") return value;
  throw new Error(`expected starlark.Bool, but was ${goType(value)}`);
}

/** A named argument that is an int, 0 when it is absent. */
export function intArgument(
  kwargs: readonly (readonly [string, Value])[],
  name: string,
): number {
  const value = kwargs.find(([key]) => key === name)?.[1];
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  throw new Error(
    typeof value === "bigint" ? "expected int64 value" : "expected starlark.Int",
  );
}

/** Rejects named arguments that a function does not have. */
export function checkNames(
  kwargs: readonly (readonly [string, Value])[],
  names: readonly string[],
): void {
  for (const [key] of kwargs) {
    if (!names.includes(key)) throw new Error(`invalid argument name: ${key}`);
  }
}
