/** White, yellow, green, cyan, bright black, blue, bright cyan, bright green. */
const COLOURS = [37, 33, 32, 36, 90, 34, 96, 92];

let next = 0;

/**
 * Colours a text with the next of eight colours in turn, so that the lines of programs that run
 * side by side can be told apart.
 *
 * @param text The text, a line's prefix.
 * @returns The text between ANSI codes.
 */
export function nextColour(text: string): string {
  const colour = COLOURS[next++ % COLOURS.length];
  return `\x1b[${colour}m${text}\x1b[0m`;
}

/**
 * Tells whether text for a stream is to be coloured: on a terminal, and never with `NO_COLOR`.
 *
 * Permissions: none; Deno tells about that variable (https://no-color.org) without one.
 *
 * @param writer The stream.
 * @returns `true` for a terminal without `NO_COLOR`.
 */
export function wantsColour(writer: { isTerminal?(): boolean }): boolean {
  return !Deno.noColor && writer.isTerminal?.() === true;
}
