import { concatBytes } from "./_byte_stream.ts";

// tag (16: hash of the type's name) | length of the name (u16 BE) | of the JSON (u32 BE) | of the
// bytes (u32 BE), then these three. The name comes with the first message of its type only.
const TAG_BYTES = 16;

/** The length of what stands before each message. */
export const HEADER_BYTES: number = TAG_BYTES + 2 + 4 + 4;

/** What stands before each message. */
export interface FrameHeader {
  /** The hash of the type's name, as hexadecimal text. */
  readonly tag: string;
  readonly nameBytes: number;
  readonly jsonBytes: number;
  readonly binaryBytes: number;
}

/** Makes what stands before a message. */
export function packHeader(header: FrameHeader): Uint8Array<ArrayBuffer> {
  const rest = new Uint8Array(HEADER_BYTES - TAG_BYTES);
  const view = new DataView(rest.buffer);
  view.setUint16(0, header.nameBytes);
  view.setUint32(2, header.jsonBytes);
  view.setUint32(6, header.binaryBytes);
  return concatBytes(Uint8Array.fromHex(header.tag), rest);
}

/** Reads what stands before a message. */
export function unpackHeader(bytes: Uint8Array<ArrayBuffer>): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    tag: bytes.subarray(0, TAG_BYTES).toHex(),
    nameBytes: view.getUint16(TAG_BYTES),
    jsonBytes: view.getUint32(TAG_BYTES + 2),
    binaryBytes: view.getUint32(TAG_BYTES + 6),
  };
}
