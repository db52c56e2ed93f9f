import { StackedError } from "../../errors/mod.ts";
import type { TarReadEntry } from "./entry.ts";
import { untar, type UntarOptions } from "./untar.ts";

/** An archive wants to write outside of the directory that it was given, or through a link. */
export class UnsafeTarEntryError extends Error {
  /** The name of the class. */
  override readonly name: string = "UnsafeTarEntryError";
  /** The entry's name in the archive. */
  readonly path: string;

  /** Makes the message from the fields. */
  constructor(path: string, reason: string) {
    super(`Cannot extract ${JSON.stringify(path)}: ${reason}`);
    this.path = path;
  }
}

/** How an archive is unpacked. */
export interface ExtractTarOptions extends UntarOptions {
  /**
   * Which symbolic links are made: those that stay `inside` the directory (others fail), or `any`,
   * for a root file system whose links are meant for a container. Default `inside`. Nothing is ever
   * written through a link either way.
   */
  readonly symlinks?: "inside" | "any";
  /** Whether uid and gid are set; needs root. Default `false`. */
  readonly owners?: boolean;
  /** Whether times are set. Default `true`. */
  readonly times?: boolean;
  /** How many components are cut from the front of each name. Default 0. */
  readonly stripComponents?: number;
  /** The most bytes of content that are written. Default no limit. */
  readonly limitBytes?: number;
  /** The most entries that are made. Default no limit. */
  readonly limitEntries?: number;
}

/** What was unpacked. */
export interface ExtractTarResult {
  /** How many entries were made. */
  readonly entries: number;
  /** How many bytes of content were written. */
  readonly bytes: number;
  /** Names of devices, pipes and other entries that were left out. */
  readonly skipped: readonly string[];
}

/**
 * Unpacks an archive into a directory, which nothing in the archive can leave.
 *
 * Absolute names lose their slash; names with `..` fail, and so do names that lead through a
 * symbolic link, be it from the archive or there before: entries are only ever made in real
 * directories. A file that exists is replaced, not written into, so that its other hard links keep
 * their content. Set-uid, set-gid and sticky bits are not set. What was unpacked before a failure
 * stays. Nobody else may write in the directory meanwhile: paths are checked, then used.
 *
 * Permissions: `--allow-read=DIR --allow-write=DIR`.
 *
 * @param stream The archive, not compressed.
 * @param dir The directory; it is made, with its parents, when it is not there.
 * @param options Links, owners, limits, signal.
 * @returns What was unpacked.
 * @throws {UnsafeTarEntryError} when an entry would leave the directory.
 * @throws {RangeError} when a limit is passed.
 * @throws {TarFormatError} when the archive is damaged or cut off.
 */
export async function extractTar(
  stream: ReadableStream<Uint8Array>,
  dir: string,
  options: ExtractTarOptions = {},
): Promise<ExtractTarResult> {
  await Deno.mkdir(dir, { recursive: true });
  const extraction = new Extraction(await Deno.realPath(dir), options);
  for await (const entry of untar(stream, options)) {
    await extraction.add(entry);
  }
  return await extraction.finish();
}

