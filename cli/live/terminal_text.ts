/** A sequence or line end that may go on in the next chunk. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const UNFINISHED = /(?:\x1b(?:\[[0-9;:]{0,32})?|\r)$/;

/**
 * Makes what programs write safe for a terminal: colours stay, where colours are wanted, and end with
 * their line; everything else that could move the cursor, change the title or ring the bell is shown
 * as `\x1b` and the like.
 */
export class TerminalText {
  readonly #colour: boolean;
  #held = "";
  #coloured = false;

  /**
   * Begins at the start of a line.
   *
   * @param colour Whether colours stay.
   */
  constructor(colour: boolean) {
    this.#colour = colour;
  }

  /** Takes a piece of text, and gives what can be shown of it. */
  push(piece: string): string {
    const text = this.#held + piece;
    const rest = UNFINISHED.exec(text)?.[0] ?? "";
    this.#held = rest;
    return this.#safe(text.slice(0, text.length - rest.length));
  }

  /** Takes the end of the text. */
  flush(): string {
    const rest = this.#held;
    this.#held = "";
    return this.#safe(rest === "\r" ? "" : rest) + (this.#coloured ? "\x1b[0m" : "");
  }

  #safe(text: string): string {
    return text.replace(
      // deno-lint-ignore no-control-regex -- they are what is looked for
      /(\x1b\[[0-9;:]*m)|\r?\n|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
      (found, colour: string | undefined) => {
        if (colour !== undefined) return this.#take(colour);
        if (found.endsWith("\n")) return this.#endLine();
        return `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}`;
      },
    );
  }

  #take(colour: string): string {
    if (!this.#colour) return "";
    this.#coloured = colour !== "\x1b[0m" && colour !== "\x1b[m";
    return colour;
  }

  #endLine(): string {
    const end = this.#coloured ? "\x1b[0m\n" : "\n";
    this.#coloured = false;
    return end;
  }
}
