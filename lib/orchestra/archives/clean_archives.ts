import { OrchestraError } from "../errors.ts";
import { gitMessage, runGit } from "../git/run_git.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import { listTree } from "../installed/list_tree.ts";
import type { Configuration } from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import { ARCHIVE_EXTENSIONS, hashMaterialPath, manifestPath } from "./archive_path.ts";
import { archiveRemotes } from "./remote.ts";

/** How archives are cleaned. */
export interface CleanArchivesOptions {
  /** Only tells what would go. Default `false`. */
  readonly pretend?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the archives that no link leads to, with what is beside them. In clones of git
 * repositories these are the files of git-lfs; in directories of other remotes, whose archives can
 * be had again, all archives. One that was never linked goes: run `symlink-binary-archives` first.
 *
 * Permissions: `--allow-run=git`, `--allow-read` and `--allow-write` of the archives.
 *
 * @param configuration Names the remotes.
 * @param options Whether anything is removed.
 * @returns What is gone, or would be: absolute paths, sorted.
 * @throws {OrchestraError} when git-lfs does not answer.
 */
export async function cleanArchives(
  configuration: Configuration,
  { pretend = false, signal }: CleanArchivesOptions = {},
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const remote of archiveRemotes(configuration)) {
    if (!await isDirectory(remote.directory)) continue;
    const files = remote.kind === "git"
      ? await filesOfLfs(remote.directory, signal)
      : (await listTree(remote.directory, { ...(signal ? { signal } : {}) })).files
        .filter((path) => ARCHIVE_EXTENSIONS.some((extension) => path.endsWith(extension)));
    const linked = await linkTargets(remote.directory, signal);
    for (const file of files) {
      const path = joinPath(remote.directory, file);
      if (linked.has(path) || /\.(?:sha256|hash-material\.yml)$/.test(path)) continue;
      if (!await isRegular(path)) continue;
      for (const one of [path, hashMaterialPath(path), manifestPath(path)]) {
        if (await isRegular(one)) gone.push(one);
      }
    }
  }
  for (const path of pretend ? [] : gone) await Deno.remove(path);
  return gone.sort();
}

/** Only clones of their own: elsewhere the files of git-lfs are anybody's. */
async function filesOfLfs(cwd: string, signal: AbortSignal | undefined): Promise<string[]> {
  const top = await runGit(["rev-parse", "--show-toplevel"], { cwd, signal });
  if (!top.success || await Deno.realPath(cwd) !== top.stdoutLossy().replace(/\n$/, "")) return [];
  const result = await runGit(["lfs", "ls-files", "-n"], { cwd, signal });
  if (!result.success) {
    throw new OrchestraError(
      `Cannot list the archives in ${JSON.stringify(cwd)}:\n${gitMessage(result)}`,
    );
  }
  return result.stdoutLossy().split("\n").filter((line) => line !== "");
}

async function linkTargets(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const { files } = await listTree(directory, { ...(signal ? { signal } : {}) });
  const targets = new Set<string>();
  for (const path of files) {
    const absolute = joinPath(directory, path);
    if (!(await Deno.lstat(absolute)).isSymlink) continue;
    const target = await Deno.readLink(absolute);
    if (!target.startsWith("/")) targets.add(normalize(joinPath(parentPath(absolute), target)));
  }
  return targets;
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await infoOf(path))?.isDirectory ?? false;
}

async function isRegular(path: string): Promise<boolean> {
  return (await infoOf(path))?.isFile ?? false;
}

async function infoOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
