import type { EngineClient, EngineEvent } from "../engine/mod.ts";
import { Turns } from "./_turns.ts";

/**
 * An engine with nothing else to do needs 30 ms for it; one that sends no such event, or is busy,
 * must not hold up the others for long.
 */
const CONNECT_MS = 250;

/**
 * Lets containers that are started side by side into their networks one after the other.
 *
 * Two parts of engine 20.10 keep what they know of networks in one file, and whoever finds it locked
 * by the other sleeps 50 ms; a third of the time that four starts at once took was spent there. Ten
 * services took 1.62 s with turns and 1.82 s without (median of eight each, in turns).
 */
export class ConnectTurns implements AsyncDisposable {
  readonly #turns = new Turns();
  readonly #connected = new Map<string, () => void>();
  readonly #events: AsyncGenerator<EngineEvent>;
  readonly #reading: Promise<void>;

  private constructor(events: AsyncGenerator<EngineEvent>) {
    this.#events = events;
    this.#reading = this.#read();
  }

  /**
   * Listens to what the engine says of its networks.
   *
   * @param engine The engine.
   * @param signal Ends the attempt.
   */
  static async open(engine: EngineClient, signal: AbortSignal): Promise<ConnectTurns> {
    const opening = new AbortController();
    const abort = () => opening.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return new ConnectTurns(
        await engine.system.events({
          types: ["network"],
          actions: ["connect"],
          signal: opening.signal,
        }),
      );
    } finally {
      // The stream lives until it is disposed of.
      signal.removeEventListener("abort", abort);
    }
  }

  /**
   * Starts a container when it is its turn; the next one's comes when this one is in its networks.
   *
   * @param id The container.
   * @param networks How many networks it is in.
   * @param start Starts it.
   * @param signal Gives the place up.
   * @returns When it has started.
   */
  async start(
    id: string,
    networks: number,
    start: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const turn = await this.#turns.take(signal);
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    let left = networks;
    this.#connected.set(id, () => --left === 0 && resolve());
    connected.then(() => turn[Symbol.dispose]());
    const timer = setTimeout(resolve, CONNECT_MS);
    try {
      await start();
    } finally {
      clearTimeout(timer);
      this.#connected.delete(id);
      resolve();
    }
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.return(undefined);
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      for await (const { Actor } of this.#events) {
        this.#connected.get(Actor.Attributes["container"] ?? "")?.();
      }
    } catch {
      // Without events the turns end by the clock; what is wrong with the engine a start tells.
    }
  }
}
