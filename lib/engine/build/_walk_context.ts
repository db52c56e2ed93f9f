import type { TarEntry } from "../tar/mod.ts";
import type { BuildContext, ContextFile, ReadContextOptions } from "./build_context.ts";
import { BuildContextError } from "./build_error.ts";
import { contextError } from "./_context_error.ts";
import type { DockerIgnore, IgnoreTrail } from "./dockerignore.ts";

/** One entry, and what the archive does not say of it before it is opened. */
export interface WalkedEntry {
  readonly entry: TarEntry;
  /** Length of a file; 0 for others. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970: an archive has whole seconds. */
  readonly mtimeMs: number;
}

/** Made files by name, in directories that need not exist. */
interface Overlay {
  readonly files: Map<string, ContextFile>;
  readonly directories: Map<string, Overlay>;
}

/** A directory that is only sent when something in it is. */
interface Parent {
  readonly entry: WalkedEntry;
  sent: boolean;
}

/** The entries of a context in a fixed order, without what is to be left out. */
export async function* walkContext(
  context: BuildContext,
  ignore: DockerIgnore,
  options: ReadContextOptions,
): AsyncGenerator<WalkedEntry> {
  const overlay = overlayOf(context.files ?? []);
  if (context.directory !== undefined) await requireDirectory(context.directory);
  const walk = new Walk(context, ignore, options);
  yield* walk.directory("", context.directory, overlay, [], []);
}

class Walk {
  readonly #mtimeSeconds: number | undefined;
  readonly #ignore: DockerIgnore;
  readonly #options: ReadContextOptions;

  constructor(context: BuildContext, ignore: DockerIgnore, options: ReadContextOptions) {
    this.#mtimeSeconds = context.mtimeSeconds;
    this.#ignore = ignore;
    this.#options = options;
  }

  async *directory(
    prefix: string,
    hostPath: string | undefined,
    overlay: Overlay | undefined,
    trail: IgnoreTrail,
    parents: readonly Parent[],
  ): AsyncGenerator<WalkedEntry> {
    const names = new Set(hostPath === undefined ? [] : listNames(prefix, hostPath));
    for (const name of overlay?.files.keys() ?? []) names.add(name);
    for (const name of overlay?.directories.keys() ?? []) names.add(name);
    for (const name of [...names].sort(byBytes)) {
      this.#options.signal?.throwIfAborted();
      const path = prefix + name;
      const made = overlay?.files.get(name);
      const below = overlay?.directories.get(name);
      if (made !== undefined) {
        yield* unsent(parents);
        yield this.#madeEntry(path, made);
        continue;
      }
      const { ignored, trail: own } = this.#ignore.judge(path, trail);
      if (ignored && below === undefined && !this.#ignore.hasNegations) continue;
      const inside = hostPath === undefined ? undefined : `${hostPath}/${name}`;
      const entry = this.#hostEntry(path, inside, below);
      if (entry === undefined) continue;
      if (!ignored) {
        yield* unsent(parents);
        yield entry;
      }
      if (entry.entry.kind !== "directory") continue;
      const parent: Parent = { entry, sent: !ignored };
      yield* this.directory(`${path}/`, inside, below, own, [...parents, parent]);
    }
  }

  #madeEntry(path: string, file: ContextFile): WalkedEntry {
    const mtimeSeconds = this.#mtimeSeconds ?? 0;
    const content = typeof file.content === "string"
      ? new TextEncoder().encode(file.content)
      : file.content;
    return {
      entry: { kind: "file", path, content, mode: file.mode ?? 0o644, mtimeSeconds },
      sizeBytes: content.length,
      mtimeMs: mtimeSeconds * 1000,
    };
  }

