import { encodeFrame, FRAME, uint32 } from "./_frames.ts";
import type { HeaderField } from "./_hpack.ts";
import { Http2Connection, MAX_STREAMS } from "./_http2_connection.ts";
import { HTTP2_ERROR_CODES, Http2Error } from "./http2_error.ts";
import { Http2Stream } from "./_http2_stream.ts";
import type { Wire } from "./_wire.ts";

/** Answers one request. What it throws is its own affair: the stream must be ended by it. */
export type Http2Handler = (stream: Http2Stream) => Promise<void>;

/** The server's side of one HTTP/2 connection. */
export class Http2Server extends Http2Connection {
  readonly #handler: Http2Handler;
  readonly #handling = new Set<Promise<void>>();

  /** Takes a connection over and serves it until it ends. */
  constructor(wire: Wire, handler: Http2Handler) {
    super(wire, "server");
    this.#handler = handler;
  }

  /** A new request, or what ends one. */
  protected override headers(streamId: number, fields: HeaderField[], ended: boolean): void {
    if (streamId <= this.lastStreamId) {
      // Trailers of the request, or a late word on one that has been answered.
      if (!ended) throw new Http2Error("PROTOCOL_ERROR", "trailers that end nothing");
      this.streams.get(streamId)?.accept(new Uint8Array(0), true);
      return;
    }
    this.lastStreamId = streamId;
    // Counted by handlers: a peer that opens and resets without end has no streams left open.
    if (this.#handling.size >= MAX_STREAMS) {
      const refused = uint32(HTTP2_ERROR_CODES.REFUSED_STREAM);
      this.writer.push(encodeFrame(FRAME.RST_STREAM, 0, streamId, refused));
      return;
    }
    const stream = new Http2Stream(streamId, fields, this, this.initialSendWindow);
    this.streams.set(streamId, stream);
    if (ended) stream.accept(new Uint8Array(0), true);
    // A handler answers with a status whatever happens; what escapes it ends its stream.
    const handling = this.#handler(stream).catch((error) => {
      stream.fail(error instanceof Error ? error : new Error(String(error)));
      const code = uint32(HTTP2_ERROR_CODES.INTERNAL_ERROR);
      this.writer.push(encodeFrame(FRAME.RST_STREAM, 0, streamId, code));
      this.forget(streamId);
    });
    this.#handling.add(handling);
    handling.finally(() => this.#handling.delete(handling));
  }

  /** No handler runs any more. */
  protected override settled(): Promise<unknown> {
    return Promise.all(this.#handling);
  }
}
