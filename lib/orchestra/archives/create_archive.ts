import { command } from "../../commands/mod.ts";
import { type TarEntry, tarStream } from "../../engine/tar/mod.ts";
import { stackErr } from "../../errors/mod.ts";
import { listTree } from "../installed/list_tree.ts";
import { baseName, joinPath, parentPath } from "../_path.ts";
import { hashMaterialPath } from "./archive_path.ts";
import { writeChecksum } from "./checksum.ts";
import { moveSourceTime, sourceOfCompiled } from "./compiled_python.ts";

/** The time of all files in an archive: 1980-01-01, the first that every format can express. */
export const ARCHIVE_TIME_SECONDS = 315_532_800;

/** What an archive is made of. */
export interface CreateArchiveOptions {
  /** A directory that looks as the root will. */
  readonly directory: string;
  /** Absolute path of the archive, which ends with `.tar.xz`. */
  readonly archive: string;
  /** What the hash in its name was made from. */
  readonly hashMaterial: string;
  /** Gives up and leaves nothing. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the archive of a build, with its hash material and its SHA-256 beside it. The same files
 * always give the same bytes: entries are sorted, belong to nobody and have one time; compiled
 * Python is told that time, so that it stays valid.
 *
 * Permissions: `--allow-read` of the directory, `--allow-write` of that of the archive,
 * `--allow-run=xz`.
 *
 * @param options What and where.
 * @throws {StackedError} when the system refuses; there is no archive then.
 */
export async function createArchive(options: CreateArchiveOptions): Promise<void> {
  const { directory, archive, hashMaterial, signal } = options;
  const temporary = joinPath(
    parentPath(archive),
    `_tmp_${crypto.randomUUID()}_${baseName(archive)}`,
  );
  await stackErr(
    Deno.mkdir(parentPath(archive), { recursive: true }),
    `Cannot create the archive ${JSON.stringify(archive)}`,
    { location: false },
  );
  try {
    await stackErr(
      compress(tarStream(entriesOf(directory, signal), { signal }), temporary, signal),
      `Cannot create the archive ${JSON.stringify(archive)}`,
      { location: false },
    );
    await Deno.writeTextFile(hashMaterialPath(archive), hashMaterial);
    await Deno.rename(temporary, archive);
    await writeChecksum(archive);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // the first error is the one to tell
    signal?.throwIfAborted();
    throw error;
  }
}

async function compress(
  input: ReadableStream<Uint8Array>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  // One thread writes other bytes than several, which all write the same: never only one.
  const threads = Math.max(2, navigator.hardwareConcurrency);
  const xz = command(["xz", "--compress", "--stdout", "-6", `--threads=${threads}`], {
    env: { XZ_OPT: "", XZ_DEFAULTS: "" },
    record: { stdout: false, stderr: true },
    dieWithParent: true,
  });
  const write = (chunk: Uint8Array) => {
    for (let done = 0; done < chunk.length;) done += file.writeSync(chunk.subarray(done));
  };
  const result = await xz.runToCompletion({
    input,
    signal,
    group: true,
    sinks: { stdout: [{ write }] },
  });
  result.assertSuccess();
  await file.sync();
}

async function* entriesOf(
  directory: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<TarEntry> {
  const { files, directories } = await listTree(directory, { signal });
  const modes = new Map(directories.map(({ path, mode }) => [path, mode]));
  const firstName = new Map<string, string>();
  const all = [...files, ...modes.keys()].sort(byPath);
  for (const path of all) {
    const attributes = { path, mtimeSeconds: ARCHIVE_TIME_SECONDS };
    const mode = modes.get(path);
    if (mode !== undefined) {
      yield { kind: "directory", ...attributes, mode };
      continue;
    }
    const absolute = joinPath(directory, path);
    const info = await Deno.lstat(absolute);
    if (info.isSymlink) {
      yield { kind: "symlink", ...attributes, target: await Deno.readLink(absolute) };
      continue;
    }
    if (!info.isFile) throw new TypeError(`Cannot archive ${JSON.stringify(path)}: it is no file`);
    const inode = `${info.dev}:${info.ino}`;
    const first = (info.nlink ?? 1) > 1 ? firstName.get(inode) : undefined;
    if (first !== undefined) {
      yield { kind: "hardlink", ...attributes, target: first };
      continue;
    }
    firstName.set(inode, path);
    const content = path.endsWith(".pyc")
      ? compiledPython(directory, path)
      : { hostPath: absolute };
    yield { kind: "file", ...attributes, mode: (info.mode ?? 0o644) & 0o7777, content };
  }
}

// Parents before what they contain: "/" sorts before all other characters of names.
function byPath(a: string, b: string): number {
  const [x, y] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return x < y ? -1 : x > y ? 1 : 0;
}

function compiledPython(directory: string, path: string): Uint8Array {
  const bytes = Deno.readFileSync(joinPath(directory, path));
  try {
    const { mtime } = Deno.statSync(joinPath(directory, sourceOfCompiled(path)));
    const seconds = Math.floor((mtime?.getTime() ?? 0) / 1000);
    moveSourceTime(bytes, seconds, ARCHIVE_TIME_SECONDS);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // compiled Python without its source
  }
  return bytes;
}
