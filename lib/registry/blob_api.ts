import { writeAtomic } from "../files/write_atomic.ts";
import { BlobUpload } from "./_blob_upload.ts";
import { downloadBlob } from "./_blob_download.ts";
import { openBlobSource, type OpenedSource } from "./_blob_source.ts";
import { requireDigest } from "./digest.ts";
import { DigestMismatchError, RegistryNotFoundError } from "./errors.ts";
import { requireRepository } from "./reference.ts";
import { isRetryable, type Requests, retryPauseMs } from "./_requests.ts";
import { delay } from "../retry/mod.ts";

/** Where the bytes of a blob come from; exactly one of them. */
export type BlobSource =
  | { readonly bytes: Uint8Array }
  | { readonly path: string }
  | { readonly stream: ReadableStream<Uint8Array> };

/** Further options of every call. */
export interface RegistryCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** How a blob is read. */
export interface BlobGetOptions extends RegistryCallOptions {
  /** How large it must be; another size is an error. Default: not looked at. */
  readonly sizeBytes?: number;
}

/** How a blob is read into a file. */
export interface BlobSaveOptions extends BlobGetOptions {
  /** Permission bits of the file. Default: those it has; for a new file, what the umask leaves. */
  readonly mode?: number;
  /** Create missing parent directories. Default `false`. */
  readonly parents?: boolean;
}

/** How a blob is sent. */
export interface BlobPutOptions extends RegistryCallOptions {
  /** What it must be; another digest is an error. Default: not looked at. */
  readonly digest?: string;
  /** A repository that may have it already, so that nothing has to be sent. */
  readonly mountFrom?: string;
  /** The most that is sent at a time; two of these are held in memory. Default 16 MiB. */
  readonly chunkBytes?: number;
  /** Is told how much of it the registry has, after each piece. */
  readonly onProgress?: (sentBytes: number) => void;
}

/** What {@linkcode BlobApi.put} did. */
export interface PutBlob {
  /** `sha256:…`. */
  readonly digest: string;
  /** How large it is. */
  readonly sizeBytes: number;
  /** Whether it was sent, was in the repository before, or came from another one. */
  readonly how: "sent" | "present" | "mounted";
}

const DEFAULT_CHUNK_BYTES = 16 * 1024 * 1024;
const DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024;

/** The blobs of a registry: bytes that are named by their digest. */
export class BlobApi {
  readonly #requests: Requests;

