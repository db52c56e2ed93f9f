/** A body on its way to the engine: it knows why it could not be read, and when nobody reads it. */
export class Upload {
  /** What is sent instead of the body. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #failure: { readonly error: unknown } | undefined;
  #ending: Promise<void> | undefined;

  /** Takes the body over; nobody else reads it. */
  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => this.end(reason),
    }, { highWaterMark: 0 });
  }

  /** Why the body could not be read: `fetch` only says that the call failed. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * Ends the reading and waits until it has ended. A call that has failed or was aborted still
   * reads a file otherwise when its caller removes it.
   */
  async end(reason?: unknown): Promise<void> {
    // It fails where reading has failed, which `failure` tells.
    this.#ending ??= this.#reader.cancel(reason).catch(() => {});
    await this.#ending;
    this.#controller.error(reason);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (this.#ending !== undefined) return;
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
