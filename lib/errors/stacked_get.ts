import { captureCaller, type LazyLocation } from "./location.ts";
import { StackedError } from "./stacked_error.ts";

/** A property name or an index. */
export type PathKey = string | number;

/**
 * Indexes into parsed JSON, TOML or YAML, and says which step failed.
 *
 * @param value The outermost value.
 * @param path The keys and indices, outermost first.
 * @returns The value at the end of the path; `null` counts as a value.
 * @throws {StackedError} when a step is missing, or is taken on something that has no members.
 * @example
 * ```ts
 * import { stackedGet } from "@superorch/superorch/errors";
 *
 * const inspect = JSON.parse('[{"State": {"ExitCode": 3}}]');
 * console.log(stackedGet(inspect, 0, "State", "ExitCode")); // 3
 * ```
 */
export function stackedGet(value: unknown, ...path: readonly PathKey[]): unknown {
  return walk("stackedGet", value, path, captureCaller(stackedGet));
}

/**
 * Sets a member of parsed JSON, TOML or YAML; the path up to the last key must exist.
 *
 * @param value The outermost value; it is changed in place.
 * @param path The keys and indices, outermost first, at least one.
 * @param replacement What is put there.
 * @throws {StackedError} when a step before the last is missing, or an array has no such index.
 */
export function stackedSet(value: unknown, path: readonly PathKey[], replacement: unknown): void {
  const caller = captureCaller(stackedSet);
  const last = path.at(-1);
  if (last === undefined) throw new RangeError("stackedSet() needs at least one key");
  const parents = path.slice(0, -1);
  const holder = walk("stackedSet", value, parents, caller);
  if (!isContainer(holder) || (Array.isArray(holder) && !hasKey(holder, last))) {
    throw failure("stackedSet", parents, last, holder, caller);
  }
  (holder as Record<PathKey, unknown>)[last] = replacement;
}

function walk(
  caller: string,
  value: unknown,
  path: readonly PathKey[],
  location: LazyLocation,
): unknown {
  let current = value;
  path.forEach((key, index) => {
    if (!hasKey(current, key)) {
      throw failure(caller, path.slice(0, index), key, current, location);
    }
    current = (current as Record<PathKey, unknown>)[key];
  });
  return current;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

// Own members only: "toString" or "length" is never what a path through data means.
function hasKey(value: unknown, key: PathKey): boolean {
  if (Array.isArray(value)) return typeof key === "number" && key in value;
  return isContainer(value) && Object.hasOwn(value, key);
}

function failure(
  caller: string,
  before: readonly PathKey[],
  key: PathKey,
  holder: unknown,
  location: LazyLocation,
): StackedError {
  const show = (keys: readonly PathKey[]) => keys.map((key) => `[${JSON.stringify(key)}]`).join("");
  const kind = holder === null
    ? "null"
    : Array.isArray(holder)
    ? `an array of ${holder.length}`
    : isContainer(holder)
    ? `an object with the keys ${JSON.stringify(Object.keys(holder).slice(0, 20))}`
    : typeof holder;
  return new StackedError(
    `${caller}(value${show(before)} ... ${show([key])} ...) -> indexing failed: ` +
      `value${show(before)} is ${kind}`,
    { location },
  );
}
