const REQUEST = "GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** A way to an engine, as bytes. */
export interface RawConnection {
  /** Reads what has arrived; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends it both ways. */
  close(): void;
}

/**
 * Asks whether anything answers at the other end of a connection.
 *
 * @param connect Opens the connection.
 * @param signal Ends the attempt.
 * @returns `false` when it is closed without an answer.
 */
export async function ping(
  connect: () => Promise<RawConnection>,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted();
  const connection = await connect();
  const abort = () => connection.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await connection.write(new TextEncoder().encode(REQUEST));
    return await connection.read(new Uint8Array(1024)) !== null;
  } catch {
    signal?.throwIfAborted();
    return false; // reset instead of closed
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!signal?.aborted) connection.close();
  }
}
