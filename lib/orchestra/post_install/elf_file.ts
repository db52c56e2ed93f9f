/** What the dynamic linker reads of an ELF file. */
export interface ElfDynamic {
  /** Where `.dynstr` is in the file. */
  readonly stringsOffset: number;
  /** `.dynstr`, as one character for each byte. */
  readonly strings: string;
  /** `DT_NEEDED`: the libraries it loads. */
  readonly needed: readonly string[];
  /** `DT_SONAME`. */
  readonly soname: string | undefined;
  /** The directories of `DT_RPATH`. */
  readonly rpath: readonly string[];
  /** The directories of `DT_RUNPATH`. */
  readonly runpath: readonly string[];
  /** 32 or 64. */
  readonly bits: 32 | 64;
  /** The processor, as the header numbers it. */
  readonly machine: number;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
/** No `.dynstr` comes near: what claims more is damaged. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * Reads the dynamic section of an ELF file, of which only the parts that are needed are read.
 * Source: the System V ABI, chapters 4 and 5.
 *
 * Permissions: `--allow-read` of the file.
 *
 * @param path The file.
 * @returns What is in it; `undefined` when it is no ELF file, is damaged, or has no such section.
 */
export function readElfDynamic(path: string): ElfDynamic | undefined {
  using file = Deno.openSync(path, { read: true });
  const ident = readAt(file, 0, 16);
  if (ident === undefined || ident[0] !== 0x7f || latin1(ident.subarray(1, 4)) !== "ELF") {
    return undefined;
  }
  const wide = ident[4] === 2;
  const little = ident[5] === 1;
  const header = readAt(file, 0, wide ? 64 : 52);
  if (header === undefined) return undefined;
  const head = new Fields(header, wide, little);
  const tableOffset = head.word(wide ? 32 : 28);
  const entryBytes = head.half(wide ? 54 : 42);
  const count = head.half(wide ? 56 : 44);
  const table = readAt(file, tableOffset, entryBytes * count);
  if (table === undefined || entryBytes < (wide ? 56 : 32)) return undefined;
  const segments = Array.from({ length: count }, (_, index) => {
    const entry = new Fields(table.subarray(index * entryBytes), wide, little);
    return {
      type: entry.int(0),
      offset: entry.word(wide ? 8 : 4),
      address: entry.word(wide ? 16 : 8),
      bytes: entry.word(wide ? 32 : 16),
    };
  });
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return undefined;
  const section = readAt(file, dynamic.offset, dynamic.bytes);
  if (section === undefined) return undefined;
  const tags = readTags(new Fields(section, wide, little), section.length);
  const address = tags.find(({ tag }) => tag === DT_STRTAB)?.value;
  const bytes = tags.find(({ tag }) => tag === DT_STRSZ)?.value;
  const segment = address === undefined
    ? undefined
    : segments.find((segment) =>
      segment.type === PT_LOAD && segment.address <= address &&
      address < segment.address + segment.bytes
    );
  if (segment === undefined || address === undefined || bytes === undefined) return undefined;
  const stringsOffset = segment.offset + (address - segment.address);
  const raw = readAt(file, stringsOffset, bytes);
  if (raw === undefined) return undefined;
  const strings = latin1(raw);
  const texts = (wanted: number) =>
    tags.filter(({ tag }) => tag === wanted).map(({ value }) => textAt(strings, value));
  const directories = (wanted: number) =>
    texts(wanted).flatMap((text) => text.split(":")).filter((text) => text !== "");
  return {
    stringsOffset,
    strings,
    needed: texts(DT_NEEDED),
    soname: texts(DT_SONAME)[0],
    rpath: directories(DT_RPATH),
    runpath: directories(DT_RUNPATH),
    bits: wide ? 64 : 32,
    machine: head.half(18),
  };
}

function readTags(section: Fields, length: number): { tag: number; value: number }[] {
  const step = section.wide ? 16 : 8;
  const tags = [];
  for (let offset = 0; offset + step <= length; offset += step) {
    const tag = section.word(offset);
    if (tag === 0) break;
    tags.push({ tag, value: section.word(offset + step / 2) });
  }
  return tags;
}

function textAt(strings: string, offset: number): string {
  const end = strings.indexOf("\0", offset);
  const bytes = Uint8Array.from(
    strings.slice(offset, end < 0 ? undefined : end),
    (char) => char.charCodeAt(0),
  );
  return new TextDecoder().decode(bytes);
}

/** Reads a part of a file; `undefined` when it is shorter than that. */
function readAt(file: Deno.FsFile, offset: number, length: number): Uint8Array | undefined {
  if (!(length >= 0 && length <= LIMIT_BYTES) || !Number.isSafeInteger(offset)) return undefined;
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) return undefined;
    done += count;
  }
  return bytes;
}

/** One character for each byte, so that positions in the text are positions in the file. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}

class Fields {
  readonly wide: boolean;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, wide: boolean, little: boolean) {
    this.wide = wide;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
  }

  half(offset: number): number {
    return this.#view.getUint16(offset, this.#little);
  }

  int(offset: number): number {
    return this.#view.getUint32(offset, this.#little);
  }

  /** An address or a size; numbers beyond 2^53 are in damaged files only. */
  word(offset: number): number {
    return this.wide ? Number(this.#view.getBigUint64(offset, this.#little)) : this.int(offset);
  }
}
