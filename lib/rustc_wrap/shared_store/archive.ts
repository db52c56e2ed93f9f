import { type TarEntry, tarStream, untar } from "../../engine/tar/mod.ts";
import type { DiskStore } from "../store/disk_store.ts";
import { decodeInputs, LayeredStore } from "../store/layered_store.ts";
import { isWhole } from "./kept_results.ts";

/** What an archive had. */
export interface ImportedResults {
  /** Blobs that are kept now. */
  readonly imported: number;
  /** Entries that are none, or damaged. */
  readonly refused: number;
}

/**
 * Writes everything that is kept as one archive, private results too: it is for this user's own
 * machines, and for caches of CI services.
 *
 * @param store Where it is kept.
 * @param options Signal.
 * @returns A tar stream.
 */
export function exportResults(
  store: DiskStore,
  options: { readonly signal?: AbortSignal } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  async function* entries(): AsyncGenerator<TarEntry> {
    const blobs = [...store.list()].sort((a, b) => a.kind + a.key < b.kind + b.key ? -1 : 1);
    for (const { kind, key } of blobs) {
      const content = await store.peek(kind, key);
      if (content === undefined) continue; // removed meanwhile
      yield { kind: "file", path: `${kind}/${key}`, content, mode: 0o600, mtimeSeconds: 0 };
    }
  }
  return tarStream(entries(), options);
}

/**
 * Keeps what {@linkcode exportResults} wrote. What is damaged, or anything else, is left out.
 *
 * @param store Where to.
 * @param archive The archive.
 * @param signal Ends the work.
 * @returns How many.
 */
export async function importResults(
  store: DiskStore,
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal?: AbortSignal,
): Promise<ImportedResults> {
  const layered = new LayeredStore([store]);
  let imported = 0;
  let refused = 0;
  for await (const entry of untar(archive, { signal })) {
    const [, kind, key] = /^(?:\.\/)?(result|inputs)\/([0-9a-f]{64})$/.exec(entry.path) ?? [];
    if (entry.kind !== "file" || (kind !== "result" && kind !== "inputs") || key === undefined) {
      if (entry.kind !== "directory") refused++;
      continue;
    }
    const bytes = await new Response(entry.content).bytes();
    if (!isWhole(kind, bytes)) refused++;
    else if (kind === "result") {
      await store.put(kind, key, bytes);
      imported++;
    } else {
      for (const list of decodeInputs(bytes)!.toReversed()) {
        await layered.addInputs(key, list, { visibility: "private", label: "" });
      }
      imported++;
    }
  }
  return { imported, refused };
}
