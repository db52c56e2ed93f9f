/** How text looks: colours as 0 to 255 or `#rrggbb`, and attributes. */
export interface AnsiStyle {
  /** Colour of the text. */
  readonly f?: number | string;
  /** Colour behind it. */
  readonly b?: number | string;
  /** Letters of attributes: `o` bold, `d` faint, `i` italic, `u` underlined, `v` reversed, `s` struck. */
  readonly a?: string;
}

/** A part of a line that looks the same throughout. */
export interface AnsiSpan {
  /** The text, without control characters. */
  readonly text: string;
  /** How it looks. */
  readonly style: AnsiStyle;
}

/**
 * Reads the colours of a line: the 16, 256 and RGB ones, and attributes. Other sequences, and
 * control characters but the tab, are left out; after a carriage return the line begins anew, as a
 * terminal would show it.
 *
 * The web page runs this same function: its text goes into the page's script, so nothing outside of
 * it may be used here.
 *
 * @param line A line.
 * @param before How the line before ended.
 * @returns Its parts, and how it ends.
 */
export function ansiSpans(
  line: string,
  before: AnsiStyle = {},
): { readonly spans: AnsiSpan[]; readonly after: AnsiStyle } {
  let { f, b, a = "" } = before;
  let spans: AnsiSpan[] = [];
  const styleNow = (): AnsiStyle => ({
    ...(f === undefined ? {} : { f }),
    ...(b === undefined ? {} : { b }),
    ...(a === "" ? {} : { a }),
  });
  const set = (letter: string, isOn: boolean) => {
    a = a.replace(letter, "") + (isOn ? letter : "");
  };
  const colour = (words: readonly number[], at: number): [number | string | undefined, number] => {
    if (words[at] === 5) return [Math.min(255, words[at + 1] ?? 0), at + 1];
    if (words[at] !== 2) return [undefined, at];
    const parts = words.slice(at + 1, at + 4).map((part) =>
      Math.min(255, part).toString(16).padStart(2, "0")
    );
    return [parts.length === 3 ? `#${parts.join("")}` : undefined, at + 3];
  };
  const sgr = (text: string) => {
    // `38:2::r:g:b` and `38;2;r;g;b` mean the same.
    const words = text.replace(/([34]8:2):\d*:(\d+:\d+:\d+)/g, "$1:$2").split(/[;:]/).map(Number);
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? 0;
      if (word === 0) (f = undefined, b = undefined, a = "");
      else if (word === 1) set("o", true);
      else if (word === 2) set("d", true);
      else if (word === 3) set("i", true);
      else if (word === 4) set("u", true);
      else if (word === 7) set("v", true);
      else if (word === 9) set("s", true);
      else if (word === 22) (set("o", false), set("d", false));
      else if (word === 23) set("i", false);
      else if (word === 24) set("u", false);
      else if (word === 27) set("v", false);
      else if (word === 29) set("s", false);
      else if (word >= 30 && word <= 37) f = word - 30;
      else if (word === 38) [f, at] = colour(words, at + 1);
      else if (word === 39) f = undefined;
      else if (word >= 40 && word <= 47) b = word - 40;
      else if (word === 48) [b, at] = colour(words, at + 1);
      else if (word === 49) b = undefined;
      else if (word >= 90 && word <= 97) f = word - 82;
      else if (word >= 100 && word <= 107) b = word - 92;
    }
  };
  const text = line.replace(/\r+$/, "");
  // A sequence, or what no terminal shows, or text.
  const token =
    // deno-lint-ignore no-control-regex -- exactly these
    /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|(\r)|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[^\x00-\x08\x0b-\x1f\x7f-\x9f]+/g;
  for (const [whole, style, isReturn] of text.matchAll(token)) {
    if (style !== undefined) sgr(style);
    else if (isReturn !== undefined) spans = [];
    // deno-lint-ignore no-control-regex -- exactly these
    else if (!/^[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(whole)) {
      spans.push({ text: whole, style: styleNow() });
    }
  }
  return { spans, after: styleNow() };
}
