import { concatBytes } from "../../_bytes.ts";

/** A raw connection; `HijackedStream` is one. */
export interface Wire extends Disposable {
  /** What has arrived, valid until the next call; `null` at the end. */
  read(): Promise<Uint8Array | null>;
  /** Writes all bytes. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Writes from many places to one wire: in order, joined where the wire is slower. */
export class WireWriter {
  readonly #wire: Wire;
  #queue: Uint8Array[] = [];
  #pump: Promise<void> | undefined;
  #failure: unknown;
  #failed = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Queues bytes. They must not change any more. */
  push(bytes: Uint8Array): void {
    if (this.#failed) return;
    this.#queue.push(bytes);
    this.#pump ??= this.#run();
  }

  /**
   * Waits until everything queued is written.
   *
   * @throws what the wire threw, then and ever after.
   */
  async drained(): Promise<void> {
    while (this.#pump !== undefined) await this.#pump;
    if (this.#failed) throw this.#failure;
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const bytes = concatBytes(this.#queue);
        this.#queue = [];
        await this.#wire.write(bytes);
      }
    } catch (error) {
      // Kept for whoever waits; the reading side of the wire notices by itself.
      this.#failed = true;
      this.#failure = error;
      this.#queue = [];
    } finally {
      this.#pump = undefined;
    }
  }
}
