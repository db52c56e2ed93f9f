import { readElfDynamic } from "../post_install/elf_file.ts";
import { baseName, joinPath, parentPath } from "../_path.ts";
import { isMissing } from "./complete_transaction.ts";
import { readIndex } from "./file_index.ts";
import { listTree } from "./list_tree.ts";
import { BrokenMetadataError, indexFile, METADATA_DIRECTORY, metadataFile } from "./metadata.ts";
import { readMetadata } from "./read_installed.ts";
import { type RootView, rootView } from "./root_view.ts";

/** Something that is not as it must be in a root. */
export type RootProblem =
  /** Metadata or an index that cannot be understood. */
  | { readonly kind: "broken-metadata"; readonly path: string; readonly message: string }
  /** A file that several components list. */
  | { readonly kind: "duplicate"; readonly path: string; readonly components: readonly string[] }
  /** A file that is listed, and not there. */
  | { readonly kind: "missing"; readonly path: string; readonly component: string }
  /** A file that is there, and that no component lists. */
  | { readonly kind: "orphan"; readonly path: string }
  /** A directory in a RUNPATH that is in the root but not relative to the file, or not there. */
  | {
    readonly kind: "runpath";
    readonly path: string;
    readonly directory: string;
    readonly inRoot: boolean;
  }
  /** A library that the dynamic linker will not find. */
  | { readonly kind: "needed"; readonly path: string; readonly library: string }
  /** A version of symbols that a library must have, and that the one which is found has not. */
  | {
    readonly kind: "version";
    readonly path: string;
    readonly library: string;
    readonly version: string;
    readonly found: string;
  };

/** What is in a root. */
export interface VerifiedRoot {
  /** What is wrong, sorted by path. */
  readonly problems: readonly RootProblem[];
  /** How many components are installed. */
  readonly components: number;
  /** How many files they list. */
  readonly files: number;
  /** The change that a run was interrupted in, and that the next one completes. */
  readonly pending: string | undefined;
}

/** How a root is checked. */
export interface VerifyOptions {
  /** Directories of the system where libraries are found. Default: those of its linker. */
  readonly systemLibraries?: readonly string[];
  /** Ends the check. */
  readonly signal?: AbortSignal;
}

/** Libraries that programs are only linked with: old ones, for what must run on old systems. */
const LINK_ONLY = /(?:^|\/)link-only\//;

/** What runs leave there for themselves: the lock, a change that is prepared, roots of sandboxes. */
const OWN = /^share\/orchestra\/\.(?:lock$|transaction\/|sandbox\/)/;

const SYSTEM_LIBRARIES: readonly string[] = [
  "/lib",
  "/lib64",
  "/usr/lib",
  "/usr/lib64",
  "/usr/local/lib",
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib/i386-linux-gnu",
  "/lib32",
  "/usr/lib32",
];

/**
 * Checks a root: every file belongs to one component, every listed one is there, and the dynamic
 * linker finds what programs and libraries need. A change that a run was interrupted in counts as
 * complete, as the next run will make it so. Nothing is changed.
 *
 * Permissions: `--allow-read` of the root and of the directories of system libraries.
 *
 * @param root The root.
 * @param options Where else libraries are.
 * @returns What is wrong with it.
 */
export async function verifyRoot(root: string, options: VerifyOptions = {}): Promise<VerifiedRoot> {
  const { signal, systemLibraries = SYSTEM_LIBRARIES } = options;
  const view = await rootView(root);
  const { builds, broken } = await readMetadata(root);
  const problems: RootProblem[] = broken.map(({ path, message }) => ({
    kind: "broken-metadata",
    path: path.slice(root.length + 1),
    message,
  }));
  const owners = new Map<string, Set<string>>();
  const canonical = canonicalizer(root);
  const listed = new Set<string>();
  let files = 0;
  for (const { component } of builds) {
    signal?.throwIfAborted();
    for (const path of await indexOf(component, view, problems)) {
      files++;
      listed.add(path);
      const key = canonical(path);
      const set = owners.get(key) ?? new Set();
      owners.set(key, set.add(component));
      if (view.locate(path) === undefined) problems.push({ kind: "missing", path, component });
    }
  }
  for (const [path, names] of owners) {
    if (names.size > 1) problems.push({ kind: "duplicate", path, components: [...names].sort() });
  }
  problems.push(...await orphansOf(root, view, owners, broken, signal));
  const linkOnly = new Map(
    [...owners.keys()].filter((path) => LINK_ONLY.test(path) && view.locate(path) !== undefined)
      .sort()
      .map((path) => [baseName(path), path]),
  );
  const linker = new Linker(root, view, systemLibraries, linkOnly);
  for (const path of [...owners.keys()].sort()) {
    signal?.throwIfAborted();
    problems.push(...linker.check(path));
  }
  problems.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  return { problems, components: builds.length, files, pending: view.pending?.purpose };
}

