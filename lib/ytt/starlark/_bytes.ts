/**
 * Starlark strings are sequences of bytes, nearly always UTF-8. They are kept as JavaScript
 * strings: ASCII text needs no care, other text goes through bytes for length, index and slice,
 * and a byte that belongs to no UTF-8 sequence is the lone surrogate U+DC80 + (byte - 0x80).
 */

import { TextBuilder } from "./_text_builder.ts";

const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;
const ESCAPED = /[\udc80-\udcff]/;
const LAST_ESCAPED = /[\udc80-\udcff]$/;

/** Whether every character is one byte. */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** Length in bytes. */
export function byteLength(text: string): number {
  if (!NOT_ASCII.test(text)) return text.length;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length++;
    else if (code < 0x800) length += 2;
    else if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else if (code >= 0xdc80 && code <= 0xdcff) length++;
    else length += 3;
  }
  return length;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** The bytes of a string. */
export function toBytes(text: string): Uint8Array {
  if (!ESCAPED.test(text) || text.isWellFormed()) return encoder.encode(text);
  const out = new Uint8Array(text.length * 3);
  let size = 0;
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) size += encoder.encodeInto(text.slice(start, end), out.subarray(size)).written;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(i + 1))) i++;
    else if (code >= 0xdc80 && code <= 0xdcff) {
      flush(i);
      out[size++] = code - 0xdc00;
      start = i + 1;
    }
  }
  flush(text.length);
  return out.slice(0, size);
}

/** The string of some bytes; what is not UTF-8 becomes escapes. */
export function fromBytes(bytes: Uint8Array): string {
  const out = new TextBuilder();
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) out.add(decoder.decode(bytes.subarray(start, end)));
  };
  for (let i = 0; i < bytes.length;) {
    const size = sequenceLength(bytes, i);
    if (size === 0) {
      flush(i);
      out.add(String.fromCharCode(0xdc00 + bytes[i]!));
      i++;
      start = i;
    } else i += size;
  }
  flush(bytes.length);
  return out.toString();
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Length of the valid UTF-8 sequence at `i`, or 0. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!;
  if (first < 0x80) return 1;
  const size = first >= 0xc2 && first <= 0xdf
    ? 2
    : first >= 0xe0 && first <= 0xef
    ? 3
    : first >= 0xf0 && first <= 0xf4
    ? 4
    : 0;
  if (size === 0 || i + size > bytes.length) return 0;
  const second = bytes[i + 1]!;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < size; k++) {
    if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  }
  return size;
}

/** Joins escapes that have become whole UTF-8 sequences, after concatenation. */
export function normalize(text: string): string {
  return ESCAPED.test(text) && !text.isWellFormed() ? fromBytes(toBytes(text)) : text;
}

/** `a + b`. */
export function concat(a: string, b: string): string {
  return a.length > 0 && LAST_ESCAPED.test(a.slice(-1)) ? normalize(a + b) : a + b;
}

/** Bytes `start` to `end` of a string. */
export function sliceBytes(text: string, start: number, end: number): string {
  return isAscii(text) ? text.slice(start, end) : fromBytes(toBytes(text).subarray(start, end));
}

/** Compares by bytes: -1, 0 or 1. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // UTF-16 order is byte order except around surrogates.
      if (x < 0xd800 && y < 0xd800) return x < y ? -1 : 1;
      return compareBytes(toBytes(a), toBytes(b));
    }
  }
  return a.length < b.length ? -1 : a.length > b.length ? 1 : 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

/** Byte offset of UTF-16 index `index`, and the reverse is `indexOfByte`. */
export function byteOfIndex(text: string, index: number): number {
  return byteLength(text.slice(0, index));
}
