import type { Position } from "./errors.ts";

/**
 * Positions travel as one number, line * 2^16 + column, so that every failing operation can note
 * where it is with a single store.
 */
export function packPosition(line: number, column: number): number {
  return line * 0x10000 + Math.min(column, 0xffff);
}

/** The line of a packed position. */
export function lineOf(pos: number): number {
  return Math.floor(pos / 0x10000);
}

/** Unpacks a position of the file `filename`. */
export function unpackPosition(filename: string, pos: number): Position {
  return { filename, line: lineOf(pos), column: pos % 0x10000 };
}
