import type { BlobKind, BlobStore } from "../model.ts";

/** What a {@linkcode GuardedStore} may do, and what it does when something fails. */
export interface GuardOptions {
  /** Whether results are taken from it. */
  readonly reads: boolean;
  /** Whether results are sent to it. */
  readonly writes: boolean;
  /** Whether it has failed before in this build. */
  readonly hasFailed: (name: string) => boolean;
  /** Takes the first failure. */
  readonly onFailure: (name: string, reason: string) => void;
}

/**
 * A shared place that may be slow, full or gone. After its first failure the rest of the build does
 * without it: a registry that needs 20 s to say so would otherwise say it for each crate.
 */
export class GuardedStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #options: GuardOptions;

  /** Disposing of it disposes of the other one. */
  constructor(inner: BlobStore, options: GuardOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  /** For messages. */
  get name(): string {
    return this.#inner.name;
  }

  /** As the other one. */
  get keepsPrivate(): boolean {
    return this.#inner.keepsPrivate;
  }

  /** The bytes of a key; `undefined` where nothing is to be had. */
  async get(
    kind: BlobKind,
    key: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#options.reads) return undefined;
    return await this.#guarded(options.signal, () => this.#inner.get(kind, key, options));
  }

  /** Sends bytes where that is wanted, and the place works. */
  async put(
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly signal?: AbortSignal; readonly label?: string } = {},
  ): Promise<void> {
    if (!this.#options.writes) return;
    await this.#guarded(options.signal, () => this.#inner.put(kind, key, bytes, options));
  }

  /** Closes the other one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  async #guarded<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#options.hasFailed(this.name)) return undefined;
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message.split("\n")[0]! : String(error);
      this.#options.onFailure(this.name, reason);
      return undefined;
    }
  }
}
