import type { LockHolder } from "./file_lock.ts";

/** More than a record ever takes: a longer file is somebody's data. */
const LIMIT_BYTES = 4096;
const PURPOSE_CHARACTERS = 200;

/** What a lock file holds: nothing, a record of its last owner, or something that is not ours. */
export type LockFileContent =
  | { readonly kind: "empty" }
  | { readonly kind: "record"; readonly holder: LockHolder | undefined }
  | { readonly kind: "foreign" };

/** Writes who holds the lock, as one line of JSON. */
export async function writeRecord(file: Deno.FsFile, holder: LockHolder): Promise<void> {
  const purpose = holder.purpose?.slice(0, PURPOSE_CHARACTERS);
  const line = new TextEncoder().encode(JSON.stringify({ ...holder, purpose }) + "\n");
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  // One call of less than a page: whoever reads it meanwhile sees all or nothing of it.
  await file.write(line);
}

/** Reads a lock file through an open descriptor. */
export async function readRecord(file: Deno.FsFile): Promise<LockFileContent> {
  await file.seek(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(LIMIT_BYTES);
  let length = 0;
  while (length < buffer.length) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  const text = new TextDecoder().decode(buffer.subarray(0, length));
  if (text === "") return { kind: "empty" };
  if (!text.startsWith('{"pid":') || length === LIMIT_BYTES) return { kind: "foreign" };
  return { kind: "record", holder: parseHolder(text) };
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const { pid, purpose, since } = JSON.parse(text);
    if (typeof pid !== "number" || typeof since !== "string") return undefined;
    return { pid, since, purpose: typeof purpose === "string" ? purpose : undefined };
  } catch {
    return undefined; // a crash in the middle of writing it: the lock counts, the name is lost
  }
}
