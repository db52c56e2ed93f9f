import type { EngineClient } from "../engine/mod.ts";
import {
  extractTar,
  type TarEntry,
  type TarReadEntry,
  tarStream,
  untar,
} from "../engine/tar/mod.ts";

/** What is copied into a container. */
export type CopySource = CopyContent | CopyHostPath | CopyTar;

/** Bytes or text that become a file. */
export interface CopyContent {
  /** What is in the file; text is written as UTF-8. */
  readonly content: string | Uint8Array;
  /** Permission bits. Default `0o644`. */
  readonly mode?: number;
  /** Owner. Default 0. */
  readonly uid?: number;
  /** Group. Default 0. */
  readonly gid?: number;
}

/** A file or directory of this machine, with its modes. */
export interface CopyHostPath {
  /** Path, relative to the working directory. */
  readonly source: string;
  /** Permission bits for a file. Default: its own. */
  readonly mode?: number;
  /** Owner of a file. Default: 0. */
  readonly uid?: number;
  /** Group of a file. Default: 0. */
  readonly gid?: number;
}

/** A tar stream, unpacked into the target, which must be a directory. */
export interface CopyTar {
  /** The archive. */
  readonly tar: ReadableStream<Uint8Array>;
}

/** What a copy may take. */
export interface CopyOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Copies into a container, which need not run. Missing parent directories are made.
 *
 * Permissions: those of the engine; `--allow-read` of a host path.
 *
 * @param engine The engine.
 * @param id The container.
 * @param target Absolute path in the container: of the file, or of the directory that takes the
 * content of the host's directory or of the tar stream.
 * @param source What is copied.
 * @throws {ContainerNotFoundError} when there is no such container.
 */
export async function copyIntoContainer(
  engine: EngineClient,
  id: string,
  target: string,
  source: CopySource,
  options: CopyOptions = {},
): Promise<void> {
  if (!target.startsWith("/")) {
    throw new TypeError(`Cannot copy to ${JSON.stringify(target)}: the path must be absolute`);
  }
  const path = target.replaceAll(/\/+/g, "/").replace(/^\/|\/$/g, "");
  const send = (entries: Iterable<TarEntry> | AsyncIterable<TarEntry>) =>
    engine.containers.putArchive(id, "/", tarStream(entries, options), options);
  if ("content" in source) return await send(contentEntry(path, source));
  const isDirectory = "tar" in source || (await Deno.stat(source.source)).isDirectory;
  if (!isDirectory) return await send(hostFileEntry(path, source as CopyHostPath));
  // The engine makes missing parents of what it unpacks, and gives a directory that is in the
  // archive the archive's mode even when it is there already: so one is sent only when it is not.
  const isThere = path === "" || await existsInContainer(engine, id, target, options);
  if ("tar" in source) {
    if (!isThere) await send([{ kind: "directory", path }]);
    await engine.containers.putArchive(id, `/${path}`, source.tar, options);
  } else {
    await send(directoryEntries(path, source.source, isThere));
  }
}

/**
 * Tells whether there is a file or directory in a container, which need not run.
 *
 * @param engine The engine.
 * @param id The container.
 * @param path Absolute path in the container.
 */
export async function existsInContainer(
  engine: EngineClient,
  id: string,
  path: string,
  options: CopyOptions = {},
): Promise<boolean> {
  const status = await engine.status({
    method: "HEAD",
    path: `/containers/${encodeURIComponent(id)}/archive`,
    query: { path },
    accept: [404],
    signal: options.signal,
  });
  return status !== 404;
}

/**
 * Copies a file or directory of a container, which need not run, to this machine.
 *
 * Permissions: those of the engine; `--allow-read` and `--allow-write` of the directory.
 *
 * @param engine The engine.
 * @param id The container.
 * @param path Absolute path in the container.
 * @param directory Where it goes, under its own name; the directory is made.
 */
export async function copyOutOfContainer(
  engine: EngineClient,
  id: string,
  path: string,
  directory: string,
  options: CopyOptions = {},
): Promise<void> {
  const archive = await engine.containers.getArchive(id, path, options);
  await extractTar(archive, directory, { signal: options.signal });
}

/**
 * Reads a file of a container, which need not run.
 *
 * @param engine The engine.
 * @param id The container.
 * @param path Absolute path in the container; a symbolic link is followed.
 * @returns Its bytes.
 * @throws {TypeError} when it is not a file.
 */
export async function readFileOfContainer(
  engine: EngineClient,
  id: string,
  path: string,
  options: CopyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let current = path;
  // As many links as the kernel follows (man 7 path_resolution).
  for (let links = 0; links < 40; links++) {
    const archive = await engine.containers.getArchive(id, current, options);
    let link: string | undefined;
    for await (const entry of untar(archive, { signal: options.signal })) {
      if (entry.kind === "file") return await bytesOf(entry);
      if (entry.kind === "symlink") link = entry.target;
      break;
    }
    if (link === undefined) break;
    current = link.startsWith("/") ? link : `${current.slice(0, current.lastIndexOf("/"))}/${link}`;
  }
  throw new TypeError(`Cannot read ${JSON.stringify(path)} of the container: it is not a file`);
}

async function bytesOf(entry: Extract<TarReadEntry, { kind: "file" }>) {
  return new Uint8Array(await new Response(entry.content as BodyInit).arrayBuffer());
}

function* contentEntry(path: string, source: CopyContent): Generator<TarEntry> {
  const { content, mode = 0o644, uid = 0, gid = 0 } = source;
  yield { kind: "file", path, content, mode, uid, gid };
}

async function* hostFileEntry(path: string, source: CopyHostPath): AsyncGenerator<TarEntry> {
  const info = await Deno.stat(source.source);
  const mode = source.mode ?? info.mode ?? undefined;
  const { uid, gid } = source;
  yield {
    kind: "file",
    ...attributesOf(path, info, mode),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    content: { hostPath: source.source },
  };
}

async function* directoryEntries(
  path: string,
  source: string,
  isThere: boolean,
): AsyncGenerator<TarEntry> {
  const root = await Deno.stat(source);
  if (!isThere) yield { kind: "directory", ...attributesOf(path, root) };
  const names: string[] = [];
  for await (const { name } of Deno.readDir(source)) names.push(name);
  for (const name of names.toSorted()) {
    const hostPath = `${source}/${name}`;
    const inside = path === "" ? name : `${path}/${name}`;
    const info = await Deno.lstat(hostPath);
    if (info.isDirectory) yield* directoryEntries(inside, hostPath, false);
    else if (info.isSymlink) {
      const target = await Deno.readLink(hostPath);
      yield { kind: "symlink", ...attributesOf(inside, info), target };
    } else if (info.isFile) {
      yield { kind: "file", ...attributesOf(inside, info), content: { hostPath } };
    }
  }
}

function attributesOf(path: string, info: Deno.FileInfo, mode = info.mode ?? undefined) {
  return {
    path,
    ...(mode === undefined ? {} : { mode: mode & 0o7777 }),
    mtimeSeconds: Math.floor((info.mtime?.getTime() ?? 0) / 1000),
  };
}
