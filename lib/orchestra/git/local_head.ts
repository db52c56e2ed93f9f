import type { RepositoryHead } from "../model.ts";
import { joinPath } from "../_path.ts";
import { isMissing } from "../installed/complete_transaction.ts";

/**
 * Reads which branch and commit a clone is at, from its files: running git for each of 200
 * repositories takes a second.
 *
 * Knows branches that are loose, packed or listed by a dumb server, and worktrees whose `.git` is a
 * file. Permissions: `--allow-read` of the clone.
 *
 * @param directory The working tree.
 * @returns Its head: the branch is `HEAD` when it is detached; `undefined` when it is no clone.
 */
export function localHead(directory: string): RepositoryHead | undefined {
  const gitDirectory = findGitDirectory(directory);
  if (gitDirectory === undefined) return undefined;
  const head = readLine(joinPath(gitDirectory, "HEAD"));
  if (head === undefined) return undefined;
  const reference = /^ref:\s*(\S+)$/.exec(head)?.[1];
  if (reference === undefined) return { branch: "HEAD", commit: commitIn(head) };
  const branch = reference.replace(/^refs\/heads\//, "");
  return { branch, commit: resolve(gitDirectory, reference) };
}

/**
 * Finds where git keeps what belongs to a working tree.
 *
 * @param directory The working tree.
 * @returns The directory `.git`, or what the file `.git` points to.
 */
export function findGitDirectory(directory: string): string | undefined {
  const path = joinPath(directory, ".git");
  try {
    if (Deno.statSync(path).isDirectory) return path;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const target = /^gitdir:\s*(.+)$/.exec(readLine(path) ?? "")?.[1];
  if (target === undefined) return undefined;
  return target.startsWith("/") ? target : joinPath(directory, target);
}

function resolve(gitDirectory: string, reference: string): string | null {
  // Branches of a worktree are in the directory that all of them share.
  const common = readLine(joinPath(gitDirectory, "commondir"));
  const shared = common === undefined
    ? gitDirectory
    : common.startsWith("/")
    ? common
    : joinPath(gitDirectory, common);
  for (const place of new Set([gitDirectory, shared])) {
    const loose = readLine(joinPath(place, reference));
    const link = /^ref:\s*(\S+)$/.exec(loose ?? "")?.[1];
    if (link !== undefined && link !== reference) return resolve(gitDirectory, link);
    const commit = loose === undefined ? null : commitIn(loose);
    if (commit !== null) return commit;
    for (const list of ["packed-refs", "info/refs"]) {
      const packed = findInList(readText(joinPath(place, list)), reference);
      if (packed !== null) return packed;
    }
  }
  return null;
}

function findInList(text: string | undefined, reference: string): string | null {
  for (const line of text?.split("\n") ?? []) {
    const [hash = "", name] = line.split(/\s+/);
    if (name === reference) return commitIn(hash);
  }
  return null;
}

function commitIn(text: string): string | null {
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.exec(text)?.[0] ?? null;
}

function readLine(path: string): string | undefined {
  return readText(path)?.split("\n")[0]?.trim();
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isMissing(error) || error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  }
}
