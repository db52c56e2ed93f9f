import { LineSplitter } from "./line_splitter.ts";
import type { OutputSink } from "./sink.ts";

/** Unread text, in UTF-16 units, beyond which the reader of a stream is held up. */
const HIGH_WATER_LENGTH = 1024 * 1024;

/** A sink whose lines are iterated over; a slow reader holds up the writer. */
export class LineFeed implements OutputSink {
  readonly #splitter = new LineSplitter();
  #lines: string[] = [];
  #length = 0;
  #ended = false;
  #news = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  /** Takes a chunk; a promise asks to wait until most of it is read. */
  write(chunk: Uint8Array): void | Promise<void> {
    this.#add(this.#splitter.push(chunk));
    if (this.#length > HIGH_WATER_LENGTH) return this.#room.promise;
  }

  /** Takes the end of the stream. */
  end(): void {
    this.#add(this.#splitter.flush());
    this.#ended = true;
    this.#news.resolve();
  }

  /** Lets go of the writer: nobody reads any more. */
  close(): void {
    this.#ended = true;
    this.#lines = [];
    this.#length = 0;
    this.#room.resolve();
    this.#news.resolve();
  }

  /** The lines, one by one as they come. */
  async *lines(): AsyncGenerator<string, void, void> {
    for (;;) {
      const batch = this.#lines;
      this.#lines = [];
      this.#length = 0;
      this.#room.resolve();
      this.#room = Promise.withResolvers();
      yield* batch;
      if (this.#lines.length > 0) continue;
      if (this.#ended) return;
      await this.#news.promise;
      this.#news = Promise.withResolvers();
    }
  }

  #add(lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of lines) {
      this.#lines.push(line);
      this.#length += line.length + 1;
    }
    this.#news.resolve();
  }
}
