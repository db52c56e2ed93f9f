import type { EngineClient } from "../../engine/client.ts";
import { type TarEntry, tarStream } from "../../engine/tar/mod.ts";
import { FileLock } from "../../files/file_lock.ts";
import { isBelow, parentOf } from "../_paths.ts";
import type { Base } from "../model.ts";
import { InfrastructureError } from "../errors.ts";
import { packageFiles } from "./_dpkg.ts";
import { type HostContent, hostContent } from "./_host_content.ts";
import { IMAGE_PATH } from "./_local_programs.ts";
import type { Toolchain } from "../toolchain.ts";
import { type HostBaseOptions, isPackaged } from "./host_identity.ts";

/** Tells images that are made here, and kept for the next build, from those that are in use. */
export const CONTENT_LABEL = "org.superorch.content";
/** 0.9 GB took 15 s on a quiet machine. */
const LOCK_MS = 600_000;
/** Nothing reads these in a build. */
const UNUSED = /^\/usr\/share\/(?:doc|doc-base|info|lintian|locale|man|bug)\//;
/** Debian has the compiler itself beside the standard library's dynamic form: 150 MB. */
const COMPILER = /\/librustc_driver-[^/]*\.so$/;

/**
 * Makes sure that an engine has the base image of this machine's own files: the toolchain at its own
 * path, and the installed Debian packages of the compiler's linker, with all that they need. Nothing
 * is downloaded, and what is linked there is what would be linked here, byte by byte.
 *
 * An image for another target, or with tools, is one of its own, and not a layer above the one
 * without: a builder keeps three copies of what it is sent for a layer.
 *
 * @param engine Where.
 * @param base Name and identity.
 * @param options Toolchain, packages, target and tools.
 * @param signal Ends the work.
 * @throws {InfrastructureError} when the engine is for other processors.
 */
export async function ensureHostImage(
  engine: EngineClient,
  { image, identity }: Base,
  options: HostBaseOptions,
  signal?: AbortSignal,
): Promise<void> {
  if (await engine.images.find(image, { signal }) !== undefined) return;
  const lock = options.cacheDir === undefined
    ? undefined
    : await FileLock.acquire(`${options.cacheDir}/base-${identity.slice(0, 16)}.lock`, {
      parents: true,
      purpose: `making ${image}`,
      timeoutMs: LOCK_MS,
      signal,
    });
  try {
    if (await engine.images.find(image, { signal }) !== undefined) return;
    options.onNote?.(`making the image ${image} ${purposeOf(options)}`);
    await makeImage(engine, image, identity, options, signal);
    if (await engine.images.find(image, { signal }) === undefined) {
      throw new InfrastructureError({
        action: `make the image ${image}`,
        reason: "the engine did not keep it",
      });
    }
  } finally {
    await lock?.release();
  }
}

function purposeOf({ target, programs }: HostBaseOptions): string {
  return [
    ...target === undefined ? [] : [`for ${target}`],
    "of this machine's toolchain",
    ...programs.length === 0 ? [] : [`with ${programs.join(", ")}`],
  ].join(" ");
}

async function makeImage(
  engine: EngineClient,
  image: string,
  identity: string,
  options: HostBaseOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { Arch: engineArch } = await engine.system.version({ signal });
  const ownArch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  if (engineArch !== ownArch) {
    throw new InfrastructureError({
      action: `make the image ${image}`,
      reason: `the engine runs ${engineArch} programs, and this machine's are for ${ownArch}`,
      lasting: true,
    });
  }
  const { archive, changes } = await hostImage(identity, options, signal);
  await engine.images.import(image, archive, { changes, signal });
}

/** What {@linkcode ensureHostImage} imports: for builders that are not reached through an engine. */
export async function hostImage(
  identity: string,
  options: HostBaseOptions,
  signal?: AbortSignal,
): Promise<
  { readonly archive: ReadableStream<Uint8Array<ArrayBuffer>>; readonly changes: string[] }
> {
  const content = await hostContent(options);
  return {
    archive: tarStream(rootFileSystem(options, content), { signal }),
    changes: imageChanges(identity, options, content),
  };
}

function imageChanges(
  identity: string,
  { toolchain }: HostBaseOptions,
  { searchPath }: HostContent,
): string[] {
  const path = [
    ...isPackaged(toolchain) ? [] : [`${toolchain.sysroot}/bin`],
    IMAGE_PATH,
    // A builder would take what is between blanks for words of its own.
    ...searchPath.filter((directory) => /^[\w./+@-]+$/.test(directory)),
  ].join(":");
  return [`ENV PATH=${path}`, `LABEL ${CONTENT_LABEL}=${identity}`];
}

