import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import { stampOf } from "../records.ts";
import { sha256 } from "../sha256.ts";
import { remember, type Toolchain } from "../toolchain.ts";

/** How a base image of this machine is made. */
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

/** Where dpkg keeps what is installed. */
export const DPKG_STATUS = "/var/lib/dpkg/status";
/** Changes with what is put around the packages, so that images of older code are not used. */
const RECIPE = 1;
const NAME = "superorch/rustc-base";

/**
 * What a base image of this machine's own toolchain and packages is called, and what it is made of.
 * No engine is asked.
 *
 * @param options Toolchain and packages.
 * @returns Name and identity.
 * @throws {InfrastructureError} when this machine is no Debian, or a package is not installed.
 */
export async function hostBase(options: HostBaseOptions): Promise<Base> {
  const identity = await identityOf(options);
  return { image: `${NAME}:${identity.slice(0, 16)}`, identity, rustc: options.toolchain.rustc };
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
  const versions = (await import("./_host_packages.ts")).wantedPackages(options).map((
    { name, version, architecture },
  ) => `${name} ${version} ${architecture}`);
  const identity = await sha256(
    JSON.stringify([RECIPE, toolchain.hash, toolchain.rustc, versions]),
  );
  if (cacheDir !== undefined) remember(memory, identity);
  return identity;
}

/** Debian's own toolchain is made of packages; rustup's is one directory. */
export function isPackaged({ sysroot }: Toolchain): boolean {
  return sysroot === "/usr";
}
