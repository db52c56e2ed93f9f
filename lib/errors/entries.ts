import { isError, readMember, STACKED } from "./_read.ts";
import { chainOf } from "./chain.ts";
import type { SourceLocation } from "./location.ts";

/** One printed line of a chain: a message, a place, or both. */
export interface ErrorEntry {
  /** The class of the error, `undefined` for a value that is not an error. */
  readonly name?: string;
  /** What went wrong or was attempted; empty for a layer that only marks a place. */
  readonly message: string;
  /** Where. */
  readonly location?: SourceLocation;
  /** The thrown value that this entry stands for. */
  readonly value: unknown;
}

/**
 * Flattens a chain into what is printed, newest first.
 *
 * A layer that only marks a place and stands directly on a foreign error gives its place to that
 * error's own entry: `stack(parse)` prints one line, not two.
 *
 * @param thrown Any thrown value.
 * @returns The entries, the root last.
 */
export function entriesOf(thrown: unknown): readonly ErrorEntry[] {
  const chain = chainOf(thrown);
  const entries: ErrorEntry[] = [];
  for (let index = 0; index < chain.length; index++) {
    const value = chain[index];
    const entry = entryOf(value);
    const below = chain[index + 1];
    if (entry.message === "" && isStacked(value) && index + 1 < chain.length && !isStacked(below)) {
      entries.push({ ...entryOf(below), location: entry.location });
      index++;
    } else if (entry.message !== "" || entry.location !== undefined) {
      entries.push(entry);
    }
  }
  return entries;
}

function entryOf(value: unknown): ErrorEntry {
  if (!isError(value)) {
    return { message: typeof value === "string" ? value : describe(value), value };
  }
  const name = textOf(readMember(value, "name")) || "Error";
  const message = textOf(readMember(value, "message"));
  if (isStacked(value)) return { name, message, location: value.location, value };
  // The two markers print as exactly their name; a plain "Error: " says nothing, and neither does
  // "AggregateError: ", whose errors follow.
  const text = message === ""
    ? name
    : name === "Error" || name === "AggregateError"
    ? message
    : `${name}: ${message}`;
  return { name, message: text, value };
}

// By a mark, not by class: two copies of this module (a checkout and a URL) must understand each
// other's errors.
function isStacked(value: unknown): value is Error & { location?: SourceLocation } {
  return isError(value) && readMember(value, STACKED) === true;
}

// A class may have made anything of its name and message.
function textOf(member: unknown): string {
  return typeof member === "string" ? member : member === undefined ? "" : describe(member);
}

function describe(value: unknown): string {
  try {
    if (typeof value !== "object" || value === null) return String(value);
    return JSON.stringify(value) ?? String(value);
  } catch {
    return shapeOf(value); // a cycle, a bigint inside, or a throwing getter
  }
}

function shapeOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return "[a value that cannot be read]"; // a revoked proxy
  }
}
