import { OrchestraError } from "../errors.ts";
import type { Paths } from "../model.ts";
import { mostSimilar } from "./similarity.ts";
import type { Mistake } from "./validate.ts";

/** What {@linkcode resolvePaths} takes. */
export interface ResolvePathsOptions {
  /** Absolute path of the directory `.orchestra`. */
  readonly dotdir: string;
  /** The `paths` of the configuration. */
  readonly paths: Readonly<Record<string, string>>;
  /** Reads environment variables. */
  readonly env: (name: string) => string | undefined;
}

interface Known {
  /** The variable that scripts get it in, and that other paths may mention. */
  readonly variable: string;
  readonly key: string;
  readonly byDefault: string;
}

const KNOWN = {
  orchestraRoot: { variable: "ORCHESTRA_ROOT", key: "orchestra_root", byDefault: "../root" },
  sourceArchives: {
    variable: "SOURCE_ARCHIVES",
    key: "source_archives",
    byDefault: "source_archives",
  },
  binaryArchives: {
    variable: "BINARY_ARCHIVES",
    key: "binary_archives",
    byDefault: "binary_archives",
  },
  sourcesDir: { variable: "SOURCES_DIR", key: "sources_dir", byDefault: "../sources" },
  buildsDir: { variable: "BUILDS_DIR", key: "builds_dir", byDefault: "../build" },
  tmpRoots: { variable: "TMP_ROOTS", key: "tmproot", byDefault: "tmproot" },
} as const satisfies Readonly<Record<string, Known>>;

/**
 * Finds out where things are. `$VAR`, `${VAR}` and a leading `~` are expanded, by other paths of
 * this list first and then by the environment; relative paths start at the dotdir; links are
 * resolved.
 *
 * Permissions: `--allow-read`; `--allow-env` for what is mentioned.
 *
 * @throws {OrchestraError} when a variable is not set, or a path leads back to itself.
 */
export function resolvePaths(options: ResolvePathsOptions): Paths {
  const { dotdir } = options;
  const resolver = new Resolver(options);
  const { orchestraRoot, sourceArchives, binaryArchives, sourcesDir, buildsDir, tmpRoots } = KNOWN;
  return {
    dotdir,
    orchestraRoot: resolver.path(orchestraRoot),
    sourceArchives: resolver.path(sourceArchives),
    binaryArchives: resolver.path(binaryArchives),
    sourcesDir: resolver.path(sourcesDir),
    buildsDir: resolver.path(buildsDir),
    tmpRoots: resolver.path(tmpRoots),
    cache: `${dotdir}/cache`,
  };
}

/**
 * Finds what is wrong with `paths`: all of it, where {@linkcode resolvePaths} stops at the first.
 *
 * Permissions: as there.
 */
export function pathMistakes(options: ResolvePathsOptions): readonly Mistake[] {
  const found = new Map<string, Mistake>();
  for (const known of Object.values(KNOWN)) {
    try {
      new Resolver(options).path(known);
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      // What several paths build upon is told once, in their words.
      found.set(error.key, { path: ["paths", error.key], message: error.message });
    }
  }
  return [...found.values()];
}

/** A path that cannot be expanded. */
class PathError extends OrchestraError {
  /** Its key in `paths`. */
  readonly key: string;

  constructor(key: string, problem: string) {
    super(`Cannot expand paths.${key}: ${problem}`);
    this.key = key;
  }
}

/** Names in `paths` that mean nothing, with what was probably meant. */
export function unknownPaths(
  paths: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly meant: string | undefined }[] {
  const known = Object.values(KNOWN).map(({ key }) => key);
  return Object.keys(paths).filter((key) => !known.some((one) => one === key))
    .map((key) => ({ key, meant: mostSimilar(key, known) }));
}

class Resolver {
  readonly #options: ResolvePathsOptions;
  readonly #done = new Map<string, string>();
  /** Names that are being expanded, each inside the one before. */
  readonly #open: string[] = [];

  constructor(options: ResolvePathsOptions) {
    this.#options = options;
  }

  path(known: Known): string {
    const done = this.#done.get(known.variable);
    if (done !== undefined) return done;
    const { dotdir, paths } = this.#options;
    const written = Object.hasOwn(paths, known.key) ? paths[known.key]! : this.#default(known);
    const { key } = known;
    const expanded = this.#inside(known.variable, key, () => this.#expand(written, key));
    const path = realPath(expanded.startsWith("/") ? expanded : `${dotdir}/${expanded}`);
    this.#done.set(known.variable, path);
    return path;
  }

  #default({ key, byDefault }: Known): string {
    // The original has a hyphen where its documentation has an underscore.
    const { dotdir } = this.#options;
    const other = "binary-archives";
    const takeOther = key === "binary_archives" && !exists(`${dotdir}/${byDefault}`) &&
      exists(`${dotdir}/${other}`);
    return takeOther ? other : byDefault;
  }

  #expand(text: string, key: string): string {
    const home = /^~(?=\/|$)/.test(text) ? this.#variable("HOME", key) + text.slice(1) : text;
    return home.replace(
      /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
      (_, braced?: string, plain?: string) => this.#variable(braced ?? plain!, key),
    );
  }

  #variable(name: string, key: string): string {
    if (name === "ORCHESTRA_DOTDIR") return this.#options.dotdir;
    const builtin = Object.values(KNOWN).find(({ variable }) => variable === name);
    if (builtin !== undefined) {
      if (this.#open.includes(name)) throw this.#circle(name, key);
      return this.path(builtin);
    }
    const value = this.#options.env(name);
    if (value === undefined) {
      throw new PathError(key, `the variable ${JSON.stringify(name)} is not set`);
    }
    return this.#inside(name, key, () => this.#expand(value, key));
  }

  #inside(name: string, key: string, expand: () => string): string {
    if (this.#open.includes(name)) throw this.#circle(name, key);
    this.#open.push(name);
    try {
      return expand();
    } finally {
      this.#open.pop();
    }
  }

  #circle(name: string, key: string): PathError {
    const circle = [...this.#open.slice(this.#open.indexOf(name)), name].join(" -> ");
    return new PathError(key, `it leads back to itself: ${circle}`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    // Whatever cannot be looked at is not used.
    return false;
  }
}

/** Resolves links in as much of a path as exists, part by part: `..` is about where a link leads. */
function realPath(path: string): string {
  let at = "";
  for (const part of path.split("/")) {
    if (part === "..") at = at.slice(0, at.lastIndexOf("/"));
    else if (part !== "" && part !== ".") at = linkless(`${at}/${part}`);
  }
  return at === "" ? "/" : at;
}

function linkless(path: string): string {
  try {
    const real = Deno.realPathSync(path);
    return real === "/" ? "" : real;
  } catch {
    // Not there, or not to be seen.
    return path;
  }
}
