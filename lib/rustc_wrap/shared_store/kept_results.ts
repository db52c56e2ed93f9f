import type { BlobKind, BlobStore, InputList } from "../model.ts";
import { decodeResult } from "../result_codec.ts";
import type { DiskStore } from "../store/disk_store.ts";
import { decodeInputs, LayeredStore } from "../store/layered_store.ts";

/** One result that is kept on this machine. */
export interface KeptResult {
  /** Its key. */
  readonly key: string;
  /** The first file that it makes, or what it is where it makes none. */
  readonly name: string;
  /** Size. */
  readonly sizeBytes: number;
  /** When it was last kept or used, in milliseconds since 1970. */
  readonly usedMs: number;
  /** Whether it may be sent to shared places. */
  readonly public: boolean;
}

/** How much was sent. */
export interface SentResults {
  /** Results that others may see. */
  readonly sent: number;
  /** Results that stay here. */
  readonly private: number;
}

/**
 * Lists the results that are kept, those that were used last first.
 *
 * @param store Where.
 * @returns The results; damaged ones are left out.
 */
export async function keptResults(store: DiskStore): Promise<readonly KeptResult[]> {
  const shared = new Set<string>();
  for await (const { lists } of inputLists(store)) {
    for (const list of lists) if (list.public === true) shared.add(list.result);
  }
  const results: KeptResult[] = [];
  for (const { kind, key, sizeBytes, usedMs } of store.list()) {
    if (kind !== "result") continue;
    const bytes = await store.peek(kind, key);
    const result = bytes === undefined ? undefined : decodeResult(bytes);
    if (result === undefined) continue;
    const path = result.files.find((file) => !file.path.endsWith(".d"))?.path;
    const name = path ?? (result.stdout.length > 0 ? "(output of a build script)" : "(no files)");
    results.push({ key, name, sizeBytes, usedMs, public: shared.has(key) });
  }
  return results.sort((a, b) => b.usedMs - a.usedMs || (a.key < b.key ? -1 : 1));
}

/**
 * Sends the results that others may see to shared places.
 *
 * @param store Where they are kept.
 * @param places Where to.
 * @param signal Ends the work.
 * @returns How many.
 */
export async function sendResults(
  store: DiskStore,
  places: readonly BlobStore[],
  signal?: AbortSignal,
): Promise<SentResults> {
  const far = new LayeredStore(places);
  let sent = 0;
  let kept = 0;
  for await (const { key, lists } of inputLists(store)) {
    // The newest last: it is looked at first.
    for (const list of lists.toReversed()) {
      signal?.throwIfAborted();
      if (list.public !== true) {
        kept++;
        continue;
      }
      const bytes = await store.peek("result", list.result);
      const result = bytes === undefined ? undefined : decodeResult(bytes);
      if (result === undefined) continue;
      const options = { visibility: "public", label: list.result.slice(0, 16), signal } as const;
      await far.put(list.result, result, options);
      await far.addInputs(key, list, options);
      sent++;
    }
  }
  return { sent, private: kept };
}

/** All lists of inputs. */
async function* inputLists(
  store: DiskStore,
): AsyncGenerator<{ readonly key: string; readonly lists: readonly InputList[] }> {
  for (const { kind, key } of [...store.list()]) {
    if (kind !== "inputs") continue;
    const bytes = await store.peek(kind, key);
    const lists = bytes === undefined ? undefined : decodeInputs(bytes);
    if (lists !== undefined) yield { key, lists };
  }
}

/** Whether bytes are what such a blob has. */
export function isWhole(kind: BlobKind, bytes: Uint8Array<ArrayBuffer>): boolean {
  return (kind === "result" ? decodeResult(bytes) : decodeInputs(bytes)) !== undefined;
}
