/**
 * Where something was written. Positions are kept on every node, because ytt's messages, its
 * `-o pos` output and its schema errors all speak in lines of the original file.
 */

/** A file that was read: its name as messages show it, and its text. */
export class SourceFile {
  #lines: string[] | undefined;

  /** Nothing is split before a line is asked for. */
  constructor(readonly name: string, readonly text: string) {}

  /** The text of the 1-based `line`, without its line end. */
  line(line: number): string {
    this.#lines ??= this.text.split("\n");
    return (this.#lines[line - 1] ?? "").replace(/\r$/, "");
  }
}

/** A line of a file; `line` is 0 when it is not known. */
export class Position {
  /** `line` is 1-based. */
  constructor(readonly file: SourceFile | undefined, readonly line: number) {}

  /** Whether a line is known. */
  get known(): boolean {
    return this.line > 0;
  }

  /** `file:line`, with `?` for what is not known. */
  compact(): string {
    const line = this.known ? String(this.line) : "?";
    return this.file === undefined || this.file.name === "" ? line : `${this.file.name}:${line}`;
  }

  /** `line file:line`, the form inside sentences. */
  toString(): string {
    return `line ${this.compact()}`;
  }

  /** The source text of the line. */
  source(): string {
    return this.known ? this.file?.line(this.line) ?? "" : "";
  }
}

/** A position that is not known. */
export const unknownPosition: Position = new Position(undefined, 0);
