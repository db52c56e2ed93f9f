import type { EngineClient, EngineEvent } from "../engine/mod.ts";

/** Takes the events of one container. */
export type EventListener = (event: EngineEvent) => void;

/**
 * The events of one run's containers: a single stream for all of them, so that nothing polls.
 */
export class NetworkEvents implements AsyncDisposable {
  readonly #listeners = new Map<string, EventListener>();
  readonly #controller = new AbortController();
  readonly #onLost: (error: unknown) => void;
  #reading: Promise<void> | undefined;
  #lost: { readonly error: unknown } | undefined;

  private constructor(onLost: (error: unknown) => void) {
    this.#onLost = onLost;
  }

  /**
   * Opens the stream; what happens after this settles is not missed.
   *
   * @param engine The engine.
   * @param labels The labels of the containers.
   * @param onLost Told once when the stream breaks.
   */
  static async open(
    engine: EngineClient,
    labels: Readonly<Record<string, string>>,
    onLost: (error: unknown) => void,
    signal?: AbortSignal,
  ): Promise<NetworkEvents> {
    const events = new NetworkEvents(onLost);
    const signals = [events.#controller.signal, signal].filter((one) => one !== undefined);
    // The caller's signal ends the opening; the stream itself lives until it is disposed of.
    const opening = new AbortController();
    const abort = () => opening.abort(AbortSignal.any(signals).reason);
    for (const one of signals) one.addEventListener("abort", abort, { once: true });
    try {
      const stream = await engine.system.events({
        labels,
        types: ["container"],
        // Each program that is run in a container is three more, which nobody here wants.
        actions: ["start", "die", "kill", "oom", "pause", "unpause", "health_status"],
        signal: opening.signal,
      });
      events.#reading = events.#read(stream);
      return events;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Whether the stream has broken; nothing comes any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * Hands the events of one container to a listener; there is one for each.
   *
   * @throws {unknown} what the stream broke with: who listens from now on would wait for ever.
   */
  listen(id: string, listener: EventListener): void {
    if (this.#lost !== undefined) throw this.#lost.error;
    this.#listeners.set(id, listener);
  }

  /** Forgets a container. */
  forget(id: string): void {
    this.#listeners.delete(id);
  }

  /** Closes the stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#reading;
  }

  async #read(stream: AsyncGenerator<EngineEvent>): Promise<void> {
    let lost: unknown = new Error("The engine closed the stream of events");
    try {
      for await (const event of stream) this.#listeners.get(event.Actor.ID)?.(event);
    } catch (error) {
      lost = error;
    }
    if (this.#controller.signal.aborted) return;
    this.#lost = { error: lost };
    this.#onLost(lost);
  }
}
