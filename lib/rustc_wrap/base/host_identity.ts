import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import { stampOf } from "../records.ts";
import { sha256 } from "../sha256.ts";
import { findProgram } from "../target/find_program.ts";
import { remember, type Toolchain } from "../toolchain.ts";

/** How a base image of this machine is made. */
export interface HostBaseOptions {
  /** The compiler that cargo uses. */
  readonly toolchain: Toolchain;
  /** Packages beside those that are always there. */
  readonly packages: readonly string[];
  /** Components of the toolchain beside the compiler, as rustup calls them. */
  readonly components: readonly string[];
  /** Another target than this machine's: its linker, C library and standard library come along. */
  readonly target: string | undefined;
  /** Programs of this machine that come along: names and absolute paths. */
  readonly programs: readonly string[];
  /** Value of `PATH`, where they are looked for. */
  readonly searchPath: string;
  /** Where what is known is kept between calls. */
  readonly cacheDir: string | undefined;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
}

/** Where dpkg keeps what is installed. */
export const DPKG_STATUS = "/var/lib/dpkg/status";
/** Changes with what is put around the packages, so that images of older code are not used. */
const RECIPE = 2;
const NAME = "superorch/rustc-base";

/**
 * What a base image of this machine's own toolchain and packages is called, and what it is made of.
 * No engine is asked.
 *
 * @param options Toolchain, packages, target and tools.
 * @returns Name and identity.
 * @throws {InfrastructureError} when this machine is no Debian, or something is not installed.
 */
export async function hostBase(options: HostBaseOptions): Promise<Base> {
  const identity = await identityOf(options);
  return { image: `${NAME}:${identity.slice(0, 16)}`, identity, rustc: options.toolchain.rustc };
}

interface Known {
  readonly identity: string;
  /** Stamps of files that are in no package. */
  readonly stamps: Readonly<Record<string, string>>;
}

/** Reading what is installed takes 50 ms, so its digest is kept as long as nothing is installed. */
async function identityOf(options: HostBaseOptions): Promise<string> {
  const { toolchain, packages, components, target, programs, searchPath, cacheDir } = options;
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
  const found = programs.map((name) => findProgram(name, searchPath) ?? null);
  const toolchainParts = [toolchain.hash, toolchain.rustc, components];
  const question = await sha256(
    JSON.stringify([RECIPE, toolchainParts, packages, target ?? null, programs, found, stamp]),
  );
  const memory = `${cacheDir}/bases/${question}`;
  const known = cacheDir === undefined ? undefined : readKnown(memory);
  if (known !== undefined) return known;
  const { hostContent } = await import("./_host_content.ts");
  const content = await hostContent(options);
  const files = await Promise.all(content.files.map((path) => fileIdentity(path)));
  const identity = await sha256(JSON.stringify([
    RECIPE,
    toolchainParts,
    content.packages.map(({ name, version, architecture }) => [name, version, architecture]),
    files,
    content.links,
    content.searchPath,
  ]));
  if (cacheDir !== undefined) {
    const stamps = Object.fromEntries(content.files.map((path) => [path, stampOfFile(path)]));
    remember(memory, { identity, stamps } satisfies Known);
  }
  return identity;
}

function readKnown(path: string): string | undefined {
  try {
    const known: Known = JSON.parse(Deno.readTextFileSync(path));
    if (!/^[0-9a-f]{64}$/.test(known.identity)) return undefined;
    const isSame = Object.entries(known.stamps).every(([file, stamp]) =>
      stampOfFile(file) === stamp
    );
    return isSame ? known.identity : undefined;
  } catch {
    return undefined; // asked for the first time
  }
}

/** A directory counts by its name: those are parts of the toolchain, which has its own hash. */
function stampOfFile(path: string): string {
  try {
    const info = Deno.lstatSync(path);
    return info.isDirectory ? "directory" : `${info.size} ${info.mtime?.getTime()} ${info.ino}`;
  } catch {
    return "gone";
  }
}

async function fileIdentity(path: string): Promise<readonly string[]> {
  const info = Deno.lstatSync(path);
  if (info.isSymlink) return [path, "link", Deno.readLinkSync(path)];
  if (info.isDirectory) return [path, "directory"];
  return [path, String((info.mode ?? 0) & 0o7777), await sha256(Deno.readFileSync(path))];
}

/** Debian's own toolchain is made of packages; rustup's is one directory. */
export function isPackaged({ sysroot }: Toolchain): boolean {
  return sysroot === "/usr";
}
