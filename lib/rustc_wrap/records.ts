import { nameOf, parentOf } from "./_paths.ts";
import { InfrastructureError } from "./errors.ts";
import { digestOf, snapshot, type SnapshotEntry } from "./snapshot.ts";
import { sha256 } from "./sha256.ts";

/** What is remembered of one unit beside its files, so that nobody has to read them again. */
export interface UnitRecord {
  /** The units that it needs, as paths without `lib` and ending. */
  readonly deps: readonly string[];
  /** Its files by path. */
  readonly files: Readonly<Record<string, FileRecord>>;
  /** Whether others may see it, and so what has parts of it. */
  readonly public?: boolean;
  /** Whether rustc knows its files by other names than cargo. */
  readonly renamed?: boolean;
}

/** A file as it was when its content was known. */
export interface FileRecord {
  /** Size, times and inode: other content has another stamp. */
  readonly stamp: string;
  /** SHA-256 of the content. */
  readonly sha256: string;
}

/** A `-L` that leads to a whole disk must not be read. */
const MAX_FILES = 20_000;

/** Beside `deps` and `build`, so that `cargo clean` takes them along. */
const DIRECTORY = ".rustc-wrap";

/** Size, times and inode of a file. */
export function stampOf(path: string): string {
  return stampText(Deno.statSync(path));
}

function stampText({ size, mtime, ctime, ino }: Deno.FileInfo): string {
  return `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}`;
}

function recordPath(stem: string): string {
  return `${parentOf(parentOf(stem))}/${DIRECTORY}/${nameOf(stem)}.json`;
}

/** What is remembered of a unit; `undefined` when nothing that can be read is. */
export function readRecord(stem: string): UnitRecord | undefined {
  const record = readJson(recordPath(stem)) as Partial<UnitRecord> | undefined;
  return Array.isArray(record?.deps) && typeof record.files === "object"
    ? record as UnitRecord
    : undefined;
}

/** Remembers a unit. A directory that cannot be written costs time later, and nothing else. */
export function writeRecord(stem: string, record: UnitRecord): void {
  writeJson(recordPath(stem), record);
}

/** Remembers files that were just written, whose content is known. */
export function recordFiles(
  stem: string,
  deps: readonly string[],
  files: readonly { readonly path: string; readonly sha256: string }[],
  traits: Pick<UnitRecord, "public" | "renamed"> = {},
): void {
  writeRecord(stem, {
    deps,
    ...(traits.public === true ? { public: true } : {}),
    ...(traits.renamed === true ? { renamed: true } : {}),
    files: Object.fromEntries(
      files.map(({ path, sha256 }) => [path, { stamp: stampOf(path), sha256 }]),
    ),
  });
}

/**
 * SHA-256 over a directory that some build script has made. Its files are read once, and again only
 * when the stamps of what is in it change.
 *
 * @param directory The directory.
 * @returns The digest; that of nothing when it is not there.
 */
export async function directoryDigest(directory: string): Promise<string> {
  const stamps = await sha256(listStamps(directory).join("\n"));
  const name = (await sha256(directory)).slice(0, 16);
  const memory = `${parentOf(parentOf(parentOf(directory)))}/${DIRECTORY}/dir-${name}.json`;
  const known = readJson(memory) as { stamps?: unknown; digest?: unknown } | undefined;
  if (known?.stamps === stamps && typeof known.digest === "string") return known.digest;
  const digest = await digestOf(relativeTo(directory, await snapshotOrNothing(directory)));
  // Elsewhere than below `build` it is not our directory to write into.
  if (/\/build\/[^/]+\/out$/.test(directory)) writeJson(memory, { stamps, digest });
  return digest;
}

async function snapshotOrNothing(directory: string): Promise<SnapshotEntry[]> {
  try {
    return await snapshot(directory);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The same directory elsewhere has the same digest. */
function relativeTo(directory: string, entries: readonly SnapshotEntry[]): SnapshotEntry[] {
  return entries.map(({ entry, digest }) => ({
    entry: { ...entry, path: entry.path.slice(directory.length) },
    digest,
  }));
}

function listStamps(path: string, into: string[] = []): string[] {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch {
    return into; // it is not there, or has gone meanwhile
  }
  if (into.length > MAX_FILES) {
    const action = `read the library directory that ${JSON.stringify(path)} is in`;
    throw new InfrastructureError({ action, reason: `it has more than ${MAX_FILES} files` });
  }
  into.push(`${path} ${info.mode} ${stampText(info)}`);
  if (info.isDirectory) {
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    for (const name of names) listStamps(`${path}/${name}`, into);
  }
  return into;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined; // not there, or not whole: it can be made again
  }
}

function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.mkdirSync(parentOf(path), { recursive: true });
    Deno.writeTextFileSync(temporary, JSON.stringify(value));
    Deno.renameSync(temporary, path);
  } catch {
    try {
      Deno.removeSync(temporary);
    } catch {
      // it was never made
    }
  }
}
