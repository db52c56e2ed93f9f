import { HttpError } from "./http_error.ts";

/** Largest body of a request, in bytes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Reads the body of a request, and no more of it than is allowed.
 *
 * @param request The request.
 * @param limitBytes How much.
 * @throws {HttpError} 413 when it is larger.
 */
export async function readBody(
  request: Request,
  limitBytes: number = MAX_BODY_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new HttpError(413, `The body has more than ${limitBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limitBytes) throw tooLarge;
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Reads a body that is JSON.
 *
 * @param request The request; without a body it is `undefined`.
 * @throws {HttpError} 413, 415 when it says that it is something else, 400 when it is not JSON.
 */
export async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  // The types that a form of another site can send without asking first are not among these.
  if (type !== "application/json") {
    throw new HttpError(415, `The body is ${JSON.stringify(type ?? "")}, not application/json`);
  }
  return parseJson(bytes);
}

/** Parses bytes. @throws {HttpError} 400 when they are not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, "The body is not JSON");
  }
}
