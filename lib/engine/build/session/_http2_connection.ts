import { concatBytes } from "../../_bytes.ts";
import {
  DEFAULT_FRAME_BYTES,
  encodeFrame,
  encodeSettings,
  encodeWindowUpdate,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  MAX_WINDOW_BYTES,
  PREFACE,
  readUint32,
  SETTING,
  uint32,
  withoutPadding,
} from "./_frames.ts";
import { type HeaderField, HpackDecoder } from "./_hpack.ts";
import { HTTP2_ERROR_CODES, Http2Error, type Http2ErrorCode } from "./http2_error.ts";
import { type Http2Stream, STREAM_WINDOW_BYTES, type StreamConnection } from "./_http2_stream.ts";
import { type Wire, WireWriter } from "./_wire.ts";

/** Room for all streams together; their own windows bound what waits in memory. */
const CONNECTION_WINDOW_BYTES = 32 * 1024 * 1024;
/** How many requests may be going on at a time. */
export const MAX_STREAMS = 64;
const MAX_HEADER_BLOCK_BYTES = 256 * 1024;

/**
 * One HTTP/2 connection (RFC 9113), as a BuildKit daemon uses it: cleartext, prior knowledge, no
 * priorities, no push. Written on a raw connection because `node:http2` costs 30 ms of start-up, and
 * Deno's own server and client take no connection that is open already.
 *
 * What both sides have in common; requests are always the client's, so numbers of streams are odd.
 */
export abstract class Http2Connection implements StreamConnection, AsyncDisposable {
  /** Everything that leaves. */
  readonly writer: WireWriter;
  /** Requests that have not ended. */
  protected readonly streams: Map<number, Http2Stream> = new Map();
  /** The number of the latest request. */
  protected lastStreamId = 0;
  /** What the peer lets us send on a new stream. */
  protected initialSendWindow = 65535;
  readonly #wire: Wire;
  readonly #frames: FrameReader;
  readonly #hpack = new HpackDecoder();
  readonly #windowWaiters = new Set<() => void>();
  readonly #finished: Promise<void>;
  #headerBlock:
    | { streamId: number; ended: boolean; parts: Uint8Array[]; bytes: number }
    | undefined;
  #sendWindow = 65535;
  #uncredited = 0;
  #closing = false;
  /** The largest payload of a frame that the peer takes. */
  maxFrameBytes = DEFAULT_FRAME_BYTES;

  /** Takes a connection over, and reads it until it ends. */
  constructor(wire: Wire, side: "client" | "server") {
    this.#wire = wire;
    this.#frames = new FrameReader({ greeting: side === "server" });
    this.writer = new WireWriter(wire);
    if (side === "client") this.writer.push(PREFACE);
    this.writer.push(encodeSettings([
      [SETTING.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
    ]));
    this.writer.push(encodeWindowUpdate(0, CONNECTION_WINDOW_BYTES - 65535));
    // What reads is a subclass, whose own fields are not there yet.
    this.#finished = Promise.resolve().then(() => this.#serve());
    this.#finished.catch(() => {}); // for those who ask `finished`; nobody has to
  }

  /** The headers of a request, of an answer, or what follows either. */
  protected abstract headers(streamId: number, fields: HeaderField[], ended: boolean): void;

  /** Settles when nothing that uses the connection goes on any more; its streams have failed. */
  protected abstract settled(): Promise<unknown>;

  /** Whether nothing can be sent any more. */
  protected get closing(): boolean {
    return this.#closing;
  }

  /**
   * Settles when the connection has ended and nothing uses it any more.
   *
   * Rejects with {@linkcode Http2Error} when the peer broke the protocol, or with what the
   * connection threw; a connection that we closed or that ended between two frames is no failure.
   */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Ends the connection; requests that go on are aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#wire[Symbol.dispose]();
    await this.#finished.catch(() => {}); // told to those who ask `finished`
  }

  async #serve(): Promise<void> {
    let failure: unknown;
    try {
      while (true) {
        const chunk = await this.#wire.read();
        if (chunk === null) break;
        for (const frame of this.#frames.push(chunk)) this.#accept(frame);
        // A peer that floods us with pings and reads no answers waits here with us.
        await this.writer.drained();
      }
      if (!this.#frames.atBoundary && !this.#closing) {
        throw new Http2Error("PROTOCOL_ERROR", "the connection ends within a frame");
      }
    } catch (error) {
      if (!this.#closing) {
        failure = error;
        await this.#goAway(error instanceof Http2Error ? error.code : "INTERNAL_ERROR");
      }
    }
    this.#closing = true;
    this.#wire[Symbol.dispose]();
    const reason = failure instanceof Error
      ? failure
      : new Http2Error("CANCEL", "the connection has ended");
    for (const stream of this.streams.values()) stream.fail(reason);
    this.#wakeWriters();
    await this.settled();
    if (failure !== undefined) throw failure;
  }

