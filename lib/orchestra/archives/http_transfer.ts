import { abortableFetch, withTimeout } from "../../retry/mod.ts";
import { OrchestraError } from "../errors.ts";
import { joinPath, parentPath } from "../_path.ts";
import { shownUrl } from "../_url.ts";
import { StallWatch } from "./_stall_watch.ts";
import { hashMaterialPath, manifestPath } from "./archive_path.ts";
import { verifyChecksum } from "./checksum.ts";
import type { ArchiveRemote } from "./remote.ts";
import type { ArchiveTransfer } from "./transfer.ts";

/** A server that does not begin to answer within this time is none. */
const ANSWER_TIMEOUT_MS = 30_000;
/** A transfer in which nothing moves for so long is given up; servers store what they got in it. */
const STALL_MS = 120_000;
/** Servers say for all of these that there is no such file; object stores like 403. */
const ABSENT: readonly number[] = [403, 404, 410];

/** Archives that a web server gives as files, and takes with PUT where it is set up to. */
export class HttpTransfer implements ArchiveTransfer {
  readonly #url: string;
  readonly #here: string;
  readonly #stallMs: number;

  /**
   * Makes it.
   *
   * @param remote The remote.
   * @param options `stallMs`: a transfer in which nothing moves for so long fails.
   */
  constructor(
    remote: ArchiveRemote & { readonly kind: "http" },
    options: { readonly stallMs?: number } = {},
  ) {
    this.#stallMs = options.stallMs ?? STALL_MS;
    this.#url = remote.url;
    this.#here = remote.directory;
  }

  /** Asks with HEAD whether the archive is there. */
  async has(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const response = await this.#request("HEAD", path, { signal });
    await response.body?.cancel();
    if (response.ok) return true;
    if (ABSENT.includes(response.status)) return false;
    throw this.#refused("HEAD", path, response.status);
  }

  /** Gets an archive, and what is beside it. */
  async download(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const target = joinPath(this.#here, path);
    const temporary = joinPath(parentPath(target), `_tmp_${crypto.randomUUID()}.tar.xz`);
    await Deno.mkdir(parentPath(target), { recursive: true });
    try {
      if (!await this.#get(path, temporary, signal)) throw this.#refused("GET", path, 404);
      if (await this.#get(manifestPath(path), manifestPath(temporary), signal)) {
        await verifyChecksum(temporary, this.#shown(path));
        await Deno.rename(manifestPath(temporary), manifestPath(target));
      }
      await this.#get(hashMaterialPath(path), hashMaterialPath(target), signal);
      await Deno.rename(temporary, target);
    } catch (error) {
      for (const rest of [temporary, manifestPath(temporary)]) {
        await Deno.remove(rest).catch(() => {}); // the first error is the one to tell
      }
      throw error;
    }
  }

  /** Puts an archive there, and first what is beside it. */
  async upload(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    for (const name of [hashMaterialPath(path), manifestPath(path), path]) {
      let file: Deno.FsFile;
      try {
        file = await Deno.open(joinPath(this.#here, name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound && name !== path) continue;
        throw error;
      }
      const stalled = new AbortController();
      const ends = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
      using watch = this.#watch("PUT", name, stalled);
      // The body closes the file.
      const body = file.readable.pipeThrough(watch.stream());
      const response = await this.#request("PUT", name, { body, signal: ends });
      await response.body?.cancel();
      if (!response.ok) throw this.#refused("PUT", name, response.status);
    }
  }

  /** There is nothing to close. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #get(path: string, to: string, signal: AbortSignal | undefined): Promise<boolean> {
    const stalled = new AbortController();
    const ends = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
    const response = await this.#request("GET", path, { signal: ends });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      if (ABSENT.includes(response.status)) return false;
      throw this.#refused("GET", path, response.status);
    }
    using watch = this.#watch("GET", path, stalled);
    try {
      await Deno.writeFile(to, response.body.pipeThrough(watch.stream()), { signal: ends });
    } catch (cause) {
      ends.throwIfAborted();
      throw new OrchestraError(`Cannot save the answer to GET ${this.#shown(path)}`, { cause });
    }
    return true;
  }

  #watch(method: string, path: string, stalled: AbortController): StallWatch {
    return new StallWatch(this.#stallMs, () => {
      stalled.abort(
        new OrchestraError(
          `The archive remote stalls: ${method} ${this.#shown(path)} has transferred nothing ` +
            `for ${this.#stallMs / 1000} s`,
        ),
      );
    });
  }

  async #request(method: string, path: string, init: RequestInit): Promise<Response> {
    const url = this.#address(path);
    const { signal, ...rest } = init;
    const late = new AbortController();
    const ends = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    try {
      return await withTimeout(
        () => abortableFetch(url, { ...rest, method, signal: ends }),
        method === "PUT" ? Infinity : ANSWER_TIMEOUT_MS,
        signal ? { signal } : {},
      );
    } catch (cause) {
      late.abort(cause);
      signal?.throwIfAborted();
      throw new OrchestraError(
        `Cannot reach the archive remote: ${method} ${this.#shown(path)}`,
        // Its message may repeat the URL, password and all.
        url === this.#shown(path) ? { cause } : {},
      );
    }
  }

  #address(path: string): string {
    return `${this.#url}/${path.split("/").map(encodeURIComponent).join("/")}`;
  }

  #shown(path: string): string {
    return shownUrl(this.#address(path));
  }

  #refused(method: string, path: string, status: number): OrchestraError {
    return new OrchestraError(
      `The archive remote refuses: ${method} ${this.#shown(path)} gives status ${status}`,
    );
  }
}
