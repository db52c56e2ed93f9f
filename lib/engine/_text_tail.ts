const KEPT_CHARACTERS = 2000;

/** Reads a stream of text to its end and keeps what came last. */
export class TextTail {
  #text = "";
  readonly #done: Promise<void>;

  /** Begins to read. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#done = this.#read(stream);
  }

  /** The last line so far that says something, without its period. */
  lastLine(): string {
    const line = this.#text.trim().split("\n").at(-1) ?? "";
    return line.trim().replace(/\.$/, "");
  }

  /** Waits for the end of the stream and gives its last line. */
  async end(): Promise<string> {
    await this.#done;
    return this.lastLine();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text = (this.#text + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
    }
  }
}
