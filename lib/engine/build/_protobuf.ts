import { concatBytes } from "../_bytes.ts";

/** One field of a message: a number for varints and fixed numbers, bytes for the rest. */
export type ProtoField = readonly [field: number, value: number | Uint8Array];

/** A message ended too early or has no valid field. */
export class ProtobufError extends Error {
  /** The name of the class. */
  override readonly name: string = "ProtobufError";
}

/**
 * Reads the fields of a protobuf message in order
 * (https://protobuf.dev/programming-guides/encoding/). Numbers past 2^53 lose precision.
 *
 * @param bytes The message.
 * @yields {ProtoField} Each field; bytes are views.
 * @throws {ProtobufError} when the message is damaged.
 */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  const input = { bytes, at: 0 };
  while (input.at < bytes.length) {
    const key = readVarint(input);
    const field = Math.floor(key / 8);
    if (field === 0) throw new ProtobufError("Cannot read a message: a field has number 0");
    switch (key % 8) {
      case 0:
        yield [field, readVarint(input)];
        break;
      case 1:
        yield [field, Number(view(take(input, 8)).getBigUint64(0, true))];
        break;
      case 2:
        yield [field, take(input, readVarint(input))];
        break;
      case 5:
        yield [field, view(take(input, 4)).getUint32(0, true)];
        break;
      default:
        throw new ProtobufError(`Cannot read a message: field ${field} has type ${key % 8}`);
    }
  }
}

/** A field as text; empty when it is a number. */
export function protoText(value: number | Uint8Array): string {
  return typeof value === "number" ? "" : decoder.decode(value);
}

/** A field as bytes; empty when it is a number. */
export function protoBytes(value: number | Uint8Array): Uint8Array {
  return typeof value === "number" ? new Uint8Array(0) : value;
}

/** A field as a number; 0 when it is bytes. */
export function protoNumber(value: number | Uint8Array): number {
  return typeof value === "number" ? value : 0;
}

/** Writes a message; fields with `undefined`, 0 or nothing in them are left out, as proto3 does. */
export function encodeProto(
  fields: readonly (readonly [field: number, value: number | string | Uint8Array | undefined])[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const [field, value] of fields) {
    if (value === undefined || value === 0 || value === "") continue;
    if (typeof value === "number") {
      parts.push(encodeVarint(field * 8), encodeVarint(value));
      continue;
    }
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    parts.push(encodeVarint(field * 8 + 2), encodeVarint(bytes.length), bytes);
  }
  return concatBytes(parts);
}

const decoder = new TextDecoder();

interface Input {
  readonly bytes: Uint8Array;
  at: number;
}

function readVarint(input: Input): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = input.bytes[input.at++];
    if (byte === undefined) throw tooShort();
    value += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) return value;
  }
  throw new ProtobufError("Cannot read a message: a number is too long");
}

function take(input: Input, length: number): Uint8Array {
  const part = input.bytes.subarray(input.at, input.at + length);
  if (part.length < length) throw tooShort();
  input.at += length;
  return part;
}

function tooShort(): ProtobufError {
  return new ProtobufError("Cannot read a message: it ends too early");
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encodeVarint(value: number): Uint8Array {
  // Past 2^53 a number is still exact when it is a multiple of a power of two, as nanoseconds are.
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`Cannot write ${value} into a message: it is not a whole number`);
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
