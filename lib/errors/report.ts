import { innerErrors, isError } from "./_read.ts";
import { entriesOf } from "./entries.ts";
import { isProbablyNotRootCause, isTimeout } from "./markers.ts";
import type { SourceLocation } from "./location.ts";

/** A chain of errors as plain data. */
export interface ErrorReport {
  /** The newest message that is not empty. */
  readonly message: string;
  /** Whether a time-out is anywhere in the chain. */
  readonly timeout: boolean;
  /** Whether the chain says that the guilty one is elsewhere. */
  readonly probablyNotRootCause: boolean;
  /** The layers, newest first. */
  readonly entries: readonly ErrorReportEntry[];
}

/** One layer of an {@linkcode ErrorReport}. */
export interface ErrorReportEntry {
  /** The class of the error. */
  readonly name?: string;
  /** Its text; empty where the layer only marks a place. */
  readonly message: string;
  /** Where it happened. */
  readonly location?: SourceLocation;
  /** The error's own fields, such as an exit code, where JSON can carry them. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The reports of an `AggregateError`'s errors. */
  readonly errors?: readonly ErrorReport[];
}

/**
 * Turns any thrown value and its causes into plain data.
 *
 * @param thrown Any thrown value.
 * @returns Data that `JSON.stringify` accepts.
 */
export function reportError(thrown: unknown): ErrorReport {
  return reportInside(thrown, []);
}

/** Aggregates in aggregates are reported this deep. */
const MAX_DEPTH = 16;

function reportInside(thrown: unknown, inside: readonly unknown[]): ErrorReport {
  const entries = entriesOf(thrown).map(({ name, message, location, value }) => ({
    name,
    message,
    location,
    data: dataOf(value),
    errors: errorsOf(value, inside),
  }));
  return {
    message: entries.find((entry) => entry.message !== "")?.message ?? "",
    timeout: isTimeout(thrown),
    probablyNotRootCause: isProbablyNotRootCause(thrown),
    entries,
  };
}

// An aggregate can hold itself.
function errorsOf(
  value: unknown,
  inside: readonly unknown[],
): readonly ErrorReport[] | undefined {
  const inner = innerErrors(value);
  if (inner.length === 0 || inside.includes(value) || inside.length >= MAX_DEPTH) return undefined;
  return inner.map((error) => reportInside(error, [...inside, value]));
}

const STANDARD = new Set(["name", "message", "stack", "cause", "errors"]);

function dataOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isError(value)) return undefined;
  const data: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (STANDARD.has(key)) continue;
    try {
      const field = (value as unknown as Record<string, unknown>)[key];
      if (typeof field === "function") continue;
      const text = JSON.stringify(field);
      if (text !== undefined) data[key] = JSON.parse(text);
    } catch {
      // a cycle, a bigint or a getter that throws: not data that JSON can carry
    }
  }
  return Object.keys(data).length === 0 ? undefined : data;
}
