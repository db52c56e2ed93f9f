/** A piece of a stage's output. */
export interface LogChunk {
  /** Id of the stage and row. */
  readonly stage: string;
  /** The text, at most `maxBytes` of UTF-8. */
  readonly text: string;
}

/** How output is cut. */
export interface LogChunksOptions {
  /** Takes a piece, in order. */
  readonly onChunk: (chunk: LogChunk) => void;
  /** How long output may wait for more. Default 50 ms. */
  readonly waitMs?: number;
  /** With this much it does not wait any longer. Default 4 KiB. */
  readonly flushBytes?: number;
  /** Most of one piece. Default 8 KiB. */
  readonly maxBytes?: number;
}

/** Gathers output into pieces that are neither tiny nor large; no character is cut in two. */
export class LogChunks {
  readonly #options: Required<LogChunksOptions>;
  readonly #waiting = new Map<string, string[]>();
  readonly #sizes = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Makes one.
   *
   * @param options Where pieces go, and their size.
   */
  constructor(options: LogChunksOptions) {
    this.#options = { waitMs: 50, flushBytes: 4_096, maxBytes: 8_192, ...options };
  }

  /** Adds output. */
  add(stage: string, text: string): void {
    if (text === "") return;
    const parts = this.#waiting.get(stage) ?? [];
    parts.push(text);
    this.#waiting.set(stage, parts);
    const size = (this.#sizes.get(stage) ?? 0) + text.length;
    this.#sizes.set(stage, size);
    if (size >= this.#options.flushBytes) this.flush(stage);
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.waitMs);
  }

  /** Hands on what waits: of one stage, or of all. */
  flush(stage?: string): void {
    if (stage === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    for (const name of stage === undefined ? [...this.#waiting.keys()] : [stage]) {
      const text = (this.#waiting.get(name) ?? []).join("");
      this.#waiting.delete(name);
      this.#sizes.delete(name);
      for (const piece of pieces(text, this.#options.maxBytes)) {
        this.#options.onChunk({ stage: name, text: piece });
      }
    }
  }
}

function* pieces(text: string, maxBytes: number): Iterable<string> {
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(maxBytes);
  let rest = text;
  while (rest !== "") {
    // It stops in front of a character that does not fit.
    const { read } = encoder.encodeInto(rest, buffer);
    yield rest.slice(0, read);
    rest = rest.slice(read);
  }
}
