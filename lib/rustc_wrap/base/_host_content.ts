import { nameOf, parentOf } from "../_paths.ts";
import { InfrastructureError } from "../errors.ts";
import type { Toolchain } from "../toolchain.ts";
import { crossTools } from "../target/cross_tools.ts";
import { componentFiles } from "./_components.ts";
import {
  candidates,
  type DebianPackage,
  type InstalledPackages,
  ownArchitecture,
  ownersOf,
  packageClosure,
  readPackages,
} from "./_dpkg.ts";
import { localPrograms, NO_PROGRAMS } from "./_local_programs.ts";
import { DPKG_STATUS, type HostBaseOptions, isPackaged } from "./host_identity.ts";

/** What every image gets: a linker and what it links with. */
const PACKAGES = ["ca-certificates", "gcc", "libc6-dev"];

/** What an image of this machine is made of, beside the toolchain. */
export interface HostContent {
  /** Packages, with all that they need. */
  readonly packages: readonly DebianPackage[];
  /** What this machine's own programs are built for, as Debian calls it. */
  readonly ownArchitecture: string;
  /** Files and directories that are in no package: tools, and components of the toolchain. */
  readonly files: readonly string[];
  /** Links that the image gets beside, by path. */
  readonly links: Readonly<Record<string, string>>;
  /** Directories after those that programs are always looked for in. */
  readonly searchPath: readonly string[];
}

/**
 * Finds out what an image of this machine is made of.
 *
 * @param options Toolchain, packages, target, tools and components.
 * @returns Packages and files.
 * @throws {InfrastructureError} when a package or component is not installed.
 */
export async function hostContent(options: HostBaseOptions): Promise<HostContent> {
  const { toolchain, packages, components, target, programs } = options;
  const installed = readPackages(Deno.readTextFileSync(DPKG_STATUS));
  const essential = [...installed.values()].flat().filter((found) => found.essential);
  const tools = programs.length === 0
    ? NO_PROGRAMS
    : await localPrograms(programs, options.searchPath);
  const parts = componentFiles(toolchain, components);
  const packaged = isPackaged(toolchain);
  const ofToolchain = packaged ? owners([Deno.realPathSync(toolchain.rustc), ...parts]) : [];
  const { found, missing } = packageClosure(installed, [
    ...essential.map(({ name }) => name),
    ...PACKAGES,
    ...ofToolchain,
    ...packages,
    ...target === undefined ? [] : targetPackages(installed, target, toolchain),
    ...tools.packages,
  ]);
  if (missing.length > 0) {
    throw new InfrastructureError({
      action: target === undefined
        ? "make a base image of this machine"
        : `make a base image for ${target} of this machine`,
      reason: `not installed here: ${missing.join(", ")}`,
      lasting: target === undefined,
    });
  }
  const library = packaged && target !== undefined ? libraryPackages(installed, target) : [];
  return {
    packages: [...new Set([...found, ...library])],
    ownArchitecture: ownArchitecture(installed),
    files: [...packaged ? [] : parts, ...tools.files],
    links: libraryLinks(tools.libraries),
    searchPath: tools.searchPath,
  };
}

function owners(paths: readonly string[]): readonly string[] {
  return [...ownersOf(paths).values()].flat();
}

/**
 * Debian's standard library for another target, with what that itself names and not with what that
 * needs: a compiler for the other processor, which is of no use here. Where there is none, rustc
 * says so.
 */
function libraryPackages(installed: InstalledPackages, target: string): readonly DebianPackage[] {
  const found = owners([`/usr/lib/rustlib/${target}/lib`]).flatMap((name) =>
    candidates(installed, name, ownArchitecture(installed))
  );
  const named = found.flatMap(({ depends, architecture }) =>
    depends.flat().flatMap((name) => candidates(installed, name, architecture))
  );
  return [...found, ...named];
}

/** One of each group: the one that is installed, else the first, which is then told to be missing. */
function targetPackages(
  installed: InstalledPackages,
  target: string,
  toolchain: Toolchain,
): readonly string[] {
  return crossTools(target, toolchain).packages.map((group) =>
    group.find((name) => installed.has(name)) ?? group[0]!
  );
}

/**
 * An image has no cache of its loader, which looks into the directory of the C library without one:
 * so what is elsewhere here has a link there.
 */
function libraryLinks(libraries: readonly string[]): Readonly<Record<string, string>> {
  const [directory] = [...Deno.readDirSync("/usr/lib")].flatMap(({ name }) => {
    const path = `/usr/lib/${name}`;
    return /-linux-/.test(name) && existsSync(`${path}/libc.so.6`) &&
        name.startsWith(`${Deno.build.arch}-`)
      ? [path]
      : [];
  });
  if (directory === undefined) return {};
  return Object.fromEntries(
    libraries.map((path) => [`${directory}/${nameOf(path)}`, path] as const)
      .filter(([link, path]) => parentOf(path) !== directory && !existsSync(link)),
  );
}

function existsSync(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