/**
 * Says in one sentence what is wrong.
 *
 * @param problem What is wrong.
 * @returns One line without a final period.
 */
export function describeProblem(problem: RootProblem): string {
  switch (problem.kind) {
    case "broken-metadata":
      return problem.message;
    case "duplicate":
      return `${problem.path} belongs to several components: ${problem.components.join(", ")}`;
    case "missing":
      return `${problem.path} is missing, component ${problem.component} has installed it`;
    case "orphan":
      return `${problem.path} belongs to no component`;
    case "runpath":
      return `${problem.path} looks for libraries in ${problem.directory}, which is ` +
        (problem.inRoot
          ? "not relative to it: it breaks when the root is moved"
          : "neither in the root nor there");
    case "needed":
      return `${problem.path} needs the library ${problem.library}, which is not found`;
    case "version":
      return `${problem.path} needs version ${problem.version} of ${problem.library}, which ` +
        `${problem.found} does not have`;
  }
}

async function indexOf(
  component: string,
  view: RootView,
  problems: RootProblem[],
): Promise<readonly string[]> {
  const path = indexFile(component);
  const place = view.locate(path);
  try {
    const lines = place === undefined
      ? undefined
      // In the staged directory the same name is at the same place.
      : await readIndex(place.slice(0, -path.length - 1), component);
    if (lines !== undefined) return lines;
    problems.push({ kind: "missing", path, component });
    return [metadataFile(component)];
  } catch (error) {
    if (!(error instanceof BrokenMetadataError)) throw error;
    problems.push({ kind: "broken-metadata", path, message: error.message });
  }
  return [path, metadataFile(component)];
}

async function orphansOf(
  root: string,
  view: RootView,
  owners: ReadonlyMap<string, unknown>,
  broken: readonly BrokenMetadataError[],
  signal: AbortSignal | undefined,
): Promise<RootProblem[]> {
  const { files } = await listTree(root, { odd: true, ...(signal ? { signal } : {}) });
  const going = new Set(view.pending?.remove);
  // What broken metadata would say is not known, so its own files are told once.
  const told = new Set(broken.flatMap(({ path }) => {
    const name = baseName(path).replace(/\.(?:json|idx)$/, "");
    return [`${METADATA_DIRECTORY}/${name}.json`, `${METADATA_DIRECTORY}/${name}.idx`];
  }));
  return files.filter((path) =>
    !owners.has(path) && !going.has(path) && !told.has(path) &&
    !OWN.test(path) && path !== "lib"
  ).map((path): RootProblem => ({ kind: "orphan", path }));
}

/** Gives each file one name, though `lib` is a link to `lib64`. */
function canonicalizer(root: string): (path: string) => string {
  const directories = new Map<string, string>();
  let realRoot: string | undefined;
  return (path) => {
    const parent = parentPath(path);
    let real = directories.get(parent);
    if (real === undefined) {
      try {
        realRoot ??= Deno.realPathSync(root);
        const place = Deno.realPathSync(joinPath(root, parent));
        real = place === realRoot
          ? ""
          : place.startsWith(`${realRoot}/`)
          ? place.slice(realRoot.length + 1)
          : parent;
      } catch (error) {
        if (!isMissing(error)) throw error;
        real = parent;
      }
      directories.set(parent, real);
    }
    return real === "" ? baseName(path) : `${real}/${baseName(path)}`;
  };
}

/** Looks for libraries as the dynamic linker does: ld.so(8). */
class Linker {
  readonly #root: string;
  readonly #view: RootView;
  readonly #system: readonly string[];
  readonly #linkOnly: ReadonlyMap<string, string>;
  /** Versions that libraries define, by path. */
  readonly #versions = new Map<string, ReadonlySet<string>>();