/** Everything that is in the image, parents before what is in them. */
function rootFileSystem(
  { toolchain }: HostBaseOptions,
  content: HostContent,
): readonly TarEntry[] {
  const files = new FileSet();
  for (const found of content.packages) {
    const foreign = ![content.ownArchitecture, "all"].includes(found.architecture);
    for (const path of packageFiles(found)) {
      if (UNUSED.test(`${path}/`) || (foreign && COMPILER.test(path))) continue;
      files.add(path);
    }
  }
  addAlternatives(files);
  // Made when ca-certificates was installed, and in no package.
  files.addTree("/etc/ssl/certs");
  if (!isPackaged(toolchain)) addToolchain(files, toolchain);
  for (const path of content.files) files.addTree(path);
  const text = (path: string) => ({ kind: "file", path, mode: 0o644 }) as const;
  files.put({ ...text("etc/passwd"), content: "root:x:0:0:root:/root:/bin/sh\n" });
  files.put({ ...text("etc/group"), content: "root:x:0:\n" });
  files.put({ kind: "directory", path: "root", mode: 0o700 });
  files.put({ kind: "directory", path: "tmp", mode: 0o1777 });
  files.put({ kind: "directory", path: "var/tmp", mode: 0o1777 });
  for (const [path, target] of Object.entries(content.links)) {
    files.put({ kind: "symlink", path: path.slice(1), target });
  }
  return files.entries();
}

/** A toolchain of rustup's, for an image that has everything else. */
export function toolchainEntries(toolchain: Toolchain): readonly TarEntry[] {
  const files = new FileSet();
  addToolchain(files, toolchain);
  // Directories of the image stay as they are.
  return files.entries().filter(({ kind, path }) =>
    kind !== "directory" || isBelow(`/${path}`, toolchain.sysroot)
  );
}

function addToolchain(files: FileSet, { sysroot }: Toolchain): void {
  files.addTree(`${sysroot}/lib`);
  for (const name of ["rustc", "rustdoc"]) files.add(`${sysroot}/bin/${name}`);
}

/** `cc` and its like are no files of packages but links through this directory. */
function addAlternatives(files: FileSet): void {
  const directory = "/etc/alternatives";
  const names = namesIn(directory).filter((name) => {
    try {
      return files.has(Deno.realPathSync(`${directory}/${name}`));
    } catch {
      return false; // a link into the void
    }
  });
  for (const name of names) files.add(`${directory}/${name}`);
  for (const place of ["/usr/bin", "/usr/sbin", "/usr/lib"]) {
    for (const name of namesIn(place)) {
      const path = `${place}/${name}`;
      if (!Deno.lstatSync(path).isSymlink) continue;
      const target = Deno.readLinkSync(path);
      if (parentOf(target) === directory && files.has(target)) files.add(path);
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch {
    return [];
  }
}

class FileSet {
  readonly #entries = new Map<string, TarEntry>();
  readonly #parents = new Map<string, string>();

  /** Adds a path and the directories above it; one that is not there is left out. */
  add(listed: string): void {
    if (!listed.startsWith("/") || listed === "/" || listed === "/.") return;
    const parent = this.#realParent(parentOf(listed));
    if (parent === undefined) return;
    const path = `${parent === "/" ? "" : parent}/${listed.slice(listed.lastIndexOf("/") + 1)}`;
    if (this.#entries.has(path)) return;
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(path);
    } catch {
      return; // removed by hand since it was installed
    }
    const common = { path: path.slice(1), mode: (info.mode ?? 0o755) & 0o7777 };
    if (info.isDirectory) this.#entries.set(path, { ...common, kind: "directory" });
    else if (info.isSymlink) {
      this.#entries.set(path, { ...common, kind: "symlink", target: Deno.readLinkSync(path) });
    } else if (info.isFile) {
      this.#entries.set(path, { ...common, kind: "file", content: { hostPath: path } });
    }
  }

  /** Adds an entry as it is, also in the place of another. */
  put(entry: TarEntry): void {
    this.#entries.set(`/${entry.path}`, entry);
  }

  /** Adds a directory and everything in it. */
  addTree(directory: string): void {
    this.add(directory);
    for (const name of namesIn(directory)) {
      const path = `${directory}/${name}`;
      this.add(path);
      if (Deno.lstatSync(path).isDirectory) this.addTree(path);
    }
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  entries(): TarEntry[] {
    return [...this.#entries].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
      .map(([, entry]) => entry);
  }

  /** `/bin/sh` is `/usr/bin/sh` where `/bin` is a link; the link itself is kept too. */
  #realParent(path: string): string | undefined {
    const known = this.#parents.get(path);
    if (known !== undefined) return known;
    if (path !== "/") this.add(path);
    try {
      const real = Deno.realPathSync(path);
      if (real !== path && !isBelow(path, real)) this.add(real);
      this.#parents.set(path, real);
      return real;
    } catch {
      return undefined;
    }
  }
}
