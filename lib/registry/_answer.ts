import { RegistryConnectionError, type RegistryError, registryError } from "./errors.ts";
import { shownUrl } from "./_http.ts";

/** An answer that is all there. */
export interface RegistryAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: Headers;
  /** Its body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** No answer other than a blob is larger: the specification wants 4 MiB for manifests. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_REASON_CHARACTERS = 1000;
const MAX_RETRY_AFTER_MS = 60_000;

/** Reads an answer to its end. */
export async function readAnswer(response: Response): Promise<RegistryAnswer> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has over ${MAX_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  const [only] = pieces;
  const body = only !== undefined && pieces.length === 1 ? only : await new Blob(pieces).bytes();
  return { status: response.status, headers: response.headers, body };
}

/**
 * Reads an answer as JSON.
 *
 * @throws {RegistryConnectionError} when it is none: what answers is no registry.
 */
export function parseJson(action: string, url: URL, body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    const reason = "the answer is not JSON";
    throw new RegistryConnectionError({ action, url: shownUrl(url), reason }, { cause });
  }
}

/** Makes the error of an answer that is a refusal. */
export function refusal(
  action: string,
  method: string,
  url: URL,
  { status, headers, body }: RegistryAnswer,
): RegistryError {
  const { codes, reason } = readErrors(status, body);
  const error = registryError({ action, method, url: shownUrl(url), status, codes, reason });
  const retryAfter = headers.get("retry-after");
  if (retryAfter !== null) RETRY_AFTER.set(error, retryAfter);
  return error;
}

/** How long the registry wants to be left alone after an error of {@linkcode refusal}. */
export function retryAfterMs(error: unknown): number {
  const text = error instanceof Error ? RETRY_AFTER.get(error) : undefined;
  if (text === undefined) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

const RETRY_AFTER = new WeakMap<Error, string>();

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: "it wants other credentials",
  403: "it does not allow this",
  404: "it has no such thing",
  429: "it wants fewer requests",
};

function readErrors(
  status: number,
  body: Uint8Array,
): { readonly codes: readonly string[]; readonly reason: string } {
  const text = new TextDecoder().decode(body.subarray(0, 64 * 1024)).trim();
  const codes: string[] = [];
  const words: string[] = [];
  try {
    const { errors, details, message } = JSON.parse(text);
    for (const error of Array.isArray(errors) ? errors : []) {
      if (typeof error?.code === "string") codes.push(error.code);
      const detail = typeof error?.detail === "string" ? error.detail : "";
      words.push([error?.message ?? error?.code, detail].filter((word) => word !== "").join(": "));
    }
    // Token servers answer in their own ways.
    for (const word of [details, message]) if (typeof word === "string") words.push(word);
  } catch {
    words.push(text.split("\n")[0] ?? "");
  }
  const reason = words.filter((word) => word !== "").join("; ").slice(0, MAX_REASON_CHARACTERS);
  return { codes, reason: reason || STATUS_WORDS[status] || `it answered with status ${status}` };
}
