import type { Sink } from "../output.ts";
import { TerminalText } from "./terminal_text.ts";

/** What is held while a live view is on; more is said to be left out. */
const HELD_LIMIT_BYTES = 1024 * 1024;
const LINE_FEED = 10;

/**
 * Lets the output of services through to a stream: at once, or, while a live view is on, later.
 *
 * It never makes a service wait: a service that is not ready yet may have a lot to say.
 */
export class LogGate {
  readonly #sink: Sink;
  readonly #text: TerminalText | undefined;
  readonly #decoder = new TextDecoder();
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #lostBytes = 0;
  #open: boolean;

  /**
   * Makes a gate.
   *
   * @param sink Where output goes.
   * @param open Whether it goes there at once.
   */
  constructor(sink: Sink, open: boolean) {
    this.#sink = sink;
    this.#open = open;
    this.#text = sink.terminal ? new TerminalText(sink.colour) : undefined;
  }

  /** Tells those who colour prefixes. */
  isTerminal(): boolean {
    return this.#sink.terminal;
  }

  /** Takes a chunk. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#open) this.#show(bytes);
    else this.#hold(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  /** Shows what was held; from now on everything goes through. */
  release(): void {
    if (this.#open) return;
    this.#open = true;
    if (this.#lostBytes > 0) {
      this.#sink.write(`… ${this.#lostBytes} bytes of output before this are left out here\n`);
    }
    for (const bytes of this.#held.splice(0)) this.#show(bytes);
    this.#heldBytes = 0;
  }

  /** Holds again what comes from now on. */
  close(): void {
    this.#open = false;
  }

  /** Takes out the whole lines that are held, as they may be shown. */
  drain(): string {
    let end = this.#held.length;
    while (end > 0 && !this.#held[end - 1]!.includes(LINE_FEED)) end--;
    const last = this.#held[end - 1];
    if (last === undefined) return "";
    const cut = last.lastIndexOf(LINE_FEED) + 1;
    const rest = last.subarray(cut);
    const taken = this.#held.splice(0, end, ...rest.length === 0 ? [] : [rest]);
    this.#heldBytes = this.#held.reduce((sum, { length }) => sum + length, 0);
    taken[end - 1] = last.subarray(0, cut);
    return taken.map((bytes) => this.#shown(bytes)).join("");
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    while (this.#heldBytes > HELD_LIMIT_BYTES && this.#held.length > 1) {
      const { length } = this.#held.shift()!;
      this.#heldBytes -= length;
      this.#lostBytes += length;
    }
  }

  #show(bytes: Uint8Array): void {
    this.#sink.write(this.#shown(bytes));
  }

  #shown(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes, { stream: true });
    return this.#text === undefined ? text : this.#text.push(text);
  }
}
