/** What the dynamic linker reads of an ELF file. */
export interface ElfDynamic {
  /** Where `.dynstr` is in the file. */
  readonly stringsOffset: number;
  /** `.dynstr`, as one character for each byte. */
  readonly strings: string;
  /** `DT_NEEDED`: the libraries it loads. */
  readonly needed: readonly string[];
  /** `DT_VERNEED`: the versions of symbols that each library must have, weak ones left out. */
  readonly versionsNeeded: readonly LibraryVersions[];
  /** `DT_VERDEF`: the versions of symbols that it defines, as a library. */
  readonly versionsDefined: readonly string[];
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

/** What is needed of a library. */
export interface LibraryVersions {
  /** Its name, as in `DT_NEEDED`. */
  readonly library: string;
  /** Names of versions, such as `GLIBC_2.34`. */
  readonly versions: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_VERDEF = 0x6ffffffc;
const DT_VERDEFNUM = 0x6ffffffd;
const DT_VERNEED = 0x6ffffffe;
const DT_VERNEEDNUM = 0x6fffffff;
const VER_FLG_WEAK = 2;
/** More versions than any library has: what claims more is damaged. */
const MAX_VERSIONS = 10_000;
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
  const offsetOf = (place: number | undefined): number | undefined => {
    if (place === undefined) return undefined;
    const segment = segments.find(({ type, address, bytes }) =>
      type === PT_LOAD && address <= place && place < address + bytes
    );
    return segment && segment.offset + (place - segment.address);
  };
  const stringsOffset = offsetOf(address);
  if (stringsOffset === undefined || bytes === undefined) return undefined;
  const raw = readAt(file, stringsOffset, bytes);
  if (raw === undefined) return undefined;
  const strings = latin1(raw);
  const texts = (wanted: number) =>
    tags.filter(({ tag }) => tag === wanted).map(({ value }) => textAt(strings, value));
  const readVersions = (table: number, number: number, layout: VersionLayout) => {
    const value = (wanted: number) => tags.find(({ tag }) => tag === wanted)?.value;
    const start = offsetOf(value(table));
    return start === undefined ? [] : readChain(file, start, value(number) ?? 0, layout, little);
  };
  const directories = (wanted: number) =>
    texts(wanted).flatMap((text) => text.split(":")).filter((text) => text !== "");
  return {
    stringsOffset,
    strings,
    needed: texts(DT_NEEDED),
    versionsNeeded: readVersions(DT_VERNEED, DT_VERNEEDNUM, VERNEED).map((entry) => ({
      library: textAt(strings, entry.field),
      versions: entry.names.map((name) => textAt(strings, name)),
    })),
    versionsDefined: readVersions(DT_VERDEF, DT_VERDEFNUM, VERDEF)
      .flatMap(({ names }) => names.slice(0, 1)).map((name) => textAt(strings, name)),
    soname: texts(DT_SONAME)[0],
    rpath: directories(DT_RPATH),
    runpath: directories(DT_RUNPATH),
    bits: wide ? 64 : 32,
    machine: head.half(18),
  };
}

/** Where the fields of an entry of a chain of versions are, and of what hangs on it. */
interface VersionLayout {
  readonly bytes: number;
  readonly count: number;
  readonly field: number;
  readonly aux: number;
  readonly next: number;
  readonly auxBytes: number;
  readonly auxFlags: number | undefined;
  readonly auxName: number;
  readonly auxNext: number;
}

// LSB Core, chapter 10.7: the same for 32 and for 64 bits.
const VERNEED: VersionLayout = {
  ...{ bytes: 16, count: 2, field: 4, aux: 8, next: 12 },
  ...{ auxBytes: 16, auxFlags: 4, auxName: 8, auxNext: 12 },
};
const VERDEF: VersionLayout = {
  ...{ bytes: 20, count: 6, field: 8, aux: 12, next: 16 },
  ...{ auxBytes: 8, auxFlags: undefined, auxName: 0, auxNext: 4 },
};

function readChain(
  file: Deno.FsFile,
  start: number,
  number: number,
  layout: VersionLayout,
  little: boolean,
): { readonly field: number; readonly names: readonly number[] }[] {
  const entries = [];
  let left = MAX_VERSIONS;
  for (let at = start, index = 0; index < number && left-- > 0; index++) {
    const bytes = readAt(file, at, layout.bytes);
    if (bytes === undefined) break;
    const entry = new Fields(bytes, false, little);
    const names: number[] = [];
    let place = at + entry.int(layout.aux);
    for (let count = entry.half(layout.count); count > 0 && left-- > 0; count--) {
      const raw = readAt(file, place, layout.auxBytes);
      if (raw === undefined) break;
      const aux = new Fields(raw, false, little);
      const isWeak = layout.auxFlags !== undefined &&
        (aux.half(layout.auxFlags) & VER_FLG_WEAK) !== 0;
      if (!isWeak) names.push(aux.int(layout.auxName));
      if (aux.int(layout.auxNext) === 0) break;
      place += aux.int(layout.auxNext);
    }
    entries.push({ field: entry.int(layout.field), names });
    if (entry.int(layout.next) === 0) break;
    at += entry.int(layout.next);
  }
  return entries;
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
