import { errorMessage } from "../../../errors/error_message.ts";
import { encodeProto, protoBytes, protoFields, protoNumber, protoText } from "../_protobuf.ts";
import type { TarContent, TarEntry } from "../../tar/mod.ts";
import { readSmallFile } from "../../tar/_small_file.ts";
import { contextError } from "../_context_error.ts";
import { type GrpcCall, GrpcError, type GrpcMethods } from "./grpc.ts";

/** One entry of a directory that is offered. */
export interface SyncEntry {
  /** Name, kind, mode, owner, content. */
  readonly entry: TarEntry;
  /** Length of a file; 0 for others. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970; with the length it tells the daemon whether it has the file. */
  readonly mtimeMs: number;
}

/** What the daemon wants of a directory. */
export interface SyncRequest {
  /** Name of the directory: `context` or `dockerfile`. */
  readonly name: string;
  /** The paths that it will read, with wildcards; empty for all. */
  readonly followPaths: readonly string[];
}

/** Gives the entries of a directory, parents before children, names by their bytes. */
export type SyncLookup = (request: SyncRequest) => AsyncIterable<SyncEntry> | undefined;

// https://github.com/tonistiigi/fsutil/blob/master/types/wire.proto
const PACKET = { STAT: 0, REQ: 1, DATA: 2, FIN: 3, ERR: 4 } as const;

// Go's os.FileMode, which is not that of Unix.
const GO_DIRECTORY = 2 ** 31;
const GO_SYMLINK = 2 ** 27;
const GO_SPECIAL = [[0o4000, 2 ** 23], [0o2000, 2 ** 22], [0o1000, 2 ** 20]] as const;

const CHUNK_BYTES = 32 * 1024;

/**
 * Offers directories to the daemon, which asks only for the files that it does not have.
 *
 * First all names go over, with size and time; then the daemon asks for content, file by file.
 *
 * @param lookUp Finds a directory; calls for others end with NOT_FOUND.
 * @param onFailure Takes what could not be read; the daemon only hears the text of it.
 * @returns The method.
 */
export function fileSyncService(
  lookUp: SyncLookup,
  onFailure: (error: unknown) => void = () => {},
): GrpcMethods {
  return {
    "/moby.filesync.v1.FileSync/DiffCopy": async (call) => {
      const name = metadataOf(call, "dir-name")[0] ?? "";
      const entries = lookUp({ name, followPaths: metadataOf(call, "followpaths") });
      if (entries === undefined) throw new GrpcError("NOT_FOUND", `no directory "${name}"`);
      await new Sender(call, onFailure).send(entries);
    },
  };
}

function metadataOf(call: GrpcCall, key: string): string[] {
  const values = call.metadata(key);
  const encoded = call.metadata(`${key}-encoded`)[0];
  if (encoded !== "1" && encoded !== "true") return [...values];
  return values.map((value) => decodeURIComponent(value.replaceAll("+", " ")));
}

class Sender {
  readonly #call: GrpcCall;
  readonly #onFailure: (error: unknown) => void;
  readonly #files = new Map<number, { readonly path: string; readonly content: TarContent }>();

  constructor(call: GrpcCall, onFailure: (error: unknown) => void) {
    this.#call = call;
    this.#onFailure = onFailure;
  }

  async send(entries: AsyncIterable<SyncEntry>): Promise<void> {
    // Names go on while the daemon is already asking: it asks as soon as it sees a name.
    const names = this.#sendNames(entries);
    names.catch(() => {}); // awaited below, after the requests
    for await (const message of this.#call.messages) {
      let type: number = PACKET.STAT;
      let id = 0;
      let data: Uint8Array = new Uint8Array(0);
      for (const [field, value] of protoFields(message)) {
        if (field === 1) type = protoNumber(value);
        else if (field === 3) id = protoNumber(value);
        else if (field === 4) data = protoBytes(value);
      }
      if (type === PACKET.REQ) await this.#sendContent(id);
      else if (type === PACKET.FIN) break;
      else if (type === PACKET.ERR) throw new GrpcError("ABORTED", protoText(data));
    }
    await names;
    await this.#packet(PACKET.FIN, {});
  }

  async #sendNames(entries: AsyncIterable<SyncEntry>): Promise<void> {
    try {
      let id = 0;
      for await (const walked of entries) {
        if (walked.entry.kind === "file") this.#files.set(id, walked.entry);
        await this.#packet(PACKET.STAT, { stat: encodeStat(walked) });
        id++;
      }
      await this.#packet(PACKET.STAT, {});
    } catch (error) {
      // A call that the daemon gave up is its own affair.
      if (this.#call.signal.aborted) throw error;
      this.#onFailure(error);
      // The daemon waits for names as long as nobody tells it that there are no more.
      const text = errorMessage(error);
      const data = new TextEncoder().encode(text);
      await this.#packet(PACKET.ERR, { data }).catch(() => {}); // it may have gone by itself
      throw error;
    }
  }

  async #sendContent(id: number): Promise<void> {
    const file = this.#files.get(id);
    if (file === undefined) throw new GrpcError("INVALID_ARGUMENT", `no file ${id}`);
    this.#files.delete(id);
    try {
      for await (const data of piecesOf(file.content)) {
        await this.#packet(PACKET.DATA, { id, data });
      }
    } catch (cause) {
      if (this.#call.signal.aborted) throw cause;
      const error = contextError(file.path, cause);
      this.#onFailure(error);
      throw error;
    }
    await this.#packet(PACKET.DATA, { id });
  }

  #packet(
    type: number,
    packet: { readonly id?: number; readonly stat?: Uint8Array; readonly data?: Uint8Array },
  ): Promise<void> {
    return this.#call.send(
      encodeProto([[1, type], [2, packet.stat], [3, packet.id], [4, packet.data]]),
    );
  }
}

async function* piecesOf(content: TarContent): AsyncGenerator<Uint8Array> {
  let bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if ("hostPath" in bytes) bytes = readSmallFile(bytes.hostPath) ?? bytes;
  if (bytes instanceof Uint8Array) {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      yield bytes.subarray(at, at + CHUNK_BYTES);
    }
  } else if (bytes instanceof ReadableStream) yield* bytes;
  else {
    using file = await Deno.open(bytes.hostPath);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      yield buffer.subarray(0, count);
    }
  }
}

function encodeStat({ entry, sizeBytes, mtimeMs }: SyncEntry): Uint8Array {
  return encodeProto([
    [1, entry.path],
    [2, goMode(entry)],
    [3, entry.uid],
    [4, entry.gid],
    [5, sizeBytes],
    // A time before 1970 would be a negative number, which the daemon only compares anyway.
    [6, Math.max(0, Math.floor(mtimeMs)) * 1e6],
    [7, "target" in entry ? entry.target : undefined],
  ]);
}

function goMode(entry: TarEntry): number {
  const mode = entry.mode ?? (entry.kind === "directory" ? 0o755 : 0o644);
  let bits = entry.kind === "symlink" ? 0o777 : mode & 0o777;
  for (const [unix, go] of GO_SPECIAL) if ((mode & unix) !== 0) bits += go;
  if (entry.kind === "directory") bits += GO_DIRECTORY;
  if (entry.kind === "symlink") bits += GO_SYMLINK;
  return bits;
}
