import { encodeFrame, FLAG, FRAME, uint32 } from "./_frames.ts";
import type { HeaderField } from "./_hpack.ts";
import { Http2Connection } from "./_http2_connection.ts";
import { HTTP2_ERROR_CODES, Http2Error } from "./http2_error.ts";
import { Http2Stream } from "./_http2_stream.ts";
import type { Wire } from "./_wire.ts";

/** What the peer says to one request. */
export interface Http2Answer extends Disposable {
  /** Headers and trailers, as far as they have come. */
  readonly fields: readonly HeaderField[];
  /** Waits for data; `null` at the end. */
  read(): Promise<Uint8Array | null>;
}

/** The client's side of one HTTP/2 connection. */
export class Http2Client extends Http2Connection {
  readonly #fields = new Map<number, HeaderField[]>();

  /** Takes a connection over that has switched to HTTP/2. */
  constructor(wire: Wire) {
    super(wire, "client");
  }

  /**
   * Sends a request.
   *
   * @param fields Its headers, those that begin with a colon first.
   * @param body All of its body.
   * @returns The answer. Dispose it: what is not read to its end is given up then.
   */
  request(fields: readonly HeaderField[], body: Uint8Array): Http2Answer {
    if (this.closing) throw new Http2Error("CANCEL", "the connection has ended");
    const id = this.lastStreamId === 0 ? 1 : this.lastStreamId + 2;
    this.lastStreamId = id;
    const stream = new Http2Stream(id, [], this, this.initialSendWindow);
    const got: HeaderField[] = [];
    this.streams.set(id, stream);
    this.#fields.set(id, got);
    stream.respond(fields);
    const sent = stream.write(body).then(() => {
      this.writer.push(encodeFrame(FRAME.DATA, FLAG.END_STREAM, id));
    });
    sent.catch(() => {}); // a peer that does not want the rest says so in its answer
    return {
      fields: got,
      read: () => stream.read(),
      [Symbol.dispose]: () => {
        this.#fields.delete(id);
        if (!this.streams.has(id)) return;
        if (!stream.peerEnded) {
          const code = uint32(HTTP2_ERROR_CODES.CANCEL);
          this.writer.push(encodeFrame(FRAME.RST_STREAM, 0, id, code));
        }
        stream.fail(new Http2Error("CANCEL", "the request was given up"));
        this.forget(id);
      },
    };
  }

  /** Headers of an answer, or its trailers. */
  protected override headers(streamId: number, fields: HeaderField[], ended: boolean): void {
    if (streamId > this.lastStreamId) {
      throw new Http2Error("PROTOCOL_ERROR", `an answer to ${streamId}, which was not asked`);
    }
    this.#fields.get(streamId)?.push(...fields);
    if (ended) this.streams.get(streamId)?.accept(new Uint8Array(0), true);
  }

  /** Who waits for an answer is told by its stream. */
  protected override settled(): Promise<unknown> {
    return Promise.resolve();
  }
}
