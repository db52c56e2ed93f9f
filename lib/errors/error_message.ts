/**
 * Says what was thrown, which may be anything.
 *
 * @param thrown An error, or something else.
 * @returns The message of an error, else the thing as text.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { errorMessage } from "./error_message.ts";
 *
 * assert.equal(errorMessage(new TypeError("No")), "No");
 * assert.equal(errorMessage("thrown"), "thrown");
 * ```
 */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
