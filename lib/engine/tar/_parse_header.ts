import { BLOCK_BYTES, type FieldName, FIELDS } from "./_header.ts";

/** The fields of one header, before pax records replace some of them. */
export interface RawHeader {
  /** Name with its prefix. */
  readonly path: string;
  /** The character that tells the kind; `"0"` for old archives that leave it out. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
  readonly major: number;
  readonly minor: number;
}

const decoder = new TextDecoder();

/** Whether a block is all zeros, which ends an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/**
 * Reads one header.
 *
 * @param block 512 bytes.
 * @returns Its fields, or what is wrong with it.
 */
export function parseHeader(block: Uint8Array): RawHeader | string {
  const sum = octalOrBinary(block, "checksum");
  if (sum === undefined || !sumsTo(block, sum)) return "the checksum of a header is wrong";
  const mode = octalOrBinary(block, "mode");
  const uid = octalOrBinary(block, "uid");
  const gid = octalOrBinary(block, "gid");
  const size = octalOrBinary(block, "size");
  const mtimeSeconds = octalOrBinary(block, "mtime");
  if (
    mode === undefined || uid === undefined || gid === undefined || size === undefined ||
    mtimeSeconds === undefined
  ) {
    return "a number in a header is not one";
  }
  if (size < 0) return "a size in a header is negative";
  const magic = latin(block, "magic");
  const isPosix = magic.startsWith("ustar\0");
  const isUstar = isPosix || magic.startsWith("ustar ");
  // GNU archives keep times where the prefix is.
  const prefix = isPosix ? text(block, "prefix") : "";
  const name = text(block, "name");
  const type = latin(block, "type");
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    type: type === "\0" ? "0" : type,
    mode,
    uid,
    gid,
    size,
    mtimeSeconds,
    linkName: text(block, "linkName"),
    userName: isUstar ? text(block, "userName") : "",
    groupName: isUstar ? text(block, "groupName") : "",
    major: isUstar ? octalOrBinary(block, "major") ?? 0 : 0,
    minor: isUstar ? octalOrBinary(block, "minor") ?? 0 : 0,
  };
}

function field(block: Uint8Array, name: FieldName): Uint8Array {
  const [at, length] = FIELDS[name];
  return block.subarray(at, at + length);
}

function text(block: Uint8Array, name: FieldName): string {
  const bytes = field(block, name);
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function latin(block: Uint8Array, name: FieldName): string {
  return String.fromCharCode(...field(block, name));
}

function octalOrBinary(block: Uint8Array, name: FieldName): number | undefined {
  const bytes = field(block, name);
  const first = bytes[0] ?? 0;
  // GNU: the highest bit says that the rest is one big-endian number.
  if ((first & 0x80) !== 0) {
    let value = (first & 0x40) !== 0 ? first - 256 : first & 0x7f;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = latin(block, name).replace(/[\0 ]+$/, "").trimStart().replace(/\0.*$/s, "");
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function sumsTo(block: Uint8Array, wanted: number): boolean {
  const [start, length] = FIELDS.checksum;
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = at >= start && at < start + length ? 32 : block[at] ?? 0;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  // Some old programs summed signed characters.
  return unsigned === wanted || signed === wanted;
}