  #hostEntry(
    path: string,
    hostPath: string | undefined,
    below: Overlay | undefined,
  ): WalkedEntry | undefined {
    const info = hostPath === undefined ? undefined : statOf(path, hostPath);
    if (below !== undefined && info?.isDirectory !== true) {
      if (info !== undefined) {
        throw new BuildContextError(path, "a file is where a directory is needed for made files");
      }
      const mtimeSeconds = this.#mtimeSeconds ?? 0;
      return {
        entry: { kind: "directory", path, mode: 0o755, mtimeSeconds },
        sizeBytes: 0,
        mtimeMs: mtimeSeconds * 1000,
      };
    }
    // Gone since the directory was listed: as if it had never been there.
    if (info === undefined || hostPath === undefined) return undefined;
    const mtimeMs = this.#mtimeSeconds === undefined
      ? info.mtime?.getTime() ?? 0
      : this.#mtimeSeconds * 1000;
    const attributes = { path, mtimeSeconds: Math.floor(mtimeMs / 1000) };
    // Windows has no bits; docker sends these.
    const mode = info.mode === null ? 0o755 : info.mode & 0o7777;
    const walked = (entry: TarEntry) => ({ entry, sizeBytes: 0, mtimeMs });
    if (info.isSymlink) {
      return walked({ kind: "symlink", ...attributes, target: linkOf(path, hostPath) });
    }
    if (info.isDirectory) return walked({ kind: "directory", ...attributes, mode });
    if (info.isFile) {
      const entry: TarEntry = { kind: "file", ...attributes, mode, content: { hostPath } };
      return { entry, sizeBytes: info.size, mtimeMs };
    }
    this.#options.onNote?.(`"${path}" of the build context is not sent: it is no file`);
    return undefined;
  }
}

function* unsent(parents: readonly Parent[]): Generator<WalkedEntry> {
  for (const parent of parents) {
    if (parent.sent) continue;
    parent.sent = true;
    yield parent.entry;
  }
}

function overlayOf(files: readonly ContextFile[]): Overlay {
  const root: Overlay = { files: new Map(), directories: new Map() };
  for (const file of files) {
    const parts = file.path.split("/");
    const name = parts.pop() ?? "";
    let at = root;
    for (const part of parts) {
      if (at.files.has(part)) throw bothKinds(file.path);
      let next = at.directories.get(part);
      if (next === undefined) {
        at.directories.set(part, next = { files: new Map(), directories: new Map() });
      }
      at = next;
    }
    if (at.directories.has(name)) throw bothKinds(file.path);
    at.files.set(name, file);
  }
  return root;
}

function bothKinds(path: string): BuildContextError {
  return new BuildContextError(path, "a made file is both a file and a directory");
}

async function requireDirectory(directory: string): Promise<void> {
  try {
    if ((await Deno.stat(directory)).isDirectory) return;
  } catch (cause) {
    throw contextError(directory, cause);
  }
  throw new BuildContextError(directory, "it is not a directory");
}

// These three do not wait: a trip to a thread costs ten times what the call does, and a walk makes
// one for each file (70 ms for a thousand files, 10 ms so).

function listNames(prefix: string, hostPath: string): string[] {
  try {
    return Array.from(Deno.readDirSync(hostPath), (item) => item.name);
  } catch (cause) {
    // Directories of made files need not exist; the root was checked before.
    if (cause instanceof Deno.errors.NotFound) return [];
    throw contextError(prefix.slice(0, -1), cause);
  }
}

function statOf(path: string, hostPath: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(hostPath);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw contextError(path, cause);
  }
}

function linkOf(path: string, hostPath: string): string {
  try {
    const target = Deno.readLinkSync(hostPath);
    return Deno.build.os === "windows" ? target.replaceAll("\\", "/") : target;
  } catch (cause) {
    throw contextError(path, cause);
  }
}

/** By the bytes of UTF-8, as Go sorts: UTF-16 has another order for rare characters. */
function byBytes(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    return (isSurrogate(left) ? left + 0x10000 : left) -
      (isSurrogate(right) ? right + 0x10000 : right);
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
