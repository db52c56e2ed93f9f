import { errorMessage } from "../../../errors/error_message.ts";
import { concatBytes } from "../../_bytes.ts";
import type { HeaderField } from "./_hpack.ts";
import type { Http2Stream } from "./_http2_stream.ts";
import { readUint32, uint32 } from "./_frames.ts";

/** Statuses of a call (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The name of a status. */
export type GrpcStatus = keyof typeof GRPC_STATUS;

/** Ends a call with a status that the daemon sees; the message becomes part of its own error. */
export class GrpcError extends Error {
  /** The name of the class. */
  override readonly name: string = "GrpcError";
  /** The status. */
  readonly status: GrpcStatus;

  /** Takes the status and the text that goes with it. */
  constructor(status: GrpcStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** One call of the daemon. */
export interface GrpcCall {
  /** Path of the method, for example `/grpc.health.v1.Health/Check`. */
  readonly path: string;
  /** All values of one metadata key. */
  metadata(key: string): readonly string[];
  /** The messages of the daemon, as they arrive. */
  readonly messages: AsyncGenerator<Uint8Array>;
  /** Sends one message, as fast as the daemon takes it. */
  send(message: Uint8Array): Promise<void>;
  /** Aborted when the daemon gives the call up. */
  readonly signal: AbortSignal;
}

/** Answers a call; returning ends it with OK, {@linkcode GrpcError} with its status. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>;

/** Services of a session by path of the method. */
export type GrpcMethods = Readonly<Record<string, GrpcMethod>>;

/** BuildKit's own messages have a few hundred bytes, its file chunks some 10 kB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const OPENING: readonly HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];

/**
 * Turns methods into a handler of HTTP/2 requests.
 *
 * @param methods The methods by path; calls of others end with UNIMPLEMENTED.
 * @returns The handler.
 */
export function grpcHandler(methods: GrpcMethods): (stream: Http2Stream) => Promise<void> {
  return async (stream) => {
    const headers = new Map<string, string[]>();
    for (const [name, value] of stream.headers) {
      const values = headers.get(name);
      if (values === undefined) headers.set(name, [value]);
      else values.push(value);
    }
    const path = headers.get(":path")?.[0] ?? "";
    const method = Object.hasOwn(methods, path) ? methods[path] : undefined;
    let status: GrpcStatus = "OK";
    let message = "";
    // A message may take several frames, and those of two must not mix.
    let sending: Promise<void> = Promise.resolve();
    try {
      if (method === undefined) throw new GrpcError("UNIMPLEMENTED", `no method "${path}"`);
      await method({
        path,
        metadata: (key) => headers.get(key) ?? [],
        messages: readMessages(stream),
        send(bytes) {
          stream.respond(OPENING);
          const framed = concatBytes([Uint8Array.of(0), uint32(bytes.length), bytes]);
          const sent = sending.then(() => stream.write(framed));
          sending = sent.catch(() => {}); // whoever sent it gets it
          return sent;
        },
        signal: stream.signal,
      });
    } catch (error) {
      status = error instanceof GrpcError ? error.status : "UNKNOWN";
      message = errorMessage(error);
    }
    stream.end([
      ...(stream.responded ? [] : OPENING),
      ["grpc-status", String(GRPC_STATUS[status])],
      ...(message === "" ? [] : [["grpc-message", percentEncode(message)] as const]),
    ]);
  };
}

/** The messages of one direction of a call, as they arrive. */
export async function* readMessages(
  stream: { read(): Promise<Uint8Array | null> },
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let have = 0;
  let need = 5;
  while (true) {
    const chunk = await stream.read();
    if (chunk === null) break;
    parts.push(chunk);
    have += chunk.length;
    // Joined only when a message is complete: joining at each chunk would be quadratic.
    if (have < need) continue;
    let bytes = concatBytes(parts);
    for (need = 5; bytes.length >= need; need = 5) {
      if (bytes[0] !== 0) throw new GrpcError("UNIMPLEMENTED", "messages must not be compressed");
      need = 5 + readUint32(bytes, 1);
      if (need > MAX_MESSAGE_BYTES) {
        throw new GrpcError("RESOURCE_EXHAUSTED", `a message of ${need} bytes`);
      }
      if (bytes.length < need) break;
      yield bytes.subarray(5, need);
      bytes = bytes.subarray(need);
    }
    parts = [bytes];
    have = bytes.length;
  }
  if (have > 0) throw new GrpcError("INTERNAL", "the call ends within a message");
}

function percentEncode(message: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(message)) {
    text += byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
