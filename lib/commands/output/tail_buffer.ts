import type { OutputSink } from "./sink.ts";

/** One pipe's worth: big enough that 100 MiB are 1,600 blocks, small beside any limit in use. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Keeps exactly the last bytes of a stream.
 *
 * Memory: the limit and one block of 64 KiB. Blocks are reused, so a long stream makes no garbage.
 *
 * @example
 * ```ts
 * import { TailBuffer } from "@superorch/superorch/commands/output";
 *
 * const tail = new TailBuffer({ limitBytes: 4 });
 * tail.write(new TextEncoder().encode("abcdef"));
 * console.log(new TextDecoder().decode(tail.bytes()), tail.droppedBytes); // "cdef" 2
 * ```
 */
export class TailBuffer implements OutputSink {
  /** How many bytes are kept at most. */
  readonly limitBytes: number;
  #blocks: { bytes: Uint8Array<ArrayBuffer>; used: number }[] = [];
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #held = 0;
  #total = 0;

  /**
   * Makes an empty buffer.
   *
   * @param options `limitBytes`: how many bytes to keep; `0` keeps none, `Infinity` all.
   * @throws {RangeError} when the limit is negative or not a number.
   */
  constructor(options: { readonly limitBytes: number }) {
    if (!(options.limitBytes >= 0)) {
      throw new RangeError(`Cannot keep ${options.limitBytes} bytes: a limit is 0 or more`);
    }
    this.limitBytes = options.limitBytes;
  }

  /** How many bytes have come in so far. */
  get totalBytes(): number {
    return this.#total;
  }

  /** How many of them are no longer kept. */
  get droppedBytes(): number {
    return Math.max(0, this.#total - this.limitBytes);
  }

  /** Takes a chunk. */
  write(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (this.limitBytes === 0) return;
    let rest = chunk.length > this.limitBytes ? chunk.subarray(-this.limitBytes) : chunk;
    while (rest.length > 0) {
      let last = this.#blocks.at(-1);
      if (last === undefined || last.used === last.bytes.length) {
        // The first block fits what came: most commands print a line or two.
        const size = last === undefined ? Math.min(BLOCK_BYTES, Math.max(1024, rest.length)) : 0;
        last = { bytes: this.#takeBlock(size || BLOCK_BYTES), used: 0 };
        this.#blocks.push(last);
      }
      const part = rest.subarray(0, last.bytes.length - last.used);
      last.bytes.set(part, last.used);
      last.used += part.length;
      this.#held += part.length;
      rest = rest.subarray(part.length);
      this.#dropOld();
    }
  }

  /** A copy of what is kept. */
  bytes(): Uint8Array<ArrayBuffer> {
    const kept = Math.min(this.#held, this.limitBytes);
    const result = new Uint8Array(kept);
    let end = kept;
    for (let index = this.#blocks.length - 1; index >= 0 && end > 0; index--) {
      const block = this.#blocks[index];
      if (block === undefined) break;
      const from = Math.max(0, block.used - end);
      const part = block.bytes.subarray(from, block.used);
      result.set(part, end - part.length);
      end -= part.length;
    }
    return result;
  }

  /** What is kept, as text; invalid bytes, also those of a character cut in half, as U+FFFD. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes());
  }

  #takeBlock(size: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? new Uint8Array(size);
  }

  #dropOld(): void {
    for (;;) {
      const [oldest] = this.#blocks;
      if (oldest === undefined || this.#held - oldest.used < this.limitBytes) return;
      this.#blocks.shift();
      this.#held -= oldest.used;
      if (oldest.bytes.length === BLOCK_BYTES) this.#spare = oldest.bytes;
    }
  }
}
