import { parseDuration } from "../lib/compose/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a time as people write it: seconds, or with units as compose files have it.
 *
 * @param text For example `90`, `1m30s`, `500ms`.
 * @returns Milliseconds.
 */
export function durationMs(text: string): number {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined || !(ms >= 0 && ms < 2 ** 31)) {
    throw new UsageError(
      `Cannot understand the time "${text}": give seconds, or for example 90s, 1m30s, 500ms`,
    );
  }
  return ms;
}
