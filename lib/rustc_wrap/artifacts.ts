import { isBelow, nameOf, parentOf } from "./_paths.ts";
import type { Unit } from "./model.ts";
import { readRecord, stampOf, type UnitRecord, writeRecord } from "./records.ts";
import { sha256 } from "./sha256.ts";

/** A file of another unit that this one needs. */
export interface NeededFile {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of its content. */
  readonly digest: string;
}

/** What a unit needs of other units. */
export interface Needed {
  /** Direct and indirect, sorted by path. */
  readonly files: readonly NeededFile[];
  /** The units that they come from, as paths without `lib` and ending; sorted. */
  readonly stems: readonly string[];
  /** Whether one of them has files that rustc knows by another name than cargo. */
  readonly renamed: boolean;
}

/**
 * Finds the files of other units that a unit needs: what `--extern` names, and what those need in
 * turn, which rustc looks for in `-L dependency`.
 *
 * Which units those are stands in the record of each unit that the wrapper has seen. For the others,
 * which plain cargo has built, the compiled crate tells: it names its dependencies by the same 16
 * digits that their files have.
 *
 * @param unit The unit.
 * @returns The files with what is in them.
 * @throws {Deno.errors.NotFound} when a file is not there that `--extern` names.
 */
export async function neededFiles(unit: Unit): Promise<Needed> {
  const directories = unit.libPaths
    .filter(({ kind, path }) => kind === "dependency" || isBelow(path, unit.profileDir))
    .map(({ path }) => path);
  const search = new Search(directories);
  const direct = unit.externs.flatMap(({ path }) => path === undefined ? [] : [path]);
  const stems = new Set<string>();
  for (const path of direct) {
    stems.add(stemOf(path));
    for (const stem of await search.closure(stemOf(path), path)) stems.add(stem);
  }
  const paths = new Set(direct);
  const named = new Set(direct.map(stemOf));
  for (const stem of stems) {
    if (!named.has(stem)) { for (const path of search.filesOf(stem, unit.links)) paths.add(path); }
  }
  const files: NeededFile[] = [];
  for (const path of [...paths].sort()) files.push({ path, digest: await search.digest(path) });
  return { files, stems: [...stems].sort(), renamed: search.renamed };
}

/** `…/deps/libfoo-1234.rlib` is `…/deps/foo-1234`. */
export function stemOf(path: string): string {
  const name = nameOf(path).replace(/\.(?:rlib|rmeta|so|dylib|dll|a)$/, "");
  return `${parentOf(path)}/${name.replace(/^lib/, "")}`;
}

class Search {
  readonly #directories: readonly string[];
  readonly #records = new Map<string, UnitRecord>();
  /** Whether a unit that was looked at is. */
  renamed = false;
  #known: { byId: Map<string, string[]>; plain: string[] } | undefined;

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** All units below one, without itself. */
  async closure(stem: string, path: string): Promise<Iterable<string>> {
    const seen = new Set<string>([stem]);
    const waiting: [string, string][] = [[stem, path]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const found of (await this.#record(...next)).deps) {
        if (seen.has(found)) continue;
        seen.add(found);
        const [file] = this.filesOf(found, false);
        if (file !== undefined) waiting.push([found, file]);
      }
    }
    seen.delete(stem);
    return seen;
  }

  /** What there is of a unit: for linking the code, else what the type checker needs. */
  filesOf(stem: string, links: boolean): string[] {
    const base = `${parentOf(stem)}/lib${nameOf(stem)}`;
    const there = (endings: readonly string[]) =>
      endings.map((ending) => `${base}${ending}`).filter(isFile);
    const shared = there([".so", ".dylib"]);
    const code = [...there([".rlib"]), ...shared];
    if (links && code.length > 0) return code;
    const metadata = there([".rmeta"]);
    return metadata.length > 0 ? [...metadata, ...shared] : code;
  }

  async digest(path: string): Promise<string> {
    const record = await this.#record(stemOf(path), path);
    return record.files[path]?.sha256 ?? await sha256(Deno.readFileSync(path));
  }

  /** What is known of a unit, read from its files where nobody has written it down. */
  async #record(stem: string, path: string): Promise<UnitRecord> {
    const record = await this.#read(stem, path);
    this.renamed ||= record.renamed === true;
    return record;
  }

  async #read(stem: string, path: string): Promise<UnitRecord> {
    const known = this.#records.get(stem) ?? readRecord(stem);
    const stamp = stampOf(path);
    const stated = known?.files[path];
    if (known !== undefined && stated !== undefined && stated.stamp === stamp) {
      this.#records.set(stem, known);
      return known;
    }
    const bytes = Deno.readFileSync(path);
    const digest = await sha256(bytes);
    // A copy of the target directory has other times and the same files.
    const same = known !== undefined && stated?.sha256 === digest;
    const files = { ...known?.files, [path]: { stamp, sha256: digest } };
    const record: UnitRecord = same
      ? { ...known, files }
      : { ...this.#scan(bytes, stem, path), files };
    this.#records.set(stem, record);
    writeRecord(stem, record);
    return record;
  }

  #scan(bytes: Uint8Array, stem: string, path: string): Omit<UnitRecord, "files"> {
    const { byId, plain } = this.#known ??= this.#list();
    const text = new TextDecoder("latin1").decode(bytes);
    const found = new Set<string>();
    const renamed = isRenamed(text, stem, path);
    if (renamed) {
      // Its dependencies may be as well: whatever it could mean comes along.
      for (const other of [...[...byId.values()].flat(), ...plain]) {
        const crate = nameOf(other).replace(/-[0-9a-f]{16}$/, "");
        if (text.includes(crate)) found.add(other);
      }
    }
    for (const [, id] of text.matchAll(/-([0-9a-f]{16})(?![0-9a-f])/g)) {
      for (const other of byId.get(id!) ?? []) found.add(other);
    }
    for (const other of plain) if (text.includes(nameOf(other))) found.add(other);
    found.delete(stem);
    return { deps: [...found].sort(), ...renamed ? { renamed } : {} };
  }

  #list(): { byId: Map<string, string[]>; plain: string[] } {
    const byId = new Map<string, string[]>();
    const plain: string[] = [];
    for (const directory of new Set(this.#directories)) {
      let names: string[];
      try {
        names = [...Deno.readDirSync(directory)].map(({ name }) => name);
      } catch {
        continue; // a directory that is named and not there has nothing
      }
      for (const name of names) {
        if (!/^lib.*\.(?:rlib|rmeta|so|dylib)$/.test(name)) continue;
        const stem = stemOf(`${directory}/${name}`);
        const id = /-([0-9a-f]{16})$/.exec(stem)?.[1];
        if (id === undefined) plain.push(stem);
        else byId.set(id, [...byId.get(id) ?? [], stem]);
      }
    }
    return { byId, plain };
  }
}

/** A compiled crate has its own digits in it; where cargo's are not, it was compiled with ours. */
function isRenamed(text: string, stem: string, path: string): boolean {
  const digits = /-[0-9a-f]{16}$/.exec(stem)?.[0];
  // In dynamic libraries they may be compressed.
  return /\.r(?:lib|meta)$/.test(path) && digits !== undefined && !text.includes(digits);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
