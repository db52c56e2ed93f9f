/** A line without an end is handed out in pieces of about this size. */
export const MAX_LINE_BYTES: number = 1024 * 1024;

/**
 * Cuts chunks of bytes into lines of text.
 *
 * One streaming decoder: a character that is cut over two chunks is put together again, invalid
 * bytes become U+FFFD. A line ends at `\n` or `\r\n`, which is not part of it.
 *
 * @example
 * ```ts
 * import { LineSplitter } from "@superorch/superorch/commands/output";
 *
 * const lines = new LineSplitter();
 * const encoder = new TextEncoder();
 * console.log(lines.push(encoder.encode("one\ntw"))); // ["one"]
 * console.log(lines.push(encoder.encode("o\nthree"))); // ["two"]
 * console.log(lines.flush()); // ["three"]
 * ```
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #maxLineBytes: number;
  #rest = "";

  /**
   * Makes a splitter that is at the start of a line.
   *
   * @param options `maxLineBytes`: longer lines come in pieces. Default 1 MiB.
   */
  constructor(options: { readonly maxLineBytes?: number } = {}) {
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
  }

  /**
   * Takes a chunk.
   *
   * @param chunk Bytes of the stream.
   * @returns The lines that are complete now.
   */
  push(chunk: Uint8Array): string[] {
    return this.#split(this.#decoder.decode(chunk, { stream: true }));
  }

  /**
   * Takes the end of the stream.
   *
   * @returns The last line, if it had no line end; otherwise nothing.
   */
  flush(): string[] {
    const lines = this.#split(this.#decoder.decode());
    if (this.#rest !== "") lines.push(this.#rest);
    this.#rest = "";
    return lines;
  }

  #split(text: string): string[] {
    // Only new text is searched: a line that comes in many chunks stays linear.
    const lines = text.split("\n");
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    const whole = lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
    if (this.#rest.length > this.#maxLineBytes) {
      whole.push(this.#rest);
      this.#rest = "";
    }
    return whole;
  }
}
