import { concatBytes } from "../../_bytes.ts";
import { encodeFrame, FLAG, FRAME, MAX_WINDOW_BYTES } from "./_frames.ts";
import { encodeHeaders, type HeaderField } from "./_hpack.ts";
import { Http2Error } from "./http2_error.ts";
import type { WireWriter } from "./_wire.ts";

/** How much a peer may send on one stream before somebody has read it. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;

/** What a stream needs of its connection. */
export interface StreamConnection {
  readonly writer: WireWriter;
  /** The largest payload of a frame that the peer takes. */
  readonly maxFrameBytes: number;
  /** Takes up to `limit` bytes of the connection's window, waiting for the first one. */
  takeWindow(limit: number, stream: Http2Stream): Promise<number>;
  /** Lets the peer send so many bytes more on a stream. */
  credit(streamId: number, bytes: number): void;
  /** Both sides have ended. */
  forget(streamId: number): void;
}

/** One request of the peer, and our answer to it. */
export class Http2Stream {
  /** Its number. */
  readonly id: number;
  /** Headers in order, pseudo-headers such as `:path` among them. */
  readonly headers: readonly HeaderField[];
  readonly #connection: StreamConnection;
  readonly #aborted = new AbortController();
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #uncredited = 0;
  #peerEnded = false;
  #weEnded = false;
  #responded = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  /** What the peer lets us send on this stream. */
  sendWindow: number;

  constructor(
    id: number,
    headers: readonly HeaderField[],
    connection: StreamConnection,
    sendWindow: number,
  ) {
    this.id = id;
    this.headers = headers;
    this.#connection = connection;
    this.sendWindow = sendWindow;
  }

  /** Aborted when the peer gives up the request or the connection ends. */
  get signal(): AbortSignal {
    return this.#aborted.signal;
  }

  /** Whether the peer has said all it wants to say. */
  get peerEnded(): boolean {
    return this.#peerEnded;
  }

  /**
   * Waits for data.
   *
   * @returns All that has arrived since; `null` when the peer has ended.
   * @throws {Http2Error} when the peer has given up.
   */
  async read(): Promise<Uint8Array | null> {
    while (this.#queuedBytes === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#peerEnded) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const [first, ...more] = this.#queue;
    const bytes = first !== undefined && more.length === 0 ? first : concatBytes(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#uncredited += bytes.length;
    // Credit in large steps: a WINDOW_UPDATE for each frame would double the packets.
    if (this.#uncredited >= STREAM_WINDOW_BYTES / 4 && !this.#peerEnded) {
      this.#connection.credit(this.id, this.#uncredited);
      this.#uncredited = 0;
    }
    return bytes;
  }

  /** Sends the headers of the answer, once. */
  respond(fields: readonly HeaderField[]): void {
    if (this.#responded || this.#weEnded) return;
    this.#responded = true;
    this.#push(FRAME.HEADERS, FLAG.END_HEADERS, encodeHeaders(fields));
  }

  /** Whether the headers of the answer are on their way. */
  get responded(): boolean {
    return this.#responded;
  }

  /**
   * Sends data, as fast as the peer allows.
   *
   * @throws {Http2Error} when the peer has given up.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const limit = Math.min(bytes.length - at, this.#connection.maxFrameBytes);
      const size = await this.#connection.takeWindow(limit, this);
      this.#push(FRAME.DATA, 0, bytes.subarray(at, at + size));
      at += size;
      await this.#connection.writer.drained();
    }
  }

  /** Ends the answer with trailers, or with headers alone when nothing was sent. */
  end(trailers: readonly HeaderField[]): void {
    if (this.#weEnded) return;
    this.#weEnded = true;
    this.#push(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, encodeHeaders(trailers));
    // NO_ERROR after a complete answer: the peer need not send the rest (RFC 9113, section 8.1).
    if (!this.#peerEnded) this.#push(FRAME.RST_STREAM, 0, new Uint8Array(4));
    this.#connection.forget(this.id);
  }

  /** Data has arrived. The bytes are copied. */
  accept(bytes: Uint8Array, ended: boolean): void {
    if (bytes.length > 0) {
      this.#queuedBytes += bytes.length;
      if (this.#queuedBytes + this.#uncredited > STREAM_WINDOW_BYTES) {
        throw new Http2Error("FLOW_CONTROL_ERROR", `stream ${this.id} has more than it may send`);
      }
      this.#queue.push(bytes.slice());
    }
    if (ended) this.#peerEnded = true;
    this.#notify();
  }

  /** Padding counts for the window and carries nothing. */
  acceptPadding(bytes: number): void {
    if (bytes > 0 && !this.#peerEnded) this.#connection.credit(this.id, bytes);
  }

  /** The peer allows more, or less when it changes its settings. */
  growSendWindow(bytes: number): void {
    this.sendWindow += bytes;
    if (this.sendWindow > MAX_WINDOW_BYTES) {
      throw new Http2Error("FLOW_CONTROL_ERROR", `the window of stream ${this.id} is too large`);
    }
  }

  /** The request cannot go on. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#weEnded = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#aborted.abort(error);
    this.#notify();
  }

  #push(type: number, flags: number, payload: Uint8Array): void {
    this.#connection.writer.push(encodeFrame(type, flags, this.id, payload));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
