/** How much is written between two looks at the signal. */
const CHUNK_BYTES = 1 << 20;

/** Writes all bytes, however many calls that takes, unless the signal is aborted. */
export async function writeFully(
  file: Deno.FsFile,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    signal?.throwIfAborted();
    rest = rest.subarray(await file.write(rest.subarray(0, CHUNK_BYTES)));
  }
}

/**
 * Writes all of a stream. Not with `pipeTo(file.writable)`: under Deno 2.9.6 that closes the file
 * when a write fails, and a full disk then shows as "Bad resource ID".
 */
export async function writeStream(
  file: Deno.FsFile,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = stream.getReader();
  // Not awaited: a source that hangs in its own clean-up must not hang us.
  const cancel = (reason: unknown) => void reader.cancel(reason).catch(() => {});
  const onAbort = () => cancel(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (true) {
      const { done, value } = await reader.read(); // done at once when it was cancelled
      signal?.throwIfAborted();
      if (done) return;
      await writeFully(file, value, signal);
    }
  } catch (error) {
    cancel(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
}
