export { formatDuration, parseDuration } from "../retry/mod.ts";

const POWER: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Reads a size: a number, or one with `b`, `k`, `kb`, `m`, `mb`, `g`, `gb` and so on, all of them
 * powers of 1024.
 *
 * @param text For example `512m`.
 * @returns Whole bytes, `undefined` when it is no size.
 */
export function parseBytes(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?) ?([bkmgtp])?(i?b)?$/i.exec(text);
  if (found === null) return undefined;
  const unit = found[2]?.toLowerCase();
  if (found[3] !== undefined && (unit === undefined || unit === "b")) return undefined;
  const bytes = Math.floor(Number(found[1]) * 1024 ** (POWER[unit ?? "b"] ?? 0));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
