import { abortableFetch } from "../../retry/abortable_fetch.ts";
import { withTimeout } from "../../retry/with_timeout.ts";
import type { BlobKind, BlobStore } from "../model.ts";
import { requireKey } from "./directory_store.ts";

/** Longer than a large result takes; a server that is silent must not hold up a build. */
const TIMEOUT_MS = 30_000;

/**
 * Keeps results on any HTTP server that answers `GET` and takes `PUT`: `ADDRESS/result/KEY` and
 * `ADDRESS/inputs/KEY`. A user and password in the address are sent as a login.
 */
export class HttpStore implements BlobStore {
  /** For messages: without password. */
  readonly name: string;
  /** Others can read it. */
  readonly keepsPrivate = false;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Connects to nothing yet. */
  constructor(address: string) {
    const url = new URL(address);
    const login = url.username === ""
      ? undefined
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = "";
    url.password = "";
    this.#base = url.href.replace(/\/+$/, "");
    this.name = this.#base;
    this.#headers = login === undefined
      ? {}
      : { authorization: `Basic ${new TextEncoder().encode(login).toBase64()}` };
  }

  /** The bytes of a key. */
  async get(
    kind: BlobKind,
    key: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#send("GET", kind, key, undefined, options.signal);
  }

  /** Sends bytes. */
  async put(
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#send("PUT", kind, key, bytes, options.signal);
  }

  /** Nothing stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #send(
    method: "GET" | "PUT",
    kind: BlobKind,
    key: string,
    body: Uint8Array<ArrayBuffer> | undefined,
    outer: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const url = `${this.#base}/${kind}/${requireKey(key)}`;
    return await withTimeout(
      async (signal) => {
        const response = await abortableFetch(url, {
          method,
          body,
          headers: { ...this.#headers, "accept-encoding": "identity" },
          signal,
        });
        if (method === "GET" && response.status === 404) {
          await response.body?.cancel();
          return undefined;
        }
        if (!response.ok) {
          await response.body?.cancel();
          throw new Error(`${method} ${url}: status ${response.status}`);
        }
        return await response.bytes();
      },
      TIMEOUT_MS,
      { signal: outer },
    );
  }
}