class Extraction {
  readonly #root: string;
  readonly #options: ExtractTarOptions;
  // Set last: a directory without write permission could not be filled, and filling changes times.
  readonly #directories = new Map<string, TarReadEntry>();
  readonly #known = new Set<string>();
  readonly #skipped: string[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(root: string, options: ExtractTarOptions) {
    this.#root = root === "/" ? "" : root;
    this.#options = options;
  }

  async add(entry: TarReadEntry): Promise<void> {
    const { limitEntries = Infinity, stripComponents = 0 } = this.#options;
    const components = safeComponents(entry.path, entry.path).slice(stripComponents);
    if (components.length === 0) return;
    if (++this.#entries > limitEntries) {
      throw new RangeError(`Cannot extract more than ${limitEntries} entries`);
    }
    const name = components.at(-1) ?? "";
    const parents = components.slice(0, -1);
    await this.#makeParents(parents, entry.path);
    const path = [this.#root, ...parents, name].join("/");
    try {
      await this.#make(entry, components, path);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.PermissionDenied || isSystemError(cause))) throw cause;
      throw new StackedError(`Cannot extract "${entry.path}"`, { cause, location: false });
    }
  }

  async finish(): Promise<ExtractTarResult> {
    for (const [path, entry] of [...this.#directories].reverse()) {
      await this.#setAttributes(path, entry);
    }
    return { entries: this.#entries, bytes: this.#bytes, skipped: this.#skipped };
  }

  async #make(entry: TarReadEntry, components: readonly string[], path: string): Promise<void> {
    switch (entry.kind) {
      case "directory":
        if ((await lstat(path))?.isDirectory !== true) {
          await this.#clear(path, entry.path);
          await Deno.mkdir(path, { mode: 0o700 });
        }
        this.#known.add(path);
        this.#directories.delete(path);
        this.#directories.set(path, entry);
        return;
      case "file": {
        await this.#clear(path, entry.path);
        await this.#writeFile(path, entry.content);
        await this.#setAttributes(path, entry);
        return;
      }
      case "symlink":
        if (this.#options.symlinks !== "any") checkTarget(entry.path, components, entry.target);
        await this.#clear(path, entry.path);
        await Deno.symlink(entry.target, path);
        return;
      case "hardlink": {
        const { stripComponents = 0 } = this.#options;
        const target = safeComponents(entry.target, entry.path).slice(stripComponents);
        await this.#checkParents(target.slice(0, -1), entry.path);
        const source = [this.#root, ...target].join("/");
        if ((await lstat(source))?.isFile !== true) {
          throw new UnsafeTarEntryError(
            entry.path,
            `its hard link leads to ${JSON.stringify(entry.target)}, which is no file in there`,
          );
        }
        if (source === path) return;
        await this.#clear(path, entry.path);
        await Deno.link(source, path);
        return;
      }
      default:
        this.#skipped.push(entry.path);
        this.#entries--;
    }
  }

  async #writeFile(path: string, content: ReadableStream<Uint8Array>): Promise<void> {
    const { limitBytes = Infinity } = this.#options;
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    for await (const piece of content) {
      this.#bytes += piece.length;
      if (this.#bytes > limitBytes) {
        throw new RangeError(`Cannot extract more than ${limitBytes} bytes`);
      }
      let at = 0;
      while (at < piece.length) at += await file.write(piece.subarray(at));
    }
  }

  async #setAttributes(path: string, entry: TarReadEntry): Promise<void> {
    const { owners = false, times = true } = this.#options;
    if (Deno.build.os !== "windows") {
      if (owners) await Deno.chown(path, entry.uid ?? 0, entry.gid ?? 0);
      await Deno.chmod(path, (entry.mode ?? 0o644) & 0o777);
    }
    const mtime = entry.mtimeSeconds ?? 0;
    if (times) await Deno.utime(path, mtime, mtime);
  }

  async #makeParents(parents: readonly string[], entryPath: string): Promise<void> {
    let path = this.#root;
    for (const name of parents) {
      path += `/${name}`;
      if (this.#known.has(path)) continue;
      const info = await lstat(path);
      if (info === undefined) await Deno.mkdir(path);
      else if (!info.isDirectory) throw throughNoDirectory(entryPath, path, info);
      this.#known.add(path);
    }
  }

  async #checkParents(parents: readonly string[], entryPath: string): Promise<void> {
    let path = this.#root;
    for (const name of parents) {
      path += `/${name}`;
      const info = await lstat(path);
      if (info?.isDirectory !== true) throw throughNoDirectory(entryPath, path, info);
    }
  }

  /** Makes room for an entry that is no directory. */
  async #clear(path: string, entryPath: string): Promise<void> {
    const info = await lstat(path);
    if (info === undefined) return;
    if (info.isDirectory) {
      // An empty one may go, as tar has it; a full one is somebody's.
      try {
        await Deno.remove(path);
      } catch (cause) {
        throw new StackedError(`Cannot extract "${entryPath}": a directory is in its place`, {
          cause,
          location: false,
        });
      }
      this.#known.delete(path);
      this.#directories.delete(path);
      return;
    }
    await Deno.remove(path);
  }
}

function safeComponents(path: string, entryPath: string): string[] {
  const separator = Deno.build.os === "windows" ? /[/\\]+/ : /\/+/;
  const components = path.split(separator).filter((name) => name !== "" && name !== ".");
  if (components.includes("..")) {
    throw new UnsafeTarEntryError(entryPath, 'a name must not have ".." in it');
  }
  if (Deno.build.os === "windows" && components.some((name) => name.includes(":"))) {
    throw new UnsafeTarEntryError(entryPath, "a name must not have a drive or stream in it");
  }
  return components;
}

/**
 * A target must be relative, climb no higher than the root, and climb only at its start: after a
 * name, `..` would leave the directory that the name leads to, and that may be a link as well.
 */
function checkTarget(path: string, components: readonly string[], target: string): void {
  const steps = target.split("/").filter((name) => name !== "" && name !== ".");
  const climbs = steps.findIndex((name) => name !== "..");
  const ups = climbs === -1 ? steps.length : climbs;
  if (
    target.startsWith("/") || ups > components.length - 1 || steps.slice(ups).includes("..") ||
    (Deno.build.os === "windows" && /[\\:]/.test(target))
  ) {
    throw new UnsafeTarEntryError(
      path,
      `its symbolic link leads to ${JSON.stringify(target)}, which may be outside`,
    );
  }
}

function throughNoDirectory(
  entryPath: string,
  path: string,
  info: Deno.FileInfo | undefined,
): UnsafeTarEntryError {
  const kind = info === undefined ? "missing" : info.isSymlink ? "a symbolic link" : "no directory";
  return new UnsafeTarEntryError(entryPath, `its name leads through "${path}", which is ${kind}`);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
