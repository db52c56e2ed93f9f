import { isBelow, joinPath, nameOf, parentOf } from "./_paths.ts";
import type { Env, Source, SourceKind, Visibility } from "./model.ts";

/** What tells where sources come from. */
export interface SourceQuestion {
  /** The crate's root file, absolute. */
  readonly input: string;
  /** Current directory of the call: for members of a workspace, the workspace. */
  readonly cwd: string;
  /** Where cargo puts what it makes. */
  readonly targetDir: string;
  /** Variables of the call. */
  readonly env: Env;
}

/**
 * Finds out where a crate's sources come from, and which directory has all of them.
 *
 * @param question Input, directories and variables.
 * @returns Kind and directories.
 */
export function locateSource(question: SourceQuestion): Source {
  const { input, cwd, targetDir, env } = question;
  const manifestDir = env["CARGO_MANIFEST_DIR"];
  // Of a source in `../vendor`, cargo names the crates with the `..` in it.
  const packageDir = manifestDir === undefined
    ? findPackage(input) ?? parentOf(input)
    : joinPath(cwd, manifestDir);
  const cargoHome = env["CARGO_HOME"] ?? joinPath(env["HOME"] ?? "/", ".cargo");
  const source = (kind: SourceKind, root: string, visibility: Visibility): Source => ({
    kind,
    packageDir,
    root,
    visibility,
  });
  if (isBelow(input, targetDir) && !isBelow(packageDir, targetDir)) {
    return source("generated", isBelow(packageDir, cwd) ? cwd : packageDir, "private");
  }
  const registry = below(packageDir, `${cargoHome}/registry/src`, 2);
  if (registry !== undefined) return source("registry", registry, registryVisibility(registry));
  const checkout = below(packageDir, `${cargoHome}/git/checkouts`, 2);
  // Whether a repository can be read by everybody is not to be seen from a checkout of it.
  if (checkout !== undefined) return source("git", checkout, "private");
  if (exists(`${packageDir}/.cargo-checksum.json`)) {
    return source("vendored", packageDir, "private");
  }
  if (isBelow(packageDir, cwd) && packageDir !== cwd) return source("member", cwd, "private");
  const workspace = workspaceOf(packageDir, cwd);
  return source(workspace === undefined ? "path" : "member", workspace ?? packageDir, "private");
}

/** crates.io is what its index is called in the name of the directory. */
function registryVisibility(directory: string): Visibility {
  return /^(?:index\.crates\.io|github\.com)-[0-9a-f]{16}$/.test(nameOf(parentOf(directory)))
    ? "public"
    : "private";
}

/** The directory `depth` levels below another that a path is in. */
function below(path: string, directory: string, depth: number): string | undefined {
  if (!path.startsWith(`${directory}/`)) return undefined;
  const parts = path.slice(directory.length + 1).split("/");
  return parts.length < depth ? undefined : `${directory}/${parts.slice(0, depth).join("/")}`;
}

/**
 * Cargo calls rustc for members in the workspace's directory. A package that is a workspace of its
 * own, or is in none, is built in its own directory, which then is the workspace.
 */
function workspaceOf(packageDir: string, cwd: string): string | undefined {
  return packageDir === cwd && exists(`${cwd}/Cargo.lock`) ? cwd : undefined;
}

function findPackage(input: string): string | undefined {
  for (let at = parentOf(input); at !== "/"; at = parentOf(at)) {
    if (exists(`${at}/Cargo.toml`)) return at;
  }
  return undefined;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
