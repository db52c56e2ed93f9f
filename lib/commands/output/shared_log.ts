import { MAX_LINE_BYTES } from "./line_splitter.ts";
import type { OutputSink } from "./sink.ts";

const NEWLINE = 10;

/**
 * Lets several streams write whole lines into one sink, usually one log file.
 *
 * A line waits until it is complete (up to 1 MiB), lines come in the order of their ends. What a
 * stream leaves unfinished at its end is written then, and a line end is put after it only if
 * something else follows: the log of one stream has exactly its bytes.
 *
 * @example
 * ```ts
 * import { SharedLog, TailBuffer } from "@superorch/superorch/commands/output";
 *
 * const tail = new TailBuffer({ limitBytes: 1000 });
 * const log = new SharedLog(tail);
 * const [out, err] = [log.stream(), log.stream()];
 * const encoder = new TextEncoder();
 * out.write(encoder.encode("hel"));
 * err.write(encoder.encode("oops\n"));
 * out.write(encoder.encode("lo\n"));
 * console.log(tail.text()); // "oops\nhello\n"
 * ```
 */
export class SharedLog {
  readonly #target: OutputSink;
  #streams = 0;
  #openLineOf: OutputSink | undefined;

  /**
   * Makes the log.
   *
   * @param target Takes the lines; it is ended when the last stream has ended.
   */
  constructor(target: OutputSink) {
    this.#target = target;
  }

  /**
   * Adds a stream. All streams are added before the first one ends.
   *
   * @returns Where to write its bytes.
   */
  stream(): OutputSink {
    this.#streams++;
    const chunks: Uint8Array[] = []; // the begun line
    let pending = 0;
    let ended = false;
    const release = (chunk: Uint8Array): void | Promise<void> => {
      const parts = [...chunks.splice(0), chunk];
      pending = 0;
      return this.#put(sink, parts.length === 1 ? chunk : concat(parts));
    };
    const sink: OutputSink = {
      write: (chunk) => {
        const end = this.#openLineOf === sink ? chunk.length : chunk.lastIndexOf(NEWLINE) + 1;
        const wait = end > 0 ? release(chunk.subarray(0, end)) : undefined;
        if (end === chunk.length) return wait;
        const rest = chunk.slice(end);
        if (pending + rest.length <= MAX_LINE_BYTES) {
          chunks.push(rest);
          pending += rest.length;
          return wait;
        }
        const more = release(rest);
        return more ?? wait;
      },
      end: async () => {
        if (ended) return;
        ended = true;
        try {
          if (chunks.length > 0) await release(new Uint8Array(0));
        } finally {
          if (--this.#streams === 0) await this.#target.end?.();
        }
      },
    };
    return sink;
  }

  #put(from: OutputSink, bytes: Uint8Array): void | Promise<void> {
    const broken = this.#openLineOf !== undefined && this.#openLineOf !== from;
    this.#openLineOf = bytes.at(-1) === NEWLINE ? undefined : from;
    return this.#target.write(broken ? concat([new Uint8Array([NEWLINE]), bytes]) : bytes);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
