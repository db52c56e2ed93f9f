import { joinPath, parentOf } from "../_paths.ts";
import type { BlobKind, BlobStore } from "../model.ts";

/**
 * Keeps results in a directory that several people use: on a network file system, or one that a CI
 * service keeps between runs. Nothing in it is ever removed.
 */
export class DirectoryStore implements BlobStore {
  /** For messages. */
  readonly name: string;
  /** Others can read it. */
  readonly keepsPrivate = false;
  readonly #directory: string;

  /** Opens nothing yet. */
  constructor(directory: string) {
    this.#directory = directory;
    this.name = directory;
  }

  /** The bytes of a key. */
  async get(kind: BlobKind, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await Deno.readFile(this.#path(kind, key));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Keeps bytes, all or nothing; everybody may read them whom the directory lets in. */
  async put(kind: BlobKind, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = this.#path(kind, key);
    const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    await Deno.mkdir(parentOf(path), { recursive: true });
    try {
      await Deno.writeFile(temporary, bytes);
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  }

  /** Nothing stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #path(kind: BlobKind, key: string): string {
    return joinPath(this.#directory, `${kind}/${requireKey(key).slice(0, 2)}/${key}`);
  }
}

/** Keys are parts of paths, addresses and tags. */
export function requireKey(key: string): string {
  if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError(`Not a key: ${JSON.stringify(key)}`);
  return key;
}
