import { delay } from "../retry/mod.ts";
import { runningDigest } from "./digest.ts";
import { DigestMismatchError, RegistryConnectionError } from "./errors.ts";
import { connectionFailure, shownUrl } from "./_http.ts";
import {
  isRetryable,
  type RegistryRequest,
  type Requests,
  retryPauseMs,
  silence,
} from "./_requests.ts";

/** What is read. */
export interface DownloadOptions {
  /** The call, without a range. */
  readonly request: Omit<RegistryRequest, "signal">;
  /** What it must be. */
  readonly digest: string;
  /** How much it must be. */
  readonly sizeBytes?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Begins to read a blob. Where the connection breaks, it is read on from there; at its end it is
 * what its digest says, or the stream fails.
 */
export async function downloadBlob(
  requests: Requests,
  options: DownloadOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { request, signal, sizeBytes } = options;
  const { action } = request;
  const url = requests.urlOf(request.url);
  const { retries, stallTimeoutMs } = requests.options;
  const digest = await runningDigest();
  let offset = 0;
  let failures = 0;
  let part: Part | undefined;

  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    while (true) {
      try {
        signal?.throwIfAborted();
        part ??= await openPart(requests, options, offset, stallTimeoutMs);
        const piece = await part.read();
        if (piece !== undefined) {
          failures = 0;
          return piece;
        }
        if (part.endsAt === undefined || offset >= part.endsAt) return undefined;
        throw brokeOff(action, url, offset, part.endsAt);
      } catch (error) {
        part?.close();
        part = undefined;
        signal?.throwIfAborted();
        if (!isRetryable(error) || failures >= retries) throw error;
        failures += 1;
        await delay(retryPauseMs(failures), { signal });
      }
    }
  };

  const first = await next();
  let pending = first;
  let ended = first === undefined;
  return new ReadableStream({
    async pull(controller) {
      const piece = pending ?? (ended ? undefined : await next());
      pending = undefined;
      if (piece === undefined) {
        ended = true;
        part?.close();
        check(action, sizeBytes, offset, options.digest, digest.digest());
        return controller.close();
      }
      offset += piece.length;
      digest.update(piece);
      controller.enqueue(piece);
    },
    cancel() {
      part?.close();
    },
  }, { highWaterMark: 0 });
}

interface Part {
  /** Where the whole blob ends; `undefined` where the registry does not tell. */
  readonly endsAt: number | undefined;
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  close(): void;
}

async function openPart(
  requests: Requests,
  { request, signal }: DownloadOptions,
  offset: number,
  stallTimeoutMs: number,
): Promise<Part> {
  const { action } = request;
  const url = requests.urlOf(request.url);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const close = () => {
    signal?.removeEventListener("abort", onAbort);
    stop.abort();
  };
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    const onSilence = () => stop.abort(silence(action, url, stallTimeoutMs));
    const timer = setTimeout(onSilence, stallTimeoutMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const range: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const asked = { ...request, headers: { ...request.headers, ...range } };
    const response = await within(() => requests.open(asked, stop.signal));
    const reader = response.body?.getReader();
    const partial = response.status === 206;
    const length = response.headers.get("content-length");
    const starts = partial ? rangeStart(response.headers.get("content-range")) ?? offset : 0;
    if (starts > offset) throw brokeOff(action, url, offset, starts);
    let skip = offset - starts;
    return {
      endsAt: length === null ? undefined : starts + Number(length),
      close,
      async read() {
        while (true) {
          let piece: Uint8Array<ArrayBuffer> | undefined;
          try {
            piece = reader && (await within(() => reader.read())).value;
          } catch (cause) {
            throw connectionFailure(action, url, cause, stop.signal);
          }
          if (piece === undefined) return undefined;
          if (piece.length > skip) {
            piece = piece.subarray(skip);
            skip = 0;
            return piece;
          }
          skip -= piece.length;
        }
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function rangeStart(header: string | null): number | undefined {
  const start = /^bytes (\d+)-/.exec(header ?? "")?.[1];
  return start === undefined ? undefined : Number(start);
}

function brokeOff(action: string, url: URL, at: number, end: number): RegistryConnectionError {
  const reason = `the answer broke off after ${at} of ${end} bytes`;
  const fields = { action, url: shownUrl(url), reason };
  return new RegistryConnectionError(fields, { cause: new Deno.errors.UnexpectedEof(reason) });
}

function check(
  action: string,
  sizeBytes: number | undefined,
  bytes: number,
  expected: string,
  actual: string,
): void {
  if (sizeBytes !== undefined && bytes !== sizeBytes) {
    throw new DigestMismatchError({
      action,
      expected: `${sizeBytes} bytes`,
      actual: `${bytes} bytes`,
    });
  }
  if (actual !== expected) throw new DigestMismatchError({ action, expected, actual });
}
