import { BlockReader } from "./_block_reader.ts";
import { BLOCK_BYTES, paddingBytes } from "./_header.ts";
import { isZeroBlock, parseHeader, type RawHeader } from "./_parse_header.ts";
import type { TarAttributes, TarReadEntry } from "./entry.ts";

/** What arrived is no tar archive, or not a whole one. */
export class TarFormatError extends Error {
  /** The name of the class. */
  override readonly name: string = "TarFormatError";
  /** Where in the archive, in bytes. */
  readonly offset: number;

  /** Makes the message from the fields. */
  constructor(reason: string, offset: number, options?: ErrorOptions) {
    super(`Cannot read the archive: ${reason} (at byte ${offset})`, options);
    this.offset = offset;
  }
}

/** How an archive is read. */
export interface UntarOptions {
  /** Ends the reading with the signal's reason, at the next entry or piece of content. */
  readonly signal?: AbortSignal;
  /**
   * Whether the two empty blocks at the end may be missing. Default `false`: without them nobody
   * can tell a whole archive from one that was cut off between two entries.
   */
  readonly allowMissingEnd?: boolean;
}

/** Long names and pax records are kept in memory; a real one has some hundred bytes. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

/**
 * Reads an archive entry by entry, as it arrives.
 *
 * The content of a file is a stream on the same source: it must be read before the next entry is
 * asked for, and is skipped otherwise. Leaving the loop early cancels the source.
 *
 * @param stream The archive, not compressed.
 * @param options The signal and how strict.
 * @yields {TarReadEntry} Each entry, in the archive's order.
 * @throws {TarFormatError} when the archive is damaged, cut off or of a kind that is not read.
 *
 * @example
 * ```ts
 * import { tarStream, untar } from "@superorch/superorch/engine/tar";
 *
 * const archive = tarStream([{ kind: "file", path: "a", content: "hello" }]);
 * for await (const entry of untar(archive)) {
 *   if (entry.kind === "file") console.log(entry.path, await new Response(entry.content).text());
 * }
 * ```
 */
export async function* untar(
  stream: ReadableStream<Uint8Array>,
  options: UntarOptions = {},
): AsyncGenerator<TarReadEntry> {
  const { signal, allowMissingEnd = false } = options;
  const reader = new BlockReader(stream);
  let finished = false;
  const global = new Map<string, string>();
  let local = new Map<string, string>();
  try {
    while (true) {
      signal?.throwIfAborted();
      const block = await reader.exactly(BLOCK_BYTES);
      if (block.length === 0 && allowMissingEnd && local.size === 0) break;
      if (block.length < BLOCK_BYTES) {
        throw new TarFormatError("it ends before its end mark", reader.offset);
      }
      if (isZeroBlock(block)) {
        if (local.size > 0) throw new TarFormatError("a long name without entry", reader.offset);
        break;
      }
      const header = parseHeader(block);
      if (typeof header === "string") throw new TarFormatError(header, reader.offset);
      if ("gxLK".includes(header.type)) {
        await readExtension(reader, header, header.type === "g" ? global : local);
        continue;
      }
      const effective = new Map([...global, ...local]);
      local = new Map();
      yield* readEntry(reader, header, effective, signal);
    }
    // The sender may pad further; it must not be left with a full pipe.
    while (await reader.some(BLOCK_BYTES * 128) !== null) signal?.throwIfAborted();
    finished = true;
  } finally {
    if (!finished) await reader.cancel();
  }
}

async function readExtension(
  reader: BlockReader,
  header: RawHeader,
  into: Map<string, string>,
): Promise<void> {
  if (header.size > MAX_EXTENSION_BYTES) {
    throw new TarFormatError(`a long name of ${header.size} bytes`, reader.offset);
  }
  const whole = await reader.exactly(header.size + paddingBytes(header.size));
  if (whole.length < header.size + paddingBytes(header.size)) {
    throw new TarFormatError("it ends within a long name", reader.offset);
  }
  const body = whole.subarray(0, header.size);
  if (header.type === "L" || header.type === "K") {
    const text = new TextDecoder().decode(body).replace(/\0+$/, "");
    into.set(header.type === "L" ? "path" : "linkpath", text);
    return;
  }
  for (let at = 0; at < body.length;) {
    const blank = body.indexOf(32, at);
    const length = blank === -1 || blank - at > 9
      ? NaN
      : Number(new TextDecoder().decode(body.subarray(at, blank)));
    const end = at + length;
    if (!Number.isInteger(length) || end <= blank || end > body.length || body[end - 1] !== 10) {
      throw new TarFormatError("a pax record is damaged", reader.offset);
    }
    const record = new TextDecoder().decode(body.subarray(blank + 1, end - 1));
    const equals = record.indexOf("=");
    if (equals <= 0) throw new TarFormatError("a pax record is damaged", reader.offset);
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    // An empty value takes back what an earlier record said.
    if (value === "") into.delete(key);
    else into.set(key, value);
    at = end;
  }
}

