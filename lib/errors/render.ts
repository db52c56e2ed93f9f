import { innerErrors } from "./_read.ts";
import { entriesOf, type ErrorEntry } from "./entries.ts";
import { quotesCause } from "./quotes_cause.ts";

const RED = "\x1b[38;2;205;92;92m"; // IndianRed
const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const RESET = "\x1b[0m";

/** Aggregates in aggregates are shown this deep. */
const MAX_DEPTH = 16;

/** A message and its place share a line up to this many bytes. */
const LINE_BYTES = 80;

/**
 * Renders any thrown value and its causes as one text.
 *
 * Starts with a newline and has none at the end; newest layer first, root cause last. A message is
 * indented by four spaces and followed by ` at FILE LINE:COL`, on a line of its own where both
 * would pass 80 bytes. The errors of an `AggregateError` follow its message, indented.
 *
 * @param thrown Any thrown value.
 * @param options `colour: true` adds ANSI colours, except to a message that has its own; default
 * `false`.
 * @returns The text.
 */
export function renderError(
  thrown: unknown,
  options: { readonly colour?: boolean } = {},
): string {
  return renderChain(thrown, options.colour === true, []);
}

function renderChain(thrown: unknown, colour: boolean, inside: readonly unknown[]): string {
  const entries = entriesOf(thrown);
  const last = entries.findIndex(({ value }) => quotesCause(value));
  const shown = last === -1 ? entries : entries.slice(0, last + 1);
  return shown.map((entry) => "\n" + renderEntry(entry, colour, inside)).join("");
}

function renderEntry(entry: ErrorEntry, colour: boolean, inside: readonly unknown[]): string {
  const { message, location } = entry;
  const paint = (code: string, text: string) => colour ? `${code}${text}${RESET}` : text;
  let text = "";
  if (message !== "") {
    const body = message.replaceAll("\n", "\n    ");
    text = `    ${message.includes("\x1b") ? body : paint(RED, body)}`;
  }
  if (location !== undefined) {
    const { file, line, column } = location;
    const place = `at ${paint(DIM, file)} ${paint(BOLD, `${line}:${column}`)}`;
    if (message === "") text = `  ${place}`;
    else if (byteLength(message) + byteLength(file) + 8 > LINE_BYTES) text += `\n  ${place}`;
    else text += ` ${place}`;
  }
  const inner = innerErrors(entry.value);
  // An aggregate can hold itself.
  if (inside.includes(entry.value) || (inner.length > 0 && inside.length >= MAX_DEPTH)) {
    return `${text}\n        ...`;
  }
  for (const error of inner) {
    text += renderChain(error, colour, [...inside, entry.value]).replaceAll("\n", "\n    ");
  }
  return text;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
