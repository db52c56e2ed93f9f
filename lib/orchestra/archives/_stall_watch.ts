/** Notices that nothing is transferred any more, however long the whole takes. */
export class StallWatch implements Disposable {
  readonly #limitMs: number;
  readonly #onStall: () => void;
  #timer: ReturnType<typeof setTimeout>;

  /**
   * Begins to watch.
   *
   * @param limitMs Nothing for so long is a stall.
   * @param onStall Is called once.
   */
  constructor(limitMs: number, onStall: () => void) {
    this.#limitMs = limitMs;
    this.#onStall = onStall;
    this.#timer = setTimeout(onStall, limitMs);
  }

  /** Passes bytes through and counts each piece as progress. */
  stream(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (bytes, controller) => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.#onStall, this.#limitMs);
        controller.enqueue(bytes);
      },
    });
  }

  /** Ends the watch. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
