import type { TarEntry } from "../tar/mod.ts";
import { readSmallFile } from "../tar/_small_file.ts";
import { prepareContext, type ReadContextOptions } from "./build_context.ts";
import { contextError } from "./_context_error.ts";
import type { BuildDefinition } from "./build_options.ts";

/** Files are hashed in pieces of this size, so that memory stays bounded. */
const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * Hashes a definition: equal hashes mean that one build serves both. Modification times do not
 * count, as they do not for the builders' caches; all content that would be sent does.
 *
 * Permissions: `--allow-read=DIRECTORY` for the context's directory.
 *
 * @param definition What would be built.
 * @param options The signal.
 * @returns 64 hexadecimal digits. They are stable across processes and machines of one release.
 * @throws {BuildContextError} when the context cannot be read.
 */
export async function buildHash(
  definition: BuildDefinition,
  options: Pick<ReadContextOptions, "signal"> = {},
): Promise<string> {
  const context = await prepareContext(definition.context, options);
  const entries: string[] = [];
  for await (const entry of context.entries()) {
    options.signal?.throwIfAborted();
    entries.push(await describeEntry(entry));
  }
  const { args, target, platform, labels, networkMode, query } = definition;
  const text = JSON.stringify({
    version: 1,
    dockerfile: context.dockerfile,
    args: sorted(args),
    target,
    platform,
    labels: sorted(labels),
    networkMode,
    query: sorted(query),
    entries,
  });
  return new Uint8Array(await sha256(new TextEncoder().encode(text))).toHex();
}

function sorted<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(record ?? {}).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}

async function describeEntry(entry: TarEntry): Promise<string> {
  const { kind, path, mode } = entry;
  const rest = entry.kind === "file"
    ? await contentHash(entry.path, entry.content)
    : "target" in entry
    ? entry.target
    : "";
  return JSON.stringify([kind, path, mode ?? null, rest]);
}

async function contentHash(
  path: string,
  content: Extract<TarEntry, { kind: "file" }>["content"],
): Promise<string> {
  const digests: Uint8Array[] = [];
  try {
    for await (const piece of piecesOf(content)) digests.push(new Uint8Array(await sha256(piece)));
  } catch (cause) {
    throw contextError(path, cause);
  }
  return digests.map((digest) => digest.toHex()).join("");
}

async function* piecesOf(
  content: Extract<TarEntry, { kind: "file" }>["content"],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (content instanceof ReadableStream) throw new TypeError("a stream cannot be hashed and sent");
  let bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if ("hostPath" in bytes) bytes = readSmallFile(bytes.hostPath) ?? bytes;
  if (bytes instanceof Uint8Array) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.slice(at, at + PIECE_BYTES);
    return;
  }
  using file = await Deno.open(bytes.hostPath);
  for (let piece = await readPiece(file); piece.length > 0; piece = await readPiece(file)) {
    yield piece;
  }
}

/** Whole pieces except the last: the hash must not depend on how the system cuts its reads. */
async function readPiece(file: Deno.FsFile): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  while (filled < buffer.length) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", bytes);
}
