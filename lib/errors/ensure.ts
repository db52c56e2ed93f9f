import { isPromise } from "./_read.ts";
import { captureCaller } from "./location.ts";
import { StackedError } from "./stacked_error.ts";
import type { ErrorMessage } from "./stack.ts";

/**
 * Gives up with a message and the calling line.
 *
 * @param message What is wrong.
 * @throws {StackedError} always.
 */
export function bail(message: ErrorMessage, options?: { readonly location?: boolean }): never {
  throw new StackedError(textOf(message), {
    location: options?.location === false ? false : captureCaller(bail),
  });
}

/**
 * Requires a condition to hold.
 *
 * A function is called, and its source stands in the message: `ensure(() => port < 65536)` fails
 * with `ensure(port < 65536) -> assertion failed`.
 *
 * @param condition A value that must be truthy, or a function that gives one.
 * @param message Replaces the text.
 * @throws {StackedError} when it does not hold.
 * @throws {TypeError} when the condition is a promise: it would always hold.
 */
export function ensure(condition: () => unknown, message?: ErrorMessage): void;
/** Requires a value to be truthy, and tells the type checker so. */
export function ensure(condition: unknown, message?: ErrorMessage): asserts condition;
export function ensure(condition: unknown, message?: ErrorMessage): void {
  const holds = typeof condition === "function" ? condition() : condition;
  if (isPromise(holds)) {
    throw new TypeError("ensure() takes no promise, which is always truthy: await it first");
  }
  if (holds) return;
  const source = typeof condition === "function"
    ? String(condition).replace(/^\s*\(\s*\)\s*=>\s*/, "")
    : String(condition);
  throw new StackedError(
    message === undefined ? `ensure(${source}) -> assertion failed` : textOf(message),
    { location: captureCaller(ensure) },
  );
}

/**
 * Requires two values to be equal, by structure and not by identity.
 *
 * @param lhs One value.
 * @param rhs The other.
 * @param message Replaces the text, which shows both values.
 * @throws {StackedError} when they differ.
 */
export function ensureEq<T>(lhs: unknown, rhs: T, message?: ErrorMessage): asserts lhs is T {
  if (util().isDeepStrictEqual(lhs, rhs)) return;
  throw new StackedError(
    message === undefined ? comparison("ensureEq", lhs, rhs, "equality") : textOf(message),
    { location: captureCaller(ensureEq) },
  );
}

/**
 * Requires two values to differ, by structure and not by identity.
 *
 * @param lhs One value.
 * @param rhs The other.
 * @param message Replaces the text, which shows both values.
 * @throws {StackedError} when they are equal.
 */
export function ensureNe(lhs: unknown, rhs: unknown, message?: ErrorMessage): void {
  if (!util().isDeepStrictEqual(lhs, rhs)) return;
  throw new StackedError(
    message === undefined ? comparison("ensureNe", lhs, rhs, "inequality") : textOf(message),
    { location: captureCaller(ensureNe) },
  );
}

function comparison(name: string, lhs: unknown, rhs: unknown, relation: string): string {
  const { inspect } = util();
  return `${name}(\n lhs: ${inspect(lhs)}\n rhs: ${
    inspect(rhs)
  }\n) -> ${relation} assertion failed`;
}

interface Util {
  isDeepStrictEqual(a: unknown, b: unknown): boolean;
  inspect(value: unknown): string;
}

// Asked for on first use: a static import of node:util costs every importer of `errors` 5 ms.
function util(): Util {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): Util };
  };
  return process.getBuiltinModule("node:util");
}

function textOf(message: ErrorMessage): string {
  return typeof message === "function" ? message() : message;
}
