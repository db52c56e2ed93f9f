/** Most answers are small: 64 KiB for each of them cost 0.4 ms of collection a container. */
const FIRST_BYTES = 4 * 1024;
const BUFFER_BYTES = 64 * 1024;

/** Reads the body of an answer, piece by piece. */
export interface BodyReader {
  /** The next piece, which belongs to the caller; `undefined` at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Says that nobody reads on. */
  cancel(reason?: unknown): Promise<void>;
}

/**
 * Reads a body into one buffer again and again.
 *
 * A plain reader of Deno's makes 64 KiB for each piece, and the engine sends a log a line a piece:
 * 250,000 lines took 5.6 s of processor time, and 1.1 s this way (tests/bench/clients.ts, `logs`).
 *
 * @param body The body; nobody else reads it.
 */
export function bodyReader(body: ReadableStream<Uint8Array>): BodyReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return plainReader(body); // not a stream of bytes, because it has been wrapped
  }
  let bytes = FIRST_BYTES;
  let buffer = new ArrayBuffer(bytes);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return undefined;
      // A copy of much costs more than another buffer.
      const isLarge = value.length > bytes / 4;
      const isFull = value.length === bytes;
      if (isFull) bytes = BUFFER_BYTES;
      buffer = isLarge ? new ArrayBuffer(bytes) : value.buffer;
      return isLarge ? value : value.slice();
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

function plainReader(body: ReadableStream<Uint8Array>): BodyReader {
  const reader = body.getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? undefined : value as Uint8Array<ArrayBuffer>;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
