import { decodeHuffman } from "./_huffman.ts";
import { Http2Error } from "./http2_error.ts";

/** One header: name in lower case, and value. */
export type HeaderField = readonly [name: string, value: string];

// RFC 7541, appendix A, from index 1 on.
const STATIC_TABLE: readonly HeaderField[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ...[
    "accept-language",
    "accept-ranges",
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
  ].map((name): HeaderField => [name, ""]),
];

/** What a peer may use unless it is told otherwise (RFC 9113, section 6.5.2). */
const MAX_TABLE_BYTES = 4096;
/** What the headers of one request may have together, counted as RFC 7541 counts. */
const MAX_HEADER_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** Decodes the header blocks of one connection; the table that grows with them is shared. */
export class HpackDecoder {
  readonly #dynamic: HeaderField[] = [];
  #dynamicBytes = 0;
  #limitBytes = MAX_TABLE_BYTES;

  /**
   * Decodes one header block.
   *
   * @param block The whole block, continuations joined.
   * @returns The headers in order.
   * @throws {Http2Error} when the block is damaged or too large.
   */
  decode(block: Uint8Array): HeaderField[] {
    const fields: HeaderField[] = [];
    const input: Input = { bytes: block, at: 0 };
    let bytes = 0;
    while (input.at < block.length) {
      const first = block[input.at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw damaged("a table size comes after a header");
        this.#resize(readInteger(input, 5));
        continue;
      }
      const field = this.#readField(first, input);
      bytes += sizeOf(field);
      if (bytes > MAX_HEADER_BYTES) {
        throw new Http2Error("ENHANCE_YOUR_CALM", `headers of more than ${MAX_HEADER_BYTES} bytes`);
      }
      fields.push(field);
    }
    return fields;
  }

  #readField(first: number, input: Input): HeaderField {
    if ((first & 0x80) !== 0) return this.#lookUp(readInteger(input, 7));
    const indexed = (first & 0x40) !== 0;
    const index = readInteger(input, indexed ? 6 : 4);
    const name = index === 0 ? readString(input) : this.#lookUp(index)[0];
    const field: HeaderField = [name, readString(input)];
    if (indexed) this.#add(field);
    return field;
  }

  #lookUp(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#dynamic[index - STATIC_TABLE.length - 1];
    if (field === undefined) throw damaged(`no header has index ${index}`);
    return field;
  }

  #add(field: HeaderField): void {
    const bytes = sizeOf(field);
    this.#shrink(this.#limitBytes - bytes);
    // One that does not fit into the empty table is no mistake: the table is just empty then.
    if (bytes > this.#limitBytes) return;
    this.#dynamic.unshift(field);
    this.#dynamicBytes += bytes;
  }

  #resize(limitBytes: number): void {
    if (limitBytes > MAX_TABLE_BYTES) throw damaged(`a table size of ${limitBytes}`);
    this.#limitBytes = limitBytes;
    this.#shrink(limitBytes);
  }

  #shrink(limitBytes: number): void {
    while (this.#dynamicBytes > Math.max(0, limitBytes)) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) break;
      this.#dynamicBytes -= sizeOf(oldest);
    }
  }
}

/**
 * Encodes headers so that the peer needs no table: everything spelled out, except a status of 200.
 *
 * @param fields The headers; values must be ASCII.
 * @returns One header block.
 */
export function encodeHeaders(fields: readonly HeaderField[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    if (name === ":status" && value === "200") {
      bytes.push(0x88);
      continue;
    }
    bytes.push(0x00);
    for (const text of [name, value]) {
      const encoded = encoder.encode(text);
      pushInteger(bytes, encoded.length);
      for (const byte of encoded) bytes.push(byte);
    }
  }
  return Uint8Array.from(bytes);
}

function pushInteger(bytes: number[], value: number): void {
  if (value < 0x7f) {
    bytes.push(value);
    return;
  }
  bytes.push(0x7f);
  let rest = value - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

interface Input {
  readonly bytes: Uint8Array;
  at: number;
}

function damaged(reason: string): Http2Error {
  return new Http2Error("COMPRESSION_ERROR", `the headers are damaged: ${reason}`);
}

function readByte(input: Input): number {
  const byte = input.bytes[input.at++];
  if (byte === undefined) throw damaged("they end too early");
  return byte;
}

function readInteger(input: Input, prefixBits: number): number {
  const most = 2 ** prefixBits - 1;
  let value = readByte(input) & most;
  if (value < most) return value;
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = readByte(input);
    value += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) return value;
  }
  throw damaged("a number is too large");
}

// Header values are bytes; gRPC's are ASCII, so what is not shows as U+FFFD and harms nobody.
const decoder = new TextDecoder();

function readString(input: Input): string {
  const coded = ((input.bytes[input.at] ?? 0) & 0x80) !== 0;
  const length = readInteger(input, 7);
  const bytes = input.bytes.subarray(input.at, input.at + length);
  if (bytes.length < length) throw damaged("they end too early");
  input.at += length;
  if (!coded) return decoder.decode(bytes);
  const plain = decodeHuffman(bytes);
  if (plain === undefined) throw damaged("a string is no Huffman code");
  return decoder.decode(plain);
}

function sizeOf([name, value]: HeaderField): number {
  // RFC 7541, section 4.1: the bytes of both, and 32 for the entry.
  return byteLength(name) + byteLength(value) + 32;
}

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
