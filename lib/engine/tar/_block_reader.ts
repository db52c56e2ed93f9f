/** Reads a stream in portions of its own choosing, whatever the chunks are. */
export class BlockReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #offset = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** How many bytes were handed out. */
  get offset(): number {
    return this.#offset;
  }

  /** Between one and `limit` bytes, as they come; `null` at the end. A view, not a copy. */
  async some(limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#chunk = value as Uint8Array<ArrayBuffer>;
    }
    const part = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(part.length);
    this.#offset += part.length;
    return part;
  }

  /** Exactly `count` bytes; fewer only at the end of the stream. */
  async exactly(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = await this.some(count) ?? new Uint8Array(0);
    if (first.length === count) return first;
    const whole = new Uint8Array(count);
    whole.set(first);
    let at = first.length;
    while (at < count) {
      const part = await this.some(count - at);
      if (part === null) return whole.subarray(0, at);
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Passes over `count` bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    let skipped = 0;
    while (skipped < count) {
      const part = await this.some(count - skipped);
      if (part === null) break;
      skipped += part.length;
    }
    return skipped;
  }

  /** Tells the source that nobody reads on; harmless after its end. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {}); // a stream that failed has said so already
  }
}
