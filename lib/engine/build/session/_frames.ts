import { concatBytes } from "../../_bytes.ts";
import { Http2Error } from "./http2_error.ts";

/** Frame types (RFC 9113, section 6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags. */
export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

/** Settings by number (RFC 9113, section 6.5.2). */
export const SETTING = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
} as const;

/** Windows cannot grow past this. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;
/** Every peer takes frames of this size, and no frame may be larger unless it says so. */
export const DEFAULT_FRAME_BYTES = 16384;

/** One frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** A view that is valid until more is pushed. */
  readonly payload: Uint8Array;
}

/** What a client says before anything else. */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const HEAD_BYTES = 9;

/** Cuts a connection's bytes into frames, whatever pieces they come in. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0);
  #greeted: boolean;

  /** `greeting`: whether the peer is a client, and says the preface first. Default `true`. */
  constructor(options: { readonly greeting?: boolean } = {}) {
    this.#greeted = options.greeting === false;
  }

  /** Whether nothing is left of an unfinished frame. */
  get atBoundary(): boolean {
    return this.#rest.length === 0 && this.#greeted;
  }

  /**
   * Takes what has arrived.
   *
   * @param chunk Any bytes; they are not kept past the next call.
   * @yields {Frame} Each frame that is complete now. Take all of them before pushing more.
   * @throws {Http2Error} when the greeting is wrong or a frame is too large.
   */
  *push(chunk: Uint8Array): Generator<Frame> {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk]);
    let at = 0;
    if (!this.#greeted) {
      const seen = bytes.subarray(0, PREFACE.length);
      if (!seen.every((byte, index) => byte === PREFACE[index])) {
        throw new Http2Error("PROTOCOL_ERROR", "it does not begin with the HTTP/2 preface");
      }
      if (seen.length < PREFACE.length) {
        this.#rest = bytes.slice();
        return;
      }
      this.#greeted = true;
      at = PREFACE.length;
    }
    while (bytes.length - at >= HEAD_BYTES) {
      const length = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) |
        byteAt(bytes, at + 2);
      if (length > DEFAULT_FRAME_BYTES) {
        throw new Http2Error("FRAME_SIZE_ERROR", `a frame of ${length} bytes`);
      }
      const end = at + HEAD_BYTES + length;
      if (end > bytes.length) break;
      const type = byteAt(bytes, at + 3);
      const flags = byteAt(bytes, at + 4);
      const streamId = readUint32(bytes, at + 5) & 0x7fffffff;
      yield { type, flags, streamId, payload: bytes.subarray(at + HEAD_BYTES, end) };
      at = end;
    }
    this.#rest = bytes.slice(at);
  }
}

/** Writes one frame. */
export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + payload.length);
  frame[0] = payload.length >> 16;
  frame[1] = payload.length >> 8;
  frame[2] = payload.length;
  frame[3] = type;
  frame[4] = flags;
  frame.set(uint32(streamId), 5);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

/** A SETTINGS frame. */
export function encodeSettings(settings: readonly (readonly [number, number])[]): Uint8Array {
  const payload = concatBytes(
    settings.map(([id, value]) => concatBytes([Uint8Array.of(id >> 8, id), uint32(value)])),
  );
  return encodeFrame(FRAME.SETTINGS, 0, 0, payload);
}

/** A WINDOW_UPDATE frame. */
export function encodeWindowUpdate(streamId: number, bytes: number): Uint8Array {
  return encodeFrame(FRAME.WINDOW_UPDATE, 0, streamId, uint32(bytes));
}

/** The payload of DATA or HEADERS without its padding. */
export function withoutPadding(frame: Frame): Uint8Array {
  if ((frame.flags & FLAG.PADDED) === 0) return frame.payload;
  const padding = frame.payload[0];
  if (padding === undefined || padding >= frame.payload.length) {
    throw new Http2Error("PROTOCOL_ERROR", "a frame has more padding than bytes");
  }
  return frame.payload.subarray(1, frame.payload.length - padding);
}

/** Four bytes as a number. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return byteAt(bytes, at) * 2 ** 24 +
    ((byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3));
}

/** A number as four bytes. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