  async #goAway(code: Http2ErrorCode): Promise<void> {
    const payload = concatBytes([uint32(this.lastStreamId), uint32(HTTP2_ERROR_CODES[code])]);
    this.writer.push(encodeFrame(FRAME.GOAWAY, 0, 0, payload));
    // The peer may be gone or not be reading: the last word is worth no wait.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, 500));
    await Promise.race([this.writer.drained().catch(() => {}), patience]);
    clearTimeout(timer);
  }

  #accept(frame: Frame): void {
    const { type, streamId, payload } = frame;
    const open = this.#headerBlock;
    if (open !== undefined && (type !== FRAME.CONTINUATION || streamId !== open.streamId)) {
      throw new Http2Error("PROTOCOL_ERROR", "another frame interrupts a header block");
    }
    switch (type) {
      case FRAME.DATA:
        return this.#data(frame);
      case FRAME.HEADERS:
        return this.#headers(frame);
      case FRAME.CONTINUATION:
        return this.#continuation(frame);
      case FRAME.SETTINGS:
        return this.#settings(frame);
      case FRAME.PING:
        requireSize(payload, 8);
        requireConnection(streamId);
        if ((frame.flags & FLAG.ACK) === 0) {
          this.writer.push(encodeFrame(FRAME.PING, FLAG.ACK, 0, payload.slice()));
        }
        return;
      case FRAME.WINDOW_UPDATE:
        return this.#windowUpdate(frame);
      case FRAME.RST_STREAM:
        requireSize(payload, 4);
        this.#requireKnown(streamId);
        this.streams.get(streamId)?.fail(
          new Http2Error("CANCEL", `the peer gave up a request (${readUint32(payload, 0)})`),
        );
        this.forget(streamId);
        return;
      case FRAME.PRIORITY:
        requireSize(payload, 5);
        if (streamId === 0) throw new Http2Error("PROTOCOL_ERROR", "a priority of no stream");
        return;
      case FRAME.PUSH_PROMISE:
        throw new Http2Error("PROTOCOL_ERROR", "nobody may push");
      case FRAME.GOAWAY:
        requireConnection(streamId);
        if (payload.length < 8) throw new Http2Error("FRAME_SIZE_ERROR", "a short GOAWAY");
        return;
    }
    // Frames of unknown types are for others (RFC 9113, section 4.1).
  }

  #headers(frame: Frame): void {
    const { streamId, flags } = frame;
    if (streamId % 2 === 0) throw new Http2Error("PROTOCOL_ERROR", `a request ${streamId}`);
    let block = withoutPadding(frame);
    if ((flags & FLAG.PRIORITY) !== 0) {
      if (block.length < 5) throw new Http2Error("FRAME_SIZE_ERROR", "a short HEADERS");
      block = block.subarray(5);
    }
    const ended = (flags & FLAG.END_STREAM) !== 0;
    this.#headerBlock = { streamId, ended, parts: [block.slice()], bytes: block.length };
    if ((flags & FLAG.END_HEADERS) !== 0) this.#headersComplete();
  }

  #continuation(frame: Frame): void {
    const open = this.#headerBlock;
    if (open === undefined) {
      throw new Http2Error("PROTOCOL_ERROR", "a continuation of nothing");
    }
    open.bytes += frame.payload.length;
    // Empty ones cost nothing but time: count each as a byte.
    open.bytes += 1;
    if (open.bytes > MAX_HEADER_BLOCK_BYTES) {
      throw new Http2Error("ENHANCE_YOUR_CALM", "a header block without end");
    }
    open.parts.push(frame.payload.slice());
    if ((frame.flags & FLAG.END_HEADERS) !== 0) this.#headersComplete();
  }

  #headersComplete(): void {
    const open = this.#headerBlock;
    if (open === undefined) return;
    this.#headerBlock = undefined;
    this.headers(open.streamId, this.#hpack.decode(concatBytes(open.parts)), open.ended);
  }

  #data(frame: Frame): void {
    const { streamId, flags, payload } = frame;
    if (streamId === 0) throw new Http2Error("PROTOCOL_ERROR", "data of no stream");
    this.#requireKnown(streamId);
    const content = withoutPadding(frame);
    // The connection's window is given back at once: a slow reader holds up its own stream only.
    this.#uncredited += payload.length;
    if (this.#uncredited >= CONNECTION_WINDOW_BYTES / 4) {
      this.credit(0, this.#uncredited);
      this.#uncredited = 0;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    if (stream.peerEnded) throw new Http2Error("STREAM_CLOSED", `data after the end`);
    stream.accept(content, (flags & FLAG.END_STREAM) !== 0);
    stream.acceptPadding(payload.length - content.length);
  }

  #settings(frame: Frame): void {
    const { payload, flags, streamId } = frame;
    requireConnection(streamId);
    if ((flags & FLAG.ACK) !== 0) return requireSize(payload, 0);
    if (payload.length % 6 !== 0) throw new Http2Error("FRAME_SIZE_ERROR", "a broken setting");
    for (let at = 0; at < payload.length; at += 6) {
      const id = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
      const value = readUint32(payload, at + 2);
      if (id === SETTING.INITIAL_WINDOW_SIZE) {
        if (value > MAX_WINDOW_BYTES) {
          throw new Http2Error("FLOW_CONTROL_ERROR", `a window of ${value} bytes`);
        }
        const change = value - this.initialSendWindow;
        this.initialSendWindow = value;
        for (const stream of this.streams.values()) stream.growSendWindow(change);
      } else if (id === SETTING.MAX_FRAME_SIZE) {
        if (value < DEFAULT_FRAME_BYTES || value >= 2 ** 24) {
          throw new Http2Error("PROTOCOL_ERROR", `frames of ${value} bytes`);
        }
        this.maxFrameBytes = Math.min(value, 256 * 1024);
      } else if (id === SETTING.ENABLE_PUSH && value > 1) {
        throw new Http2Error("PROTOCOL_ERROR", `a push setting of ${value}`);
      }
    }
    this.writer.push(encodeFrame(FRAME.SETTINGS, FLAG.ACK, 0));
    this.#wakeWriters();
  }

  #windowUpdate(frame: Frame): void {
    requireSize(frame.payload, 4);
    const bytes = readUint32(frame.payload, 0) & 0x7fffffff;
    if (bytes === 0) throw new Http2Error("PROTOCOL_ERROR", "a window that grows by nothing");
    if (frame.streamId === 0) {
      this.#sendWindow += bytes;
      if (this.#sendWindow > MAX_WINDOW_BYTES) {
        throw new Http2Error("FLOW_CONTROL_ERROR", "the window of the connection is too large");
      }
    } else {
      this.#requireKnown(frame.streamId);
      this.streams.get(frame.streamId)?.growSendWindow(bytes);
    }
    this.#wakeWriters();
  }

  #requireKnown(streamId: number): void {
    if (streamId === 0 || streamId % 2 === 0 || streamId > this.lastStreamId) {
      throw new Http2Error("PROTOCOL_ERROR", `a frame for stream ${streamId}, which is idle`);
    }
  }

  /** Takes up to `limit` bytes of both windows, waiting for the first one. */
  async takeWindow(limit: number, stream: Http2Stream): Promise<number> {
    while (true) {
      const size = Math.min(limit, this.#sendWindow, stream.sendWindow);
      if (stream.signal.aborted) throw stream.signal.reason;
      if (this.#closing) throw new Http2Error("CANCEL", "the connection has ended");
      if (size > 0) {
        this.#sendWindow -= size;
        stream.sendWindow -= size;
        return size;
      }
      await new Promise<void>((resolve) => this.#windowWaiters.add(resolve));
    }
  }

  /** Lets the peer send so many bytes more. */
  credit(streamId: number, bytes: number): void {
    if (streamId === 0 || this.streams.has(streamId)) {
      this.writer.push(encodeWindowUpdate(streamId, bytes));
    }
  }

  /** Both sides of a stream have ended. */
  forget(streamId: number): void {
    this.streams.delete(streamId);
    this.#wakeWriters();
  }

  #wakeWriters(): void {
    for (const wake of this.#windowWaiters) wake();
    this.#windowWaiters.clear();
  }
}

function requireSize(payload: Uint8Array, bytes: number): void {
  if (payload.length !== bytes) {
    throw new Http2Error("FRAME_SIZE_ERROR", `${payload.length} bytes where ${bytes} belong`);
  }
}

function requireConnection(streamId: number): void {
  if (streamId !== 0) {
    throw new Http2Error("PROTOCOL_ERROR", "a frame of the connection names a stream");
  }
}
