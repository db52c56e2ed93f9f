import { concatBytes } from "../_bytes.ts";
import { BLOCK_BYTES, encodeHeader, paddingBytes } from "./_header.ts";
import { readSmallFile } from "./_small_file.ts";
import type { HostFile, TarEntry, TarFile } from "./entry.ts";

/** How an archive is written. */
export interface TarStreamOptions {
  /** Ends the stream with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Small pieces are joined to this size: a thousand small files are then ten chunks, not 3000. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Writes an archive as a stream, entry by entry, as fast as it is read.
 *
 * Entries are written in the order in which they come, with the defaults of their kind for what
 * they leave out, so equal entries give equal bytes. Host files are opened one at a time.
 *
 * Permissions: `--allow-read=PATH` for entries with a `hostPath`.
 *
 * @param entries The entries.
 * @param options The signal.
 * @returns The archive. It fails with a TypeError when an entry cannot be written or its content is
 * shorter than its length, with Deno's error when a host file cannot be read.
 *
 * @example
 * ```ts
 * import { tarStream } from "@superorch/superorch/engine/tar";
 *
 * const archive = tarStream([
 *   { kind: "directory", path: "etc" },
 *   { kind: "file", path: "etc/motd", content: "hello\n" },
 *   { kind: "symlink", path: "motd", target: "etc/motd" },
 * ]);
 * console.log((await new Response(archive).bytes()).length % 512); // 0
 * ```
 */
export function tarStream(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  options: TarStreamOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source: Source = {};
  const pieces = joined(archive(entries, source, options.signal));
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      // A stream may not give its next piece for long, and nothing ends while that is waited for.
      await source.content?.cancel(reason);
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}

/** Where the pieces come from just now. */
interface Source {
  content?: ReadableStreamDefaultReader<Uint8Array>;
}

async function* joined(
  pieces: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK_BYTES) continue;
    yield concatBytes(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield concatBytes(waiting);
  return undefined;
}

async function* archive(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  source: Source,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    signal?.throwIfAborted();
    if (entry.kind !== "file") yield encodeHeader(entry, 0);
    else if (typeof entry.content === "string") {
      yield* inMemory(entry, new TextEncoder().encode(entry.content));
    } else if (entry.content instanceof Uint8Array) yield* inMemory(entry, entry.content);
    else if (entry.content instanceof ReadableStream) {
      yield* streamed(entry, entry.content, source, signal);
    } else yield* hostFile(entry, entry.content, signal);
  }
  // Two empty blocks say that nothing was cut off.
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function* inMemory(entry: TarFile, bytes: Uint8Array): Generator<Uint8Array> {
  if (entry.sizeBytes !== undefined && entry.sizeBytes !== bytes.length) {
    throw new TypeError(
      `Cannot archive "${entry.path}": ${entry.sizeBytes} bytes announced, it has ${bytes.length}`,
    );
  }
  yield encodeHeader(entry, bytes.length);
  yield bytes;
  yield new Uint8Array(paddingBytes(bytes.length));
}

async function* streamed(
  entry: TarFile,
  stream: ReadableStream<Uint8Array>,
  source: Source,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = entry;
  if (sizeBytes === undefined) {
    throw new TypeError(`Cannot archive "${entry.path}": a stream needs its sizeBytes`);
  }
  yield encodeHeader(entry, sizeBytes);
  let left = sizeBytes;
  const content = stream.getReader();
  source.content = content;
  try {
    while (true) {
      const { done, value: piece } = await content.read();
      if (done) break;
      signal?.throwIfAborted();
      left -= piece.length;
      if (left < 0) {
        throw new TypeError(
          `Cannot archive "${entry.path}": ${sizeBytes} bytes announced, its stream has more`,
        );
      }
      yield piece;
    }
  } finally {
    source.content = undefined;
    await content.cancel();
  }
  if (left > 0) throw tooShort(entry, sizeBytes, left);
  yield new Uint8Array(paddingBytes(sizeBytes));
}

async function* hostFile(
  entry: TarFile,
  { hostPath }: HostFile,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const small = readSmallFile(hostPath);
  if (small !== undefined) {
    const { sizeBytes = small.length } = entry;
    if (small.length < sizeBytes) throw tooShort(entry, sizeBytes, sizeBytes - small.length);
    yield* inMemory(entry, small.subarray(0, sizeBytes));
    return;
  }
  using file = await Deno.open(hostPath);
  const { size } = await file.stat();
  const sizeBytes = entry.sizeBytes ?? size;
  yield encodeHeader(entry, sizeBytes);
  // A file that grows meanwhile is cut at the length that its header has, as tar programs do.
  let left = sizeBytes;
  while (left > 0) {
    signal?.throwIfAborted();
    const buffer = new Uint8Array(Math.min(left, 256 * 1024));
    const count = await file.read(buffer);
    if (count === null) throw tooShort(entry, sizeBytes, left);
    left -= count;
    yield buffer.subarray(0, count);
  }
  yield new Uint8Array(paddingBytes(sizeBytes));
}

function tooShort(entry: TarFile, sizeBytes: number, left: number): TypeError {
  return new TypeError(
    `Cannot archive "${entry.path}": ${sizeBytes} bytes announced, it ended after ` +
      `${sizeBytes - left}`,
  );
}
