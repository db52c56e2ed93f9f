import { isPromise } from "./_read.ts";
import { captureCaller, type LazyLocation } from "./location.ts";
import { StackedError } from "./stacked_error.ts";

/** A message, or a function that makes one and is called only on failure. */
export type ErrorMessage = string | (() => string);

/** How a layer is put on. */
export interface StackOptions {
  /** Show the calling line. Default `true`; library code passes `false`. */
  readonly location?: boolean;
}

/**
 * Marks the calling line on whatever a promise or a function fails with.
 *
 * @param work A promise, or a function that returns a value or a promise and may throw.
 * @returns What `work` gives.
 * @throws {StackedError} when `work` fails; what it failed with is the `cause`.
 * @example
 * ```ts
 * import { stack } from "@superorch/superorch/errors";
 *
 * const text = await stack(Deno.readTextFile("deno.json"));
 * const config = stack(() => JSON.parse(text));
 * ```
 */
export function stack<T>(work: PromiseLike<T>, options?: StackOptions): Promise<T>;
/** Marks the calling line on whatever a function throws. */
export function stack<T>(work: () => T, options?: StackOptions): T;
export function stack<T>(work: PromiseLike<T> | (() => T), options?: StackOptions): unknown {
  return layer(work, "", options, captureCaller(stack));
}

/**
 * Puts a message and the calling line on whatever a promise or a function fails with.
 *
 * @param work A promise, or a function that returns a value or a promise and may throw.
 * @param message What was attempted; a function is called only on failure.
 * @returns What `work` gives.
 * @throws {StackedError} when `work` fails; what it failed with is the `cause`.
 * @example
 * ```ts
 * import { stackErr } from "@superorch/superorch/errors";
 *
 * const text = await stackErr(Deno.readTextFile("deno.json"), "Cannot read the settings");
 * const config = stackErr(() => JSON.parse(text), () => `Cannot parse ${text.length} characters`);
 * ```
 */
export function stackErr<T>(
  work: PromiseLike<T>,
  message: ErrorMessage,
  options?: StackOptions,
): Promise<T>;
/** Puts a message and the calling line on whatever a function throws. */
export function stackErr<T>(work: () => T, message: ErrorMessage, options?: StackOptions): T;
export function stackErr<T>(
  work: PromiseLike<T> | (() => T),
  message: ErrorMessage,
  options?: StackOptions,
): unknown {
  return layer(work, message, options, captureCaller(stackErr));
}

/**
 * Requires a value to be there.
 *
 * @param value Anything.
 * @param message What was wanted; without it only the calling line is shown.
 * @returns The value, known not to be `null` or `undefined`.
 * @throws {StackedError} when it is `null` or `undefined`.
 */
export function required<T>(
  value: T,
  message: ErrorMessage = "",
  options?: StackOptions,
): NonNullable<T> {
  if (value !== null && value !== undefined) return value;
  throw new StackedError(textOf(message), {
    location: options?.location === false ? false : captureCaller(required),
  });
}

/**
 * Puts a message on what work fails with, without a line of the caller: for library code that takes
 * its user's signal. The user's own abort passes through as it is, so that `error === signal.reason`
 * holds however deep it was noticed.
 *
 * @param message What was attempted.
 * @param work What may fail.
 * @param signal The user's signal.
 * @returns What `work` gives.
 * @throws {StackedError} when `work` fails; what it failed with is the `cause`.
 */
export async function stackUnlessAborted<T>(
  message: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted && cause === signal.reason) throw cause;
    throw new StackedError(message, { cause, location: false });
  }
}

function layer(
  work: PromiseLike<unknown> | (() => unknown),
  message: ErrorMessage,
  options: StackOptions | undefined,
  caller: LazyLocation,
): unknown {
  const location = options?.location === false ? false : caller;
  const fail = (cause: unknown): never => {
    throw new StackedError(textOf(message), { cause, location });
  };
  if (typeof work !== "function") return Promise.resolve(work).catch(fail);
  let result: unknown;
  try {
    result = work();
  } catch (cause) {
    fail(cause);
  }
  return isPromise(result) ? Promise.resolve(result).catch(fail) : result;
}

function textOf(message: ErrorMessage): string {
  return typeof message === "function" ? message() : message;
}
