/** A whole line of a build's log. */
export interface LogLine {
  /** Its number, from 1: lines are counted when they are complete. */
  readonly n: number;
  /** The stage that wrote it; empty for what the agent says itself. */
  readonly stage: string;
  /** The text without its newline. */
  readonly text: string;
}

/**
 * Puts lines together from pieces of several stages, and counts them.
 *
 * The web page runs this same class: its text goes into the page's script, so nothing outside of it
 * may be used here.
 */
export class LogLines {
  /** The longest line, in characters; a longer one is cut. */
  readonly #limit = 65_536;
  readonly #open = new Map<string, string>();
  #count = 0;

  /** Adds a piece. @returns The lines that are complete now. */
  add(stage: string, piece: string): LogLine[] {
    const lines: LogLine[] = [];
    let text = (this.#open.get(stage) ?? "") + piece;
    let from = 0;
    for (;;) {
      const end = text.indexOf("\n", from);
      const next = end < 0 ? text.length : end;
      while (next - from > this.#limit) {
        lines.push({ n: ++this.#count, stage, text: text.slice(from, from + this.#limit) });
        from += this.#limit;
      }
      if (end < 0) break;
      lines.push({ n: ++this.#count, stage, text: text.slice(from, end) });
      from = end + 1;
    }
    text = text.slice(from);
    if (text === "") this.#open.delete(stage);
    else this.#open.set(stage, text);
    return lines;
  }

  /** What each stage has written of a line that is not complete. */
  open(): LogLine[] {
    return [...this.#open].map(([stage, text], index) => ({
      n: this.#count + 1 + index,
      stage,
      text,
    }));
  }

  /** Completes what is open: the build is over. */
  flush(): LogLine[] {
    const lines = this.open();
    this.#open.clear();
    this.#count += lines.length;
    return lines;
  }
}
