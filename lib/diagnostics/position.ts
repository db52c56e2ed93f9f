/** A place in a text, counted as people and editors count. */
export interface Position {
  /** 1-based line. */
  readonly line: number;
  /** 1-based column, in characters (code points). */
  readonly column: number;
}

/** A part of a text, by offsets in UTF-16 units; `end` is not part of it. */
export interface TextRange {
  /** Offset of the first unit. */
  readonly start: number;
  /** Offset after the last unit; equal to `start` for a place between two units. */
  readonly end: number;
}

/** A text with a name, for messages that point into it. */
export class SourceText {
  /** Name to show, usually a path. */
  readonly file: string;
  /** The whole text. */
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  /**
   * Wraps a text; nothing is computed before a position is asked for.
   *
   * @param file Name to show.
   * @param text The whole text.
   */
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /**
   * Finds line and column of an offset.
   *
   * @param offset Offset in UTF-16 units; one beyond the end counts as the end.
   */
  positionAt(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length));
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    const before = this.text.slice(starts[low]!, at);
    return { line: low + 1, column: Array.from(before).length + 1 };
  }

  /**
   * Gets a line without its end.
   *
   * @param line 1-based.
   * @returns The text of the line, empty for a line that does not exist.
   */
  lineText(line: number): string {
    const starts = this.#starts();
    const start = starts[line - 1];
    if (start === undefined) return "";
    return this.text.slice(start, starts[line] ?? this.text.length).replace(/\r?\n$/, "");
  }

  #starts(): readonly number[] {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1)) {
        starts.push(at + 1);
      }
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}
