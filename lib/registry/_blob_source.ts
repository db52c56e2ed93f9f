import type { BlobSource } from "./blob_api.ts";
import { runningDigest, sha256Digest } from "./digest.ts";

/** What names a blob. */
export interface KnownBlob {
  /** `sha256:…`. */
  readonly digest: string;
  /** How large it is. */
  readonly sizeBytes: number;
}

/** Bytes that are read in pieces, from the start again where that is possible. */
export interface OpenedSource extends AsyncDisposable {
  /** What it is, where that is known before it is read; then it can be read again. */
  readonly known: KnownBlob | undefined;
  /** Begins at the start; what it gives has `chunkBytes` in each piece but the last. */
  start(chunkBytes: number): Promise<() => Promise<Uint8Array<ArrayBuffer> | undefined>>;
  /** What was read since the start. */
  read(): KnownBlob;
}

/** Opens the source of a blob; a short stream is read into memory. */
export async function openBlobSource(
  source: BlobSource,
  chunkBytes: number,
  signal: AbortSignal | undefined,
): Promise<OpenedSource> {
  if ("bytes" in source) return await fromBytes(source.bytes);
  if ("path" in source) return await fromFile(source.path, signal);
  const reader = source.stream.getReader();
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  const pieces = collector(async () => {
    signal?.throwIfAborted();
    const { value } = await reader.read();
    signal?.throwIfAborted();
    return value;
  });
  const dispose = async () => {
    signal?.removeEventListener("abort", onAbort);
    await reader.cancel().catch(() => {}); // it failed, or is at its end
  };
  try {
    const first = await pieces(chunkBytes);
    if (first === undefined || first.length < chunkBytes) {
      await dispose();
      return await fromBytes(first ?? new Uint8Array());
    }
    return await readOnce(first, pieces, dispose);
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function fromBytes(bytes: Uint8Array): Promise<OpenedSource> {
  const known = { digest: await sha256Digest(bytes), sizeBytes: bytes.length };
  return {
    known,
    start: (chunkBytes) => {
      let at = 0;
      return Promise.resolve(() => {
        const piece = bytes.subarray(at, at + chunkBytes) as Uint8Array<ArrayBuffer>;
        at += piece.length;
        return Promise.resolve(piece.length === 0 ? undefined : piece);
      });
    },
    read: () => known,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function fromFile(path: string, signal: AbortSignal | undefined): Promise<OpenedSource> {
  const file = await Deno.open(path);
  const begin = async () => {
    await file.seek(0, Deno.SeekMode.Start);
    const digest = await runningDigest();
    let sizeBytes = 0;
    const pieces = collector(async () => {
      signal?.throwIfAborted();
      const buffer = new Uint8Array(FILE_PIECE_BYTES);
      const bytes = await file.read(buffer);
      return bytes === null ? undefined : buffer.subarray(0, bytes);
    });
    const read = async (chunkBytes: number) => {
      const piece = await pieces(chunkBytes);
      if (piece === undefined) return undefined;
      digest.update(piece);
      sizeBytes += piece.length;
      return piece;
    };
    return { read, end: () => ({ digest: digest.digest(), sizeBytes }) };
  };
  try {
    const { read, end } = await begin();
    while (await read(FILE_PIECE_BYTES) !== undefined);
    const known = end();
    let again = { end: () => known };
    return {
      known,
      start: async (chunkBytes) => {
        const begun = await begin();
        again = begun;
        return () => begun.read(chunkBytes);
      },
      // Once more: the file may be another one by now.
      read: () => again.end(),
      [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function readOnce(
  first: Uint8Array<ArrayBuffer>,
  pieces: (chunkBytes: number) => Promise<Uint8Array<ArrayBuffer> | undefined>,
  dispose: () => Promise<void>,
): Promise<OpenedSource> {
  const digest = await runningDigest();
  let sizeBytes = 0;
  let begun: Uint8Array<ArrayBuffer> | undefined = first;
  return {
    known: undefined,
    start: (chunkBytes) =>
      Promise.resolve(async () => {
        const piece = begun ?? await pieces(chunkBytes);
        begun = undefined;
        if (piece === undefined) return undefined;
        digest.update(piece);
        sizeBytes += piece.length;
        return piece;
      }),
    read: () => ({ digest: digest.digest(), sizeBytes }),
    [Symbol.asyncDispose]: dispose,
  };
}

const FILE_PIECE_BYTES = 1024 * 1024;

/** Makes pieces of a wanted size from pieces of any. */
function collector(
  next: () => Promise<Uint8Array | undefined>,
): (chunkBytes: number) => Promise<Uint8Array<ArrayBuffer> | undefined> {
  let rest: Uint8Array = new Uint8Array();
  return async (chunkBytes) => {
    const piece = new Uint8Array(chunkBytes);
    let length = 0;
    while (length < chunkBytes) {
      if (rest.length === 0) {
        const more = await next();
        if (more === undefined) break;
        rest = more;
      }
      const taken = rest.subarray(0, chunkBytes - length);
      piece.set(taken, length);
      length += taken.length;
      rest = rest.subarray(taken.length);
    }
    return length === 0 ? undefined : piece.subarray(0, length);
  };
}
