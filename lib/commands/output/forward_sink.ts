import { BatchWriter, writeAll } from "./_batch_writer.ts";
import { LinePrefixer } from "./line_prefixer.ts";
import type { OutputSink, OutputWriter } from "./sink.ts";

/**
 * Shows a stream on another one while it comes in, each line with a prefix.
 *
 * Partial lines appear at once, invalid bytes as U+FFFD, an unfinished last line gets its end.
 * When several sinks write to one place (two programs on one terminal), a line that one has begun
 * is ended before another one's begins.
 *
 * A place that nobody reads any more (`program | head -1`) is given up silently: the program that
 * is shown goes on, as it does when nobody watches.
 */
export class ForwardSink implements OutputSink {
  readonly #prefixer: LinePrefixer;
  readonly #place: Place;

  /**
   * Makes a sink for one stream.
   *
   * @param prefix Put before each line as it is; see {@linkcode nextColour} for coloured ones.
   * @param writer Where to show it, for example `Deno.stderr`.
   */
  constructor(prefix: string, writer: OutputWriter) {
    this.#prefixer = new LinePrefixer(prefix);
    this.#place = placeOf(writer);
  }

  /** Takes a chunk. */
  write(chunk: Uint8Array): void | Promise<void> {
    return this.#place.show(this.#prefixer, () => this.#prefixer.push(chunk));
  }

  /** Ends an open line and settles when everything is shown. */
  async end(): Promise<void> {
    // An open line that somebody else has ended meanwhile is not ended twice.
    await this.#place.show(this.#prefixer, () => this.#prefixer.flush());
    await this.#place.flush();
  }
}

interface Place {
  show(by: LinePrefixer, text: () => string): void | Promise<void>;
  flush(): Promise<void>;
}

const places = new WeakMap<OutputWriter, Place>();

function placeOf(writer: OutputWriter): Place {
  let place = places.get(writer);
  if (place === undefined) places.set(writer, place = makePlace(writer));
  return place;
}

function makePlace(writer: OutputWriter): Place {
  const encoder = new TextEncoder();
  let openLineOf: LinePrefixer | undefined;
  let gone = false;
  const batches = new BatchWriter(async (bytes) => {
    if (gone) return;
    try {
      await writeAll(writer, bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      gone = true; // the reader has seen enough
    }
  });
  return {
    show(by, text) {
      const foreign = openLineOf !== undefined && openLineOf !== by ? openLineOf : undefined;
      const shown = text();
      if (shown === "") return;
      foreign?.breakLine();
      openLineOf = by.atLineStart ? undefined : by;
      return batches.push(encoder.encode(foreign === undefined ? shown : `\n${shown}`));
    },
    flush: () => batches.flush(),
  };
}
