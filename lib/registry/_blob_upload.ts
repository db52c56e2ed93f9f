import { delay } from "../retry/mod.ts";
import { RegistryNotFoundError } from "./errors.ts";
import type { RegistryAnswer } from "./_answer.ts";
import { isRetryable, type RegistryRequest, type Requests, retryPauseMs } from "./_requests.ts";

/** What all requests of one upload have in common. */
export type UploadBase = Pick<RegistryRequest, "action" | "scopes" | "signal">;

const OCTETS = { "content-type": "application/octet-stream" };

/** An upload that is under way: pieces go up one after the other, and again where one got lost. */
export class BlobUpload {
  readonly #requests: Requests;
  readonly #base: UploadBase;
  #location: URL;
  #offset = 0;
  /** The least that a piece other than the last may have. */
  readonly minChunkBytes: number;

  /** Goes on from the answer to the `POST` that began it. */
  constructor(requests: Requests, base: UploadBase, begun: RegistryAnswer, from: URL) {
    this.#requests = requests;
    this.#base = base;
    this.#location = locationOf(requests, begun, from);
    this.minChunkBytes = Number(begun.headers.get("oci-chunk-min-length") ?? 0) || 0;
  }

  /** Bytes that the registry has. */
  get sentBytes(): number {
    return this.#offset;
  }

  /** Sends the next piece. */
  async send(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const start = this.#offset;
    const end = start + chunk.length;
    const { retries } = this.#requests.options;
    for (let failures = 0; this.#offset < end;) {
      const rest = chunk.subarray(this.#offset - start);
      try {
        const answer = await this.#requests.once({
          ...this.#base,
          method: "PATCH",
          url: this.#location,
          headers: { ...OCTETS, "content-range": `${this.#offset}-${end - 1}` },
          body: rest,
          expect: [202],
        });
        this.#location = locationOf(this.#requests, answer, this.#location);
        this.#offset = Math.min(received(answer) ?? end, end);
      } catch (error) {
        const isOutOfStep = error instanceof Error && "status" in error && error.status === 416;
        if (failures >= retries || !(isOutOfStep || isRetryable(error))) throw error;
        failures += 1;
        await delay(retryPauseMs(failures), { signal: this.#base.signal });
        await this.#ask(start, end);
      }
    }
  }

  /**
   * Says that it is all there.
   *
   * @param last What has not been sent yet.
   */
  async finish(digest: string, last: Uint8Array<ArrayBuffer>): Promise<void> {
    const url = new URL(this.#location);
    url.searchParams.set("digest", digest);
    const start = this.#offset;
    const range: Record<string, string> = start === 0 || last.length === 0
      ? {}
      : { "content-range": `${start}-${start + last.length - 1}` };
    await this.#requests.once({
      ...this.#base,
      method: "PUT",
      url,
      headers: { ...OCTETS, ...range },
      body: last,
      expect: [201],
    });
  }

  /** Gives it up, so that the registry keeps nothing of it; fails in silence. */
  async cancel(): Promise<void> {
    try {
      const { action, scopes } = this.#base;
      const signal = AbortSignal.timeout(5_000);
      await this.#requests.once({ action, scopes, method: "DELETE", url: this.#location, signal });
    } catch {
      // Registries remove by themselves what nobody goes on with.
    }
  }

  // What of a piece arrived before the connection broke, only the registry knows.
  async #ask(start: number, end: number): Promise<void> {
    const answer = await this.#requests.exchange({
      ...this.#base,
      method: "GET",
      url: this.#location,
      expect: [204],
    });
    this.#location = locationOf(this.#requests, answer, this.#location);
    const has = received(answer) ?? 0;
    // "0-0" is said for one byte and for none, and nobody sends a single one.
    const offset = has === 1 ? 0 : has;
    if (offset < start || offset > end) {
      throw new RegistryNotFoundError({
        action: this.#base.action,
        method: "GET",
        url: this.#location.href,
        status: 404,
        codes: ["BLOB_UPLOAD_UNKNOWN"],
        reason: `the registry has ${offset} bytes of it, where ${start} were sent before`,
      });
    }
    this.#offset = offset;
  }
}

function locationOf(requests: Requests, { headers }: RegistryAnswer, from: URL): URL {
  const location = headers.get("location");
  return location === null ? from : requests.urlOf(new URL(location, from));
}

function received({ headers }: RegistryAnswer): number | undefined {
  const end = /^(?:bytes=)?0-(\d+)$/.exec(headers.get("range") ?? "")?.[1];
  return end === undefined ? undefined : Number(end) + 1;
}
