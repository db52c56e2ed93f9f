/**
 * Counts the columns that a text takes on a terminal: wide characters and emoji two, combining
 * marks none (Unicode Standard Annex #11).
 *
 * @param text Without control characters.
 */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segments().segment(text)) width += graphemeWidth(segment);
  return width;
}

/**
 * Makes a text exactly as wide as wanted: cut with an ellipsis, or filled with blanks.
 *
 * @param text Without control characters.
 * @param width Columns.
 */
export function fitText(text: string, width: number): string {
  const shown = cutText(text, width);
  return shown + " ".repeat(Math.max(0, width - textWidth(shown)));
}

/**
 * Cuts a text that is too wide, with an ellipsis.
 *
 * @param text Without control characters.
 * @param width Columns.
 */
export function cutText(text: string, width: number): string {
  if (width <= 0) return "";
  if (textWidth(text) <= width) return text;
  let shown = "";
  let taken = 0;
  for (const { segment } of segments().segment(text)) {
    const more = graphemeWidth(segment);
    if (taken + more > width - 1) break;
    shown += segment;
    taken += more;
  }
  return `${shown}…`;
}

/**
 * Makes one line of whatever a program wrote: without colours, with control characters escaped.
 *
 * @param text A line.
 */
export function plainText(text: string): string {
  return text
    // deno-lint-ignore no-control-regex -- they are what is looked for
    .replace(/\x1b\[[0-9;:]*m/g, "")
    .replace(/\t/g, " ")
    .replace(/\r$/, "")
    // deno-lint-ignore no-control-regex -- as above
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

let segmenter: Intl.Segmenter | undefined;

function segments(): Intl.Segmenter {
  return segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
}

const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const EMOJI = /^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\ufe0f|^\p{RI}\p{RI}|\u20e3/u;
const NOTHING = /^[\p{M}\p{Cf}\u200b]+$/u;

function graphemeWidth(grapheme: string): number {
  if (NOTHING.test(grapheme)) return 0;
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1;
}