  /** `linkOnly`: paths in the root by names of libraries. */
  constructor(
    root: string,
    view: RootView,
    system: readonly string[],
    linkOnly: ReadonlyMap<string, string>,
  ) {
    this.#root = root;
    this.#view = view;
    this.#system = system;
    this.#linkOnly = linkOnly;
  }

  check(path: string): RootProblem[] {
    const place = this.#view.locate(path);
    if (place === undefined || !isElf(place)) return [];
    const elf = readElfDynamic(place);
    if (elf === undefined) return [];
    const problems: RootProblem[] = [];
    const directories = elf.runpath.length > 0 ? elf.runpath : elf.rpath;
    for (const directory of directories) {
      if (!directory.startsWith("/")) continue;
      const inRoot = this.#isInRoot(directory);
      if (inRoot || !this.#exists(directory)) {
        problems.push({ kind: "runpath", path, directory, inRoot });
      }
    }
    const origin = joinPath(this.#root, parentPath(path));
    const expand = (text: string) => text.replace(/\$ORIGIN|\$\{ORIGIN\}/g, origin);
    for (const library of elf.needed) {
      const places = library.includes("/")
        ? [expand(library)]
        // A library may also be found by what loads it: beside itself, and in the root's own lib.
        : [
          ...directories.map(expand),
          ...this.#system,
          joinPath(this.#root, "lib"),
          joinPath(this.#root, "lib64"),
        ].map((directory) => joinPath(directory, library));
      const found = places.find((candidate) => this.#exists(candidate));
      if (found === undefined) problems.push({ kind: "needed", path, library });
      // What is found may be newer than what the program may count on.
      const linkOnly = this.#linkOnly.get(baseName(library));
      const defines = linkOnly === undefined ? found : joinPath(this.#root, linkOnly);
      if (defines === undefined || LINK_ONLY.test(path)) continue;
      const defined = this.#versionsOf(defines);
      // Of a library without any versions, the dynamic linker takes every symbol.
      if (defined.size === 0) continue;
      for (const one of elf.versionsNeeded.filter((one) => one.library === library)) {
        for (const version of one.versions.filter((version) => !defined.has(version))) {
          problems.push({ kind: "version", path, library, version, found: this.#shown(defines) });
        }
      }
    }
    return problems;
  }

  #versionsOf(library: string): ReadonlySet<string> {
    const known = this.#versions.get(library);
    if (known !== undefined) return known;
    const path = this.#located(library);
    let versions: ReadonlySet<string> = new Set();
    try {
      versions = new Set(readElfDynamic(path)?.versionsDefined);
    } catch (error) {
      if (!isMissing(error) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
    this.#versions.set(library, versions);
    return versions;
  }

  /** Where a file is, which a change that was interrupted may not have put into its place yet. */
  #located(path: string): string {
    const plain = normalize(path);
    if (!plain.startsWith(`${this.#root}/`)) return path;
    return this.#view.locate(plain.slice(this.#root.length + 1)) ?? path;
  }

  #shown(path: string): string {
    const plain = normalize(path);
    return plain.startsWith(`${this.#root}/`) ? plain.slice(this.#root.length + 1) : plain;
  }

  #isInRoot(directory: string): boolean {
    return `${normalize(directory)}/`.startsWith(`${this.#root}/`);
  }

  #exists(path: string): boolean {
    const plain = normalize(path);
    if (plain.startsWith(`${this.#root}/`)) {
      const inside = plain.slice(this.#root.length + 1);
      if (this.#view.locate(inside) !== undefined) return true;
    }
    try {
      Deno.statSync(path);
      return true;
    } catch (error) {
      if (isMissing(error) || error instanceof Deno.errors.PermissionDenied) return false;
      throw error;
    }
  }
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function isElf(path: string): boolean {
  try {
    if (!Deno.lstatSync(path).isFile) return false;
    using file = Deno.openSync(path, { read: true });
    const bytes = new Uint8Array(4);
    return file.readSync(bytes) === 4 && bytes[0] === 0x7f && bytes[1] === 0x45 &&
      bytes[2] === 0x4c && bytes[3] === 0x46;
  } catch (error) {
    if (isMissing(error) || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