  /** Is made by `RegistryClient`. */
  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /**
   * Asks for a blob's size.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param options Signal.
   * @returns Its size in bytes, `undefined` when the repository does not have it.
   * @throws {RegistryError} when the registry refuses.
   */
  async size(
    repository: string,
    digest: string,
    options: RegistryCallOptions = {},
  ): Promise<number | undefined> {
    const { status, headers } = await this.#requests.exchange({
      action: `look for blob ${digest} of ${this.#named(repository)}`,
      method: "HEAD",
      url: blobPath(repository, digest),
      scopes: [`repository:${repository}:pull`],
      expect: [200, 404],
      signal: options.signal,
    });
    return status === 200 ? Number(headers.get("content-length") ?? 0) : undefined;
  }

  /**
   * Tells whether a repository has a blob.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param options Signal.
   * @throws {RegistryError} when the registry refuses.
   */
  async exists(
    repository: string,
    digest: string,
    options: RegistryCallOptions = {},
  ): Promise<boolean> {
    return await this.size(repository, digest, options) !== undefined;
  }

  /**
   * Reads a blob. A connection that breaks is made again and the rest read from there; the digest
   * is checked at the end, so only a stream that was read to its end can be relied on.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param options Size and signal.
   * @returns Its bytes; the stream fails with {@linkcode DigestMismatchError} when they are others.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   */
  async get(
    repository: string,
    digest: string,
    options: BlobGetOptions = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return await downloadBlob(this.#requests, {
      ...options,
      digest: requireDigest(digest),
      request: {
        action: `read blob ${digest} of ${this.#named(repository)}`,
        method: "GET",
        url: blobPath(repository, digest),
        scopes: [`repository:${repository}:pull`],
        expect: [200, 206],
      },
    });
  }

  /**
   * Reads a blob into memory.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param options As for {@linkcode get}, and the most that is read, default 64 MiB.
   * @returns Its bytes, checked.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   * @throws {DigestMismatchError} when they are not what the digest says.
   * @throws {RangeError} when there are more than the limit.
   */
  async bytes(
    repository: string,
    digest: string,
    options: BlobGetOptions & { readonly limitBytes?: number } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { limitBytes = DEFAULT_LIMIT_BYTES } = options;
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const piece of await this.get(repository, digest, options)) {
      bytes += piece.length;
      if (bytes > limitBytes) {
        throw new RangeError(
          `Cannot read blob ${digest} of ${this.#named(repository)}: ` +
            `it is over ${limitBytes} bytes large`,
        );
      }
      pieces.push(piece);
    }
    return await new Blob(pieces).bytes();
  }

  /**
   * Reads a blob into a file, which is there as a whole and checked, or not at all.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param path The file; one that is there is replaced.
   * @param options As for {@linkcode get}; mode and parents of the file.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   * @throws {StackedError} when it cannot be written; when what came is not what the digest says,
   * with {@linkcode DigestMismatchError} below it.
   */
  async save(
    repository: string,
    digest: string,
    path: string,
    options: BlobSaveOptions = {},
  ): Promise<void> {
    const stream = await this.get(repository, digest, options);
    await writeAtomic(path, stream, {
      signal: options.signal,
      parents: options.parents,
      ...(options.mode === undefined ? {} : { mode: options.mode }),
    });
  }

  /**
   * Sends a blob, unless the registry has it.
   *
   * Up to `chunkBytes` go in one request, more goes in pieces; a piece that got lost is sent again
   * from where the registry has it.
   *
   * @param repository Path in the registry.
   * @param source Bytes, a file, or a stream, which is read once and cancelled on failure.
   * @param options What it must be, where it may be already, how it is sent.
   * @returns Its digest and size.
   * @throws {RegistryError} when the registry refuses.
   * @throws {DigestMismatchError} when it is not what `digest` says; nothing is left of it.
   * @throws {RegistryConnectionError} when the registry cannot be reached.
   */
  async put(
    repository: string,
    source: BlobSource,
    options: BlobPutOptions = {},
  ): Promise<PutBlob> {
    requireRepository(repository);
    const { chunkBytes = DEFAULT_CHUNK_BYTES, signal } = options;
    if (!Number.isInteger(chunkBytes) || chunkBytes < 1) {
      throw new RangeError(`Cannot send pieces of ${chunkBytes} bytes: it must be 1 or more`);
    }
    if (options.digest !== undefined) requireDigest(options.digest);
    if (options.mountFrom !== undefined) requireRepository(options.mountFrom);
    if ("stream" in source && options.digest !== undefined) {
      const sizeBytes = await this.size(repository, options.digest, { signal });
      if (sizeBytes !== undefined) {
        await source.stream.cancel();
        return { digest: options.digest, sizeBytes, how: "present" };
      }
    }
    await using opened = await openBlobSource(source, chunkBytes, signal);
    const { known } = opened;
    if (known !== undefined) {
      this.#requireSame(repository, options.digest, known.digest);
      if (await this.exists(repository, known.digest, { signal })) {
        return { ...known, how: "present" };
      }
    }
    const { retries } = this.#requests.options;
    for (let failures = 0;; failures++) {
      try {
        return await this.#upload(repository, opened, { ...options, chunkBytes });
      } catch (error) {
        signal?.throwIfAborted();
        // What cannot be read again cannot be sent again.
        const helps = isRetryable(error) || error instanceof RegistryNotFoundError &&
            error.codes.includes("BLOB_UPLOAD_UNKNOWN");
        if (known === undefined || failures >= retries || !helps) throw error;
        await delay(retryPauseMs(failures + 1), { signal });
      }
    }
  }

  /**
   * Takes a blob over from another repository of the registry.
   *
   * @param repository Where it shall be.
   * @param digest `sha256:…`.
   * @param from Where it is.
   * @param options Signal.
   * @returns Whether it is there now; `false` where the registry would not.
   * @throws {RegistryError} when the registry refuses.
   */
  async mount(
    repository: string,
    digest: string,
    from: string,
    options: RegistryCallOptions = {},
  ): Promise<boolean> {
    const begun = await this.#begin(repository, options.signal, { digest, from });
    if (begun === undefined) return true;
    await begun.cancel();
    return false;
  }

  /**
   * Removes a blob from a repository. Not every registry does.
   *
   * @param repository Path in the registry.
   * @param digest `sha256:…`.
   * @param options Signal.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   * @throws {RegistryError} with status 405 when the registry keeps everything.
   */
  async delete(
    repository: string,
    digest: string,
    options: RegistryCallOptions = {},
  ): Promise<void> {
    await this.#requests.exchange({
      action: `delete blob ${digest} of ${this.#named(repository)}`,
      method: "DELETE",
      url: blobPath(repository, digest),
      scopes: [`repository:${repository}:delete`],
      signal: options.signal,
    });
  }

  #named(repository: string): string {
    return `${this.#requests.options.registry}/${repository}`;
  }

  #requireSame(repository: string, expected: string | undefined, actual: string): void {
    if (expected === undefined || expected === actual) return;
    const action = `send blob ${expected} to ${this.#named(repository)}`;
    throw new DigestMismatchError({ action, expected, actual });
  }

  async #begin(
    repository: string,
    signal: AbortSignal | undefined,
    mount?: { readonly digest: string; readonly from: string },
  ): Promise<BlobUpload | undefined> {
    requireRepository(repository);
    const scopes = [`repository:${repository}:pull,push`];
    const query = new URLSearchParams();
    if (mount !== undefined) {
      query.set("mount", requireDigest(mount.digest));
      query.set("from", requireRepository(mount.from));
      scopes.push(`repository:${mount.from}:pull`);
    }
    const action = `send a blob to ${this.#named(repository)}`;
    const url = `${repository}/blobs/uploads/${mount === undefined ? "" : `?${query}`}`;
    const base = { action, scopes, signal };
    const expect = [201, 202];
    const request = { ...base, method: "POST", url, expect } as const;
    const answer = await this.#requests.exchange(request);
    if (answer.status === 201) return undefined;
    return new BlobUpload(this.#requests, base, answer, this.#requests.urlOf(url));
  }

  async #upload(
    repository: string,
    source: OpenedSource,
    options: BlobPutOptions & { readonly chunkBytes: number },
  ): Promise<PutBlob> {
    const { known } = source;
    const { signal, mountFrom: from, onProgress } = options;
    const mount = from === undefined || known === undefined
      ? undefined
      : { digest: known.digest, from };
    const upload = await this.#begin(repository, signal, mount);
    if (upload === undefined && known !== undefined) return { ...known, how: "mounted" };
    if (upload === undefined) throw new Error("Unreachable: mounted without a digest");
    try {
      const read = await source.start(Math.max(options.chunkBytes, upload.minChunkBytes));
      let last = await read();
      while (last !== undefined) {
        const next = await read();
        if (next === undefined) break;
        await upload.send(last);
        onProgress?.(upload.sentBytes);
        last = next;
      }
      const sent = source.read();
      this.#requireSame(repository, options.digest ?? known?.digest, sent.digest);
      await upload.finish(sent.digest, last ?? new Uint8Array());
      onProgress?.(sent.sizeBytes);
      return { ...sent, how: "sent" };
    } catch (error) {
      await upload.cancel();
      throw error;
    }
  }
}

function blobPath(repository: string, digest: string): string {
  return `${requireRepository(repository)}/blobs/${requireDigest(digest)}`;
}
