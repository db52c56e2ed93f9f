import { concatBytes } from "../_bytes.ts";
import type { TarEntry } from "./entry.ts";

/** Everything in an archive is padded to blocks of this size. */
export const BLOCK_BYTES = 512;

const encoder = new TextEncoder();

/** Offset and length of each field (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;

/** The name of a field. */
export type FieldName = keyof typeof FIELDS;

const TYPE_FLAGS: Readonly<Record<TarEntry["kind"], string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

/** How many zero bytes follow content of a length. */
export function paddingBytes(size: number): number {
  return (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
}

/**
 * Makes the header of one entry, with a pax header before it where a value does not fit.
 *
 * @param entry The entry.
 * @param size Length of its content.
 * @returns Whole blocks.
 * @throws {TypeError} when a name is empty or has a zero byte, or a number is not one.
 */
export function encodeHeader(entry: TarEntry, size: number): Uint8Array {
  checkEntry(entry, size);
  const path = entry.kind === "directory" && !entry.path.endsWith("/")
    ? `${entry.path}/`
    : entry.path;
  const target = "target" in entry ? entry.target : "";
  const { uid = 0, gid = 0, mtimeSeconds = 0, userName = "", groupName = "" } = entry;
  const records: [string, string][] = Object.entries(entry.pax ?? {});
  const block = new Uint8Array(BLOCK_BYTES);
  if (!putPath(block, path)) records.push(["path", path]);
  if (!putText(block, "linkName", target)) records.push(["linkpath", target]);
  if (!putText(block, "userName", userName)) records.push(["uname", userName]);
  if (!putText(block, "groupName", groupName)) records.push(["gname", groupName]);
  if (!putNumber(block, "uid", uid)) records.push(["uid", String(uid)]);
  if (!putNumber(block, "gid", gid)) records.push(["gid", String(gid)]);
  if (!putNumber(block, "size", size)) records.push(["size", String(size)]);
  if (!putNumber(block, "mtime", mtimeSeconds)) records.push(["mtime", String(mtimeSeconds)]);
  putNumber(block, "mode", (entry.mode ?? defaultMode(entry.kind)) & 0o7777);
  if ("major" in entry) {
    putNumber(block, "major", entry.major);
    putNumber(block, "minor", entry.minor);
  }
  finish(block, TYPE_FLAGS[entry.kind]);
  return records.length === 0 ? block : concatBytes([encodePax(path, records), block]);
}

function defaultMode(kind: TarEntry["kind"]): number {
  return kind === "directory" ? 0o755 : kind === "symlink" ? 0o777 : 0o644;
}

function checkEntry(entry: TarEntry, size: number): void {
  const refuse = (why: string) => {
    throw new TypeError(`Cannot archive ${JSON.stringify(entry.path)}: ${why}`);
  };
  const texts = "target" in entry ? [entry.path, entry.target] : [entry.path];
  for (const text of texts) {
    if (text === "") refuse("a path is empty");
    if (text.includes("\0")) refuse(`zero byte in ${JSON.stringify(text)}`);
  }
  const { mode = 0, uid = 0, gid = 0, mtimeSeconds = 0 } = entry;
  const device = "major" in entry ? { major: entry.major, minor: entry.minor } : {};
  for (const [name, value] of Object.entries({ mode, uid, gid, size, ...device })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      refuse(`${name} ${value} is not a whole number of 0 or more`);
    }
  }
  if (!Number.isFinite(mtimeSeconds)) refuse(`mtimeSeconds ${mtimeSeconds} is not a number`);
}

function encodePax(path: string, records: readonly (readonly [string, string])[]): Uint8Array {
  const body = concatBytes(records.map(([key, value]) => encodeRecord(key, value)));
  const block = new Uint8Array(BLOCK_BYTES);
  // Only old programs that take a pax header for a file ever see this name.
  const base = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  putText(block, "name", `PaxHeaders/${base.replace(/[^\x21-\x7e]/g, "_").slice(0, 80)}`);
  putNumber(block, "mode", 0o644);
  putNumber(block, "uid", 0);
  putNumber(block, "gid", 0);
  putNumber(block, "mtime", 0);
  putNumber(block, "size", body.length);
  finish(block, "x");
  return concatBytes([block, body, new Uint8Array(paddingBytes(body.length))]);
}

/** A record tells its own length, which counts the digits of that length. */
function encodeRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return concatBytes([encoder.encode(String(length)), rest]);
}

function finish(block: Uint8Array, type: string): void {
  block[FIELDS.type[0]] = type.charCodeAt(0);
  block.set(encoder.encode("ustar\x0000"), FIELDS.magic[0]);
  // The sum counts its own field as blanks.
  block.fill(32, FIELDS.checksum[0], FIELDS.checksum[0] + FIELDS.checksum[1]);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), FIELDS.checksum[0]);
}

function putPath(block: Uint8Array, path: string): boolean {
  if (putText(block, "name", path)) return true;
  if (!isAscii(path)) return false;
  // The first slash that leaves a name that fits; the prefix gets what is before it.
  const slash = path.indexOf("/", path.length - FIELDS.name[1] - 1);
  if (slash <= 0 || slash > FIELDS.prefix[1] || slash === path.length - 1) return false;
  return putText(block, "prefix", path.slice(0, slash)) &&
    putText(block, "name", path.slice(slash + 1));
}

function putText(block: Uint8Array, field: FieldName, text: string): boolean {
  const [at, length] = FIELDS[field];
  // Names of other alphabets are only defined in pax, though most programs take them as UTF-8.
  if (text.length > length || !isAscii(text)) return false;
  block.set(encoder.encode(text), at);
  return true;
}

function isAscii(text: string): boolean {
  // deno-lint-ignore no-control-regex -- the range is the meaning
  return /^[\x00-\x7f]*$/.test(text);
}

function putNumber(block: Uint8Array, field: FieldName, value: number): boolean {
  const [at, length] = FIELDS[field];
  const fits = Number.isInteger(value) && value >= 0 && value < 8 ** (length - 1);
  const digits = (fits ? value : 0).toString(8).padStart(length - 1, "0");
  block.set(encoder.encode(digits), at);
  return fits;
}
