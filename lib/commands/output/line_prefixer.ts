/**
 * Puts a prefix before each line of a stream, without waiting for lines to end.
 *
 * One streaming decoder: a character that is cut over two chunks is put together again, invalid
 * bytes become U+FFFD.
 *
 * @example
 * ```ts
 * import { LinePrefixer } from "@superorch/superorch/commands/output";
 *
 * const prefixer = new LinePrefixer("db  | ");
 * const text = prefixer.push(new TextEncoder().encode("ready\n\nlisten")) + prefixer.flush();
 * console.log(text); // "db  | ready\ndb  | \ndb  | listen\n"
 * ```
 */
export class LinePrefixer {
  /** What stands before each line. */
  readonly prefix: string;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #atLineStart = true;

  /**
   * Makes a prefixer that is at the start of a line.
   *
   * @param prefix Put before each line as it is.
   */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Whether the text given out so far ends with a whole line. */
  get atLineStart(): boolean {
    return this.#atLineStart;
  }

  /**
   * Takes a chunk.
   *
   * @param chunk Bytes of the stream.
   * @returns The text to show for it at once.
   */
  push(chunk: Uint8Array): string {
    return this.#prefixed(this.#decoder.decode(chunk, { stream: true }));
  }

  /**
   * Takes the end of the stream.
   *
   * @returns What is still to show: half a character as U+FFFD, and the end of an open line.
   */
  flush(): string {
    const text = this.#prefixed(this.#decoder.decode());
    const end = this.#atLineStart ? "" : "\n";
    this.#atLineStart = true;
    return text + end;
  }

  /** Says that somebody else has ended the open line: what comes next gets a prefix. */
  breakLine(): void {
    this.#atLineStart = true;
  }

  #prefixed(text: string): string {
    if (text === "") return "";
    const ended = text.endsWith("\n");
    const body = ended ? text.slice(0, -1) : text;
    const start = this.#atLineStart ? this.prefix : "";
    this.#atLineStart = ended;
    return start + body.replaceAll("\n", () => `\n${this.prefix}`) + (ended ? "\n" : "");
  }
}
