/** How much waits in memory for a slow reader before the sender is held up. */
const QUEUE_BYTES = 1024 * 1024;

/** A stream that is filled from outside, at the pace of its reader. */
export class PieceQueue {
  /** What is read. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #wake: (() => void) | undefined;
  #ended = false;

  /** `onCancel` is called when the reader gives up. */
  constructor(onCancel: (reason: unknown) => void) {
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#notify(),
      cancel: (reason) => {
        this.#ended = true;
        this.#notify();
        onCancel(reason);
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }));
  }

  /** Adds a piece and waits until there is room for the next one. */
  async push(piece: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended) throw new Error("nobody reads the files any more");
    if (piece.length > 0) this.#controller.enqueue(piece as Uint8Array<ArrayBuffer>);
    const wake = () => this.#notify();
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (!this.#ended && !signal.aborted && (this.#controller.desiredSize ?? 0) <= 0) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    signal.throwIfAborted();
  }

  /** Ends the stream well. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller.close();
    this.#notify();
  }

  /** Ends the stream with an error; what is still queued is dropped. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller.error(error);
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
