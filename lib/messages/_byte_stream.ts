/** The other side ended the connection. */
export class EndOfStreamError extends Error {
  override readonly name: string = "EndOfStreamError";
}

const BUFFER_BYTES = 16 * 1024;

/** Reads exact numbers of bytes; what a read brings too much is kept for the next one. */
export class ByteReader {
  readonly #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** @throws {EndOfStreamError} when the connection ends before that many bytes. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#start === this.#end) {
        const wanted = count - filled;
        // Large bodies go straight to their place.
        const direct = wanted >= BUFFER_BYTES;
        const target = direct ? result.subarray(filled) : this.#buffer;
        const received = await this.#connection.read(target);
        if (received === null) throw new EndOfStreamError("The other side closed the connection");
        if (direct) {
          filled += received;
          continue;
        }
        this.#start = 0;
        this.#end = received;
      }
      const part = this.#buffer.subarray(this.#start, this.#end).subarray(0, count - filled);
      result.set(part, filled);
      filled += part.length;
      this.#start += part.length;
    }
    return result;
  }
}

/** Writes all bytes, however many calls that takes. */
export async function writeBytes(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

/** Puts byte strings behind one another. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
