import { joinPath, nameOf, parentOf } from "../_paths.ts";
import { findProgram } from "../target/find_program.ts";
import { ownersOf } from "./_dpkg.ts";

/** Where programs are looked for in an image. */
export const IMAGE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What programs of this machine are made of. */
export interface LocalPrograms {
  /** Packages that have them, or libraries of theirs. */
  readonly packages: readonly string[];
  /** What is in no package: files, and links on the way to them. Absolute and sorted. */
  readonly files: readonly string[];
  /** Libraries that are found by the cache of this machine's loader: their names there. */
  readonly libraries: readonly string[];
  /** Directories that the programs were found in, where an image does not look. */
  readonly searchPath: readonly string[];
}

/** None at all. */
export const NO_PROGRAMS: LocalPrograms = {
  packages: [],
  files: [],
  libraries: [],
  searchPath: [],
};

/**
 * Finds out what must be taken along so that programs of this machine run somewhere else: their
 * packages where they belong to some, else the files with the libraries that they load. What is not
 * here is left out: the compiler says so itself.
 *
 * @param names Names and absolute paths.
 * @param path Value of `PATH`.
 * @returns Packages, files and directories.
 */
export async function localPrograms(
  names: readonly string[],
  path: string,
): Promise<LocalPrograms> {
  const chains = new Map<string, readonly string[]>();
  const searchPath = new Set<string>();
  for (const name of names) {
    const found = findProgram(name, path);
    if (found === undefined) continue;
    chains.set(found, linkChain(found));
    const directory = parentOf(found);
    if (!name.startsWith("/") && !IMAGE_PATH.split(":").includes(directory)) {
      searchPath.add(directory);
    }
  }
  const owners = ownersOf([...chains.values()].flat());
  const unowned = [...chains.values()].flat().filter((file) => owners.get(file)!.length === 0);
  const loaded = await Promise.all(
    [...chains.values()].map((chain) => chain.at(-1)!)
      .filter((file) => unowned.includes(file)).map(librariesOf),
  );
  const needed = [...new Set(loaded.flat())];
  const libraryChains = new Map(needed.map((file) => [file, linkChain(file)]));
  const libraryOwners = ownersOf([...libraryChains.values()].flat());
  const isFree = (file: string) => libraryOwners.get(file)!.length === 0;
  return {
    packages: [...new Set([...owners.values(), ...libraryOwners.values()].flat())].sort(),
    files: [...new Set([...unowned, ...[...libraryChains.values()].flat().filter(isFree)])].sort(),
    libraries: needed.filter(isFree),
    searchPath: [...searchPath],
  };
}

/** A path, and what its links lead to, one after the other. */
function linkChain(path: string): readonly string[] {
  const chain: string[] = [];
  for (let next = path; !chain.includes(next);) {
    chain.push(next);
    // `/lib` itself may be a link, and packages have their files at one of both places.
    const place = `${Deno.realPathSync(parentOf(next))}/${nameOf(next)}`;
    if (!Deno.lstatSync(place).isSymlink) break;
    next = joinPath(parentOf(place), Deno.readLinkSync(place));
  }
  return chain;
}

/** What the loader of this machine would load for a program; none for scripts and static ones. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command("ldd", {
    args: [program],
    env: { LC_ALL: "C" },
    stdin: "null",
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  return [...text.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, path]) => path!);
}
