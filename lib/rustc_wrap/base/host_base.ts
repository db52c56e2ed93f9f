import type { EngineClient } from "../../engine/client.ts";
import { ImageNotFoundError } from "../../engine/errors.ts";
import { type TarEntry, tarStream } from "../../engine/tar/mod.ts";
import { FileLock } from "../../files/file_lock.ts";
import { isBelow, parentOf } from "../_paths.ts";
import { InfrastructureError } from "../errors.ts";
import { remember, type Toolchain } from "../toolchain.ts";
import { stampOf } from "../records.ts";
import { sha256 } from "../sha256.ts";
import type { BaseImage } from "./base_image.ts";
import {
  type DebianPackage,
  DPKG_STATUS,
  ownerOf,
  packageClosure,
  packageFiles,
  readPackages,
} from "./_dpkg.ts";

/** How {@linkcode hostBase} works. */
export interface HostBaseOptions {
  /** The compiler that cargo uses. */
  readonly toolchain: Toolchain;
  /** Packages beside those that are always there. */
  readonly packages: readonly string[];
  /** Where what is known is kept between calls. */
  readonly cacheDir: string | undefined;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
}

/** Changes with what is put around the packages, so that images of older code are not used. */
const RECIPE = 1;
const NAME = "superorch/rustc-base";
const CONTENT_LABEL = "org.superorch.content";
/** 0.9 GB took 15 s on a quiet machine. */
const LOCK_MS = 600_000;
/** What every image gets: a linker and what it links with. */
const PACKAGES = ["ca-certificates", "gcc", "libc6-dev"];
/** Nothing reads these in a build. */
const UNUSED = /^\/usr\/share\/(?:doc|doc-base|info|lintian|locale|man|bug)\//;

/**
 * A base image out of this machine's own files: the toolchain at its own path, and the installed
 * Debian packages of the compiler's linker, with all that they need. Nothing is downloaded, and what
 * is linked there is what would be linked here, byte by byte.
 *
 * @param options Toolchain and packages.
 * @returns The image; it is made when it is missing.
 * @throws {InfrastructureError} when this machine is no Debian, or a package is not installed.
 */
export async function hostBase(options: HostBaseOptions): Promise<BaseImage> {
  const { toolchain } = options;
  const identity = await identityOf(options);
  const image = `${NAME}:${identity.slice(0, 16)}`;
  return {
    base: { image, identity, rustc: toolchain.rustc },
    async ensure(engine, signal) {
      if (await isPresent(engine, image, signal)) return;
      const lock = options.cacheDir === undefined
        ? undefined
        : await FileLock.acquire(`${options.cacheDir}/base-${identity.slice(0, 16)}.lock`, {
          parents: true,
          purpose: `making ${image}`,
          timeoutMs: LOCK_MS,
          signal,
        });
      try {
        if (await isPresent(engine, image, signal)) return;
        options.onNote?.(`making the image ${image} of this machine's toolchain`);
        await makeImage(engine, image, identity, options, signal);
      } finally {
        await lock?.release();
      }
    },
  };
}

/** Reading what is installed takes 50 ms, so its digest is kept as long as nothing is installed. */
async function identityOf(options: HostBaseOptions): Promise<string> {
  const { toolchain, cacheDir } = options;
  let stamp: string;
  try {
    stamp = stampOf(DPKG_STATUS);
  } catch {
    throw new InfrastructureError({
      action: "make a base image of this machine",
      reason: "it is not a Debian system; name an image in RUSTCBUILDX_BASE_IMAGE",
      lasting: true,
    });
  }
  const question = await sha256(
    JSON.stringify([RECIPE, toolchain.hash, toolchain.rustc, options.packages, stamp]),
  );
  const memory = `${cacheDir}/bases/${question}`;
  if (cacheDir !== undefined) {
    try {
      const known = JSON.parse(Deno.readTextFileSync(memory));
      if (typeof known === "string" && /^[0-9a-f]{64}$/.test(known)) return known;
    } catch {
      // asked for the first time
    }
  }
  const versions = wantedPackages(options).map(({ name, version, architecture }) =>
    `${name} ${version} ${architecture}`
  );
  const identity = await sha256(
    JSON.stringify([RECIPE, toolchain.hash, toolchain.rustc, versions]),
  );
  if (cacheDir !== undefined) remember(memory, identity);
  return identity;
}

function wantedPackages({ toolchain, packages }: HostBaseOptions): readonly DebianPackage[] {
  const installed = readPackages(Deno.readTextFileSync(DPKG_STATUS));
  const essential = [...installed.values()].flat().filter((found) => found.essential);
  const owner = isPackaged(toolchain) ? ownerOf(Deno.realPathSync(toolchain.rustc)) : undefined;
  const { found, missing } = packageClosure(installed, [
    ...essential.map(({ name }) => name),
    ...PACKAGES,
    ...owner === undefined ? [] : [owner],
    ...packages,
  ]);
  if (missing.length > 0) {
    throw new InfrastructureError({
      action: "make a base image of this machine",
      reason: `not installed here: ${missing.join(", ")}`,
      lasting: true,
    });
  }
  return found;
}

/** Debian's own toolchain is made of packages; rustup's is one directory. */
function isPackaged({ sysroot }: Toolchain): boolean {
  return sysroot === "/usr";
}

async function makeImage(
  engine: EngineClient,
  image: string,
  identity: string,
  options: HostBaseOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { toolchain } = options;
  const { Arch: engineArch } = await engine.system.version({ signal });
  const ownArch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  if (engineArch !== ownArch) {
    throw new InfrastructureError({
      action: `make the image ${image}`,
      reason: `the engine runs ${engineArch} programs, and this machine's are for ${ownArch}`,
      lasting: true,
    });
  }
  const path = [
    ...isPackaged(toolchain) ? [] : [`${toolchain.sysroot}/bin`],
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ].join(":");
  await engine.images.import(image, tarStream(rootFileSystem(options), { signal }), {
    changes: [`ENV PATH=${path}`, `LABEL ${CONTENT_LABEL}=${identity}`],
    signal,
  });
  if (!await isPresent(engine, image, signal)) {
    throw new InfrastructureError({
      action: `make the image ${image}`,
      reason: "the engine did not keep it",
    });
  }
}

async function isPresent(
  engine: EngineClient,
  image: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await engine.images.inspect(image, { signal });
    return true;
  } catch (error) {
    if (error instanceof ImageNotFoundError) return false;
    throw error;
  }
}

/** Everything that is in the image, parents before what is in them. */
function rootFileSystem(options: HostBaseOptions): readonly TarEntry[] {
  const { toolchain } = options;
  const files = new FileSet();
  for (const found of wantedPackages(options)) {
    for (const path of packageFiles(found)) if (!UNUSED.test(`${path}/`)) files.add(path);
  }
  addAlternatives(files);
  // Made when ca-certificates was installed, and in no package.
  files.addTree("/etc/ssl/certs");
  if (!isPackaged(toolchain)) {
    files.addTree(`${toolchain.sysroot}/lib`);
    for (const name of ["rustc", "rustdoc"]) files.add(`${toolchain.sysroot}/bin/${name}`);
  }
  const text = (path: string, content: string): TarEntry => ({ kind: "file", path, content });
  return [
    ...files.entries(),
    text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"),
    text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    { kind: "directory", path: "root", mode: 0o700 },
    { kind: "directory", path: "tmp", mode: 0o1777 },
    { kind: "directory", path: "var/tmp", mode: 0o1777 },
  ];
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
