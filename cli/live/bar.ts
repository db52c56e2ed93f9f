import type { ImageEvent } from "../../lib/containers/mod.ts";
import { plainText } from "./text_width.ts";

const FULL = "█";
const EMPTY = "░";
const WIDTH = 20;

/**
 * Draws how far a pull or a build is.
 *
 * @param event What is known.
 * @param width Columns that there are at most.
 * @returns A bar with its numbers, and what goes on; without numbers only the latter.
 */
export function bar(event: ImageEvent, width: number): string {
  const { current, total, action, text, reference } = event;
  const what = plainText(text ?? reference);
  if (current === undefined || total === undefined || total === 0) return what;
  const part = Math.min(1, Math.max(0, current / total));
  const size = Math.min(WIDTH, Math.max(4, width - 24));
  const full = Math.round(part * size);
  const numbers = action === "pull"
    ? `${String(Math.floor(part * 100)).padStart(3)} %  ${megabytes(current, total)}`
    : `${current}/${total}`;
  return `${FULL.repeat(full)}${EMPTY.repeat(size - full)} ${numbers}  ${what}`;
}

function megabytes(current: number, total: number): string {
  const shown = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `${shown(current)} of ${shown(total)} MB`;
}