const PAX_FIELDS = new Set([
  "path",
  "linkpath",
  "size",
  "uid",
  "gid",
  "uname",
  "gname",
  "mtime",
  "atime",
  "ctime",
  "comment",
  "charset",
  "hdrcharset",
]);

async function* readEntry(
  reader: BlockReader,
  header: RawHeader,
  pax: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<TarReadEntry> {
  const numberOf = (key: string, value: number): number => {
    const record = pax.get(key);
    if (record === undefined) return value;
    const number = Number(record);
    if (!Number.isFinite(number)) {
      throw new TarFormatError(`a pax record has ${key}=${record}`, reader.offset);
    }
    return number;
  };
  const fullPath = pax.get("path") ?? header.path;
  if (fullPath === "" || fullPath.includes("\0")) {
    throw new TarFormatError("an entry has no name", reader.offset);
  }
  if ([...pax.keys()].some((key) => key.startsWith("GNU.sparse."))) {
    throw new TarFormatError(`"${fullPath}" is a sparse file`, reader.offset);
  }
  const rest = Object.fromEntries([...pax].filter(([key]) => !PAX_FIELDS.has(key)));
  const path = fullPath.replace(/(?!^)\/+$/, "");
  const userName = pax.get("uname") ?? header.userName;
  const groupName = pax.get("gname") ?? header.groupName;
  const attributes: TarAttributes = {
    path,
    mode: header.mode & 0o7777,
    mtimeSeconds: numberOf("mtime", header.mtimeSeconds),
    uid: numberOf("uid", header.uid),
    gid: numberOf("gid", header.gid),
    ...(userName === "" ? {} : { userName }),
    ...(groupName === "" ? {} : { groupName }),
    ...(Object.keys(rest).length === 0 ? {} : { pax: rest }),
  };
  const target = pax.get("linkpath") ?? header.linkName;
  const { major, minor } = header;
  switch (header.type) {
    case "1":
    case "2":
      if (target === "") throw new TarFormatError(`"${path}" leads nowhere`, reader.offset);
      yield { kind: header.type === "1" ? "hardlink" : "symlink", ...attributes, target };
      return;
    case "3":
      yield { kind: "character-device", ...attributes, major, minor };
      return;
    case "4":
      yield { kind: "block-device", ...attributes, major, minor };
      return;
    case "5":
      yield { kind: "directory", ...attributes };
      return;
    case "6":
      yield { kind: "fifo", ...attributes };
      return;
    case "S":
      throw new TarFormatError(`"${path}" is a sparse file`, reader.offset);
  }
  const sizeBytes = numberOf("size", header.size);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw new TarFormatError(`"${path}" has a size of ${sizeBytes}`, reader.offset);
  }
  // Archives older than ustar mark a directory by its slash alone.
  if (header.type === "0" && fullPath.endsWith("/") && sizeBytes === 0) {
    yield { kind: "directory", ...attributes };
    return;
  }
  const content = new EntryContent(reader, path, sizeBytes, signal);
  try {
    yield { kind: "file", ...attributes, content: content.stream, sizeBytes };
  } finally {
    content.invalidate();
  }
  await content.skipRest();
}

/** The content of one file, cut out of the archive's stream. */
class EntryContent {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #reader: BlockReader;
  readonly #path: string;
  readonly #sizeBytes: number;
  #left: number;
  #valid = true;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(
    reader: BlockReader,
    path: string,
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ) {
    this.#reader = reader;
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#left = sizeBytes;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        signal?.throwIfAborted();
        if (this.#left === 0) return controller.close();
        if (!this.#valid) {
          throw new TypeError(`Cannot read "${path}": the archive has been read on meanwhile`);
        }
        const piece = this.#take();
        this.#pending = piece.catch(() => {}); // the reader of the stream gets it
        controller.enqueue(await piece);
        if (this.#left === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  invalidate(): void {
    this.#valid = false;
  }

  async skipRest(): Promise<void> {
    await this.#pending;
    const missing = this.#left + paddingBytes(this.#sizeBytes);
    if (await this.#reader.skip(missing) < missing) throw this.#cutOff();
    if (this.#left > 0) this.#left = -1; // a late reader gets an error, not an early end
  }

  async #take(): Promise<Uint8Array<ArrayBuffer>> {
    const piece = await this.#reader.some(this.#left);
    if (piece === null) throw this.#cutOff();
    this.#left -= piece.length;
    return piece;
  }

  #cutOff(): TarFormatError {
    return new TarFormatError(`it ends within "${this.#path}"`, this.#reader.offset);
  }
}
