/** Why a connection or a stream ends (RFC 9113, section 7). */
export type Http2ErrorCode =
  | "NO_ERROR"
  | "PROTOCOL_ERROR"
  | "INTERNAL_ERROR"
  | "FLOW_CONTROL_ERROR"
  | "SETTINGS_TIMEOUT"
  | "STREAM_CLOSED"
  | "FRAME_SIZE_ERROR"
  | "REFUSED_STREAM"
  | "CANCEL"
  | "COMPRESSION_ERROR"
  | "CONNECT_ERROR"
  | "ENHANCE_YOUR_CALM"
  | "INADEQUATE_SECURITY"
  | "HTTP_1_1_REQUIRED";

/** The numbers on the wire. */
export const HTTP2_ERROR_CODES: Readonly<Record<Http2ErrorCode, number>> = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
};

/** What BuildKit sent is not the HTTP/2 that it must be, or it gave up. */
export class Http2Error extends Error {
  /** The name of the class. */
  override readonly name: string = "Http2Error";
  /** The reason in the protocol's own terms. */
  readonly code: Http2ErrorCode;

  /** Makes the message from the fields. */
  constructor(code: Http2ErrorCode, reason: string, options?: ErrorOptions) {
    super(`Cannot speak HTTP/2 with the engine: ${reason} (${code})`, options);
    this.code = code;
  }
}
