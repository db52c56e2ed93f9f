import { concatBytes } from "./_bytes.ts";

/** A connection that has left HTTP: raw bytes both ways, each way ended on its own. */
export interface HijackedStream extends Disposable {
  /** The `content-type` of the answer; tells frames from raw bytes since API 1.42. */
  readonly contentType: string | undefined;
  /**
   * Reads what has arrived, waiting for the first byte.
   *
   * @returns A view that is valid until the next call; `null` at the end, and when the stream is
   * disposed of meanwhile.
   */
  read(): Promise<Uint8Array | null>;
  /** Writes all bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our direction only; the peer sees the end of its input and can still answer. */
  closeWrite(): Promise<void>;
}

/** What is sent to get a raw connection. */
export interface HijackRequest {
  /** HTTP method, `POST` for all of the engine's. */
  readonly method: string;
  /** Path with version and query. */
  readonly target: string;
  /** Value of the `Host` header. */
  readonly host: string;
  /** Protocol to upgrade to: `tcp` for streams, `h2c` for a BuildKit session. */
  readonly upgrade: "tcp" | "h2c";
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
}

/** The answer to a request that wanted an upgrade and did not get one. */
export interface HijackRefusal {
  /** HTTP status. */
  readonly status: number;
  /** The first 64 KiB of the body. */
  readonly body: string;
}

/** An answer's head is small; more is not an engine that speaks. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Most programs that are attached to write a few lines: 64 KiB for each cost 1 ms of collection. */
const FIRST_READ_BYTES = 4 * 1024;
const READ_BYTES = 64 * 1024;

/**
 * Sends one HTTP/1.1 request on a fresh connection and takes the connection over.
 *
 * `fetch` cannot do this: on status 101 it gives no body, and a plain POST cannot half-close its
 * input. The connection is closed on failure.
 *
 * @param connection A fresh connection; owned by the result.
 * @param request What to send.
 * @returns The raw stream, or what was answered instead.
 */
export async function hijack(
  connection: Deno.Conn,
  request: HijackRequest,
): Promise<HijackedStream | HijackRefusal> {
  let taken = false;
  try {
    await writeAll(connection, encodeRequest(request));
    const { head, rest } = await readHead(connection);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
    if (status === 0) throw new Error("what listens there does not speak HTTP");
    const contentType = /^content-type:[ \t]*(.+?)[ \t]*$/im.exec(head)?.[1];
    // 200 without an upgrade is how engines before 1.24 and some proxies say the same.
    if (status !== 101 && !(status === 200 && request.upgrade === "tcp")) {
      return { status, body: await readRefusal(connection, head, rest) };
    }
    taken = true;
    return hijackedStream(connection, rest, contentType);
  } finally {
    if (!taken) closeQuietly(connection);
  }
}

function encodeRequest(request: HijackRequest): Uint8Array {
  const body = new TextEncoder().encode(request.body ?? "");
  const headers: Record<string, string> = {
    Host: request.host,
    Connection: "Upgrade",
    Upgrade: request.upgrade,
    "Content-Length": String(body.length),
    ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
    ...request.headers,
  };
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(name + value)) {
      throw new TypeError(`Cannot send header "${name}": line break`);
    }
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${lines}\r\n`;
  return concatBytes([new TextEncoder().encode(head), body]);
}

async function readHead(connection: Deno.Conn): Promise<{ head: string; rest: Uint8Array }> {
  let bytes: Uint8Array = new Uint8Array(0);
  const buffer = new Uint8Array(FIRST_READ_BYTES);
  while (bytes.length < MAX_HEAD_BYTES) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the engine closed the connection before it answered");
    bytes = concatBytes([bytes, buffer.subarray(0, count)]);
    const end = indexOfBlankLine(bytes);
    if (end !== -1) {
      return { head: new TextDecoder().decode(bytes.subarray(0, end)), rest: bytes.subarray(end) };
    }
  }
  throw new Error(`the engine's answer has no end of headers within ${MAX_HEAD_BYTES} bytes`);
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) {
      return at + 1;
    }
  }
  return -1;
}

async function readRefusal(
  connection: Deno.Conn,
  head: string,
  rest: Uint8Array,
): Promise<string> {
  const length = Number(/^content-length:[ \t]*(\d+)/im.exec(head)?.[1] ?? NaN);
  const chunked = /^transfer-encoding:.*chunked/im.test(head);
  const wanted = Number.isNaN(length) ? MAX_HEAD_BYTES : Math.min(length, MAX_HEAD_BYTES);
  let bytes = rest;
  const buffer = new Uint8Array(READ_BYTES);
  while (bytes.length < wanted) {
    if (chunked && unchunk(bytes).complete) break;
    const count = await connection.read(buffer);
    if (count === null) break;
    bytes = concatBytes([bytes, buffer.subarray(0, count)]);
  }
  return new TextDecoder().decode(chunked ? unchunk(bytes).body : bytes.subarray(0, wanted));
}

// RFC 9112 §7.1: a size in hexadecimal, a line end, that many bytes, a line end; 0 is the last.
function unchunk(bytes: Uint8Array): { readonly body: Uint8Array; readonly complete: boolean } {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    if (end === -1) break;
    const size = parseInt(new TextDecoder().decode(bytes.subarray(at, end)), 16);
    if (!(size > 0)) return { body: concatBytes(parts), complete: true };
    parts.push(bytes.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 2;
  }
  return { body: concatBytes(parts), complete: false };
}

function hijackedStream(
  connection: Deno.Conn,
  rest: Uint8Array,
  contentType: string | undefined,
): HijackedStream {
  // One buffer, and a large one as soon as it is filled. `conn.readable` is no choice: it closes the
  // connection when the peer half-closes, and what was still to be sent is lost.
  let buffer = new Uint8Array(FIRST_READ_BYTES);
  let first: Uint8Array | undefined = rest.length > 0 ? rest : undefined;
  let closed = false;
  return {
    contentType,
    async read() {
      if (first !== undefined) {
        const bytes = first;
        first = undefined;
        return bytes;
      }
      try {
        const into = buffer;
        const count = await connection.read(into);
        if (count === into.length && count < READ_BYTES) buffer = new Uint8Array(READ_BYTES);
        return count === null ? null : into.subarray(0, count);
      } catch (error) {
        // Who disposes of the stream while somebody else reads ends the reading.
        if (closed) return null;
        throw error;
      }
    },
    write: (bytes) => writeAll(connection, bytes),
    closeWrite: () => connection.closeWrite(),
    [Symbol.dispose]() {
      if (closed) return;
      closed = true;
      closeQuietly(connection);
    },
  };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // an abort has closed it already
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await connection.write(bytes.subarray(at));
}
