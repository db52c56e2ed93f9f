/**
 * Takes the output of one stream, chunk by chunk.
 *
 * Whoever feeds a sink may reuse a chunk's memory after `write` has returned, so a sink takes what
 * it needs before that; the promise is only the request to wait before the next chunk.
 */
export interface OutputSink {
  /**
   * Takes a chunk.
   *
   * @param chunk Bytes that are valid during the call only.
   * @returns Nothing, or a promise to wait for before the next chunk (back-pressure).
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Takes the end of the stream; settles when everything is where it belongs. */
  end?(): void | Promise<void>;
}

/** Somewhere to write bytes to: `Deno.stdout`, an open file, a connection. */
export interface OutputWriter {
  /**
   * Writes the front part of some bytes.
   *
   * @param bytes What to write.
   * @returns How many were written.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether colours make sense there. Default `false`. */
  isTerminal?(): boolean;
}
