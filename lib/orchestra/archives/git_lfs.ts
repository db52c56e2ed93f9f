import { delay } from "../../retry/mod.ts";
import { OrchestraError } from "../errors.ts";
import { gitMessage, runGit } from "../git/run_git.ts";
import type { Log } from "../log.ts";
import { parentPath } from "../_path.ts";
import { CorruptArchiveError, requireChecksum } from "./checksum.ts";

/** A pointer has three short lines; an archive is longer. */
const POINTER_LIMIT_BYTES = 1024;
const FIRST_PAUSE_MS = 5_000;

/** What stands in a working tree for a file that git-lfs has not fetched. */
export interface LfsPointer {
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Its length. */
  readonly sizeBytes: number;
}

/** How an archive is fetched. */
export interface FetchLfsOptions {
  /** How often it is tried. Default 3. */
  readonly tries?: number;
  /** The pause after the first failure, which doubles. Default 5 s. */
  readonly firstPauseMs?: number;
  /** Takes what goes wrong. */
  readonly log: Log;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the pointer of git-lfs.
 *
 * @param path A file.
 * @returns The pointer; `undefined` when the file is something else, or not there.
 */
export async function readLfsPointer(path: string): Promise<LfsPointer | undefined> {
  let text: string;
  try {
    if ((await Deno.stat(path)).size > POINTER_LIMIT_BYTES) return undefined;
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (!text.startsWith("version https://git-lfs.github.com/spec/")) return undefined;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d+)$/m.exec(text)?.[1];
  return sha256 === undefined || size === undefined
    ? undefined
    : { sha256, sizeBytes: Number(size) };
}

/**
 * Requires git-lfs to be installed, and git to know of it.
 *
 * @param options Ends it early.
 * @throws {OrchestraError} when it is not, or git does not.
 */
export async function requireGitLfs(options: { readonly signal?: AbortSignal }): Promise<void> {
  const version = await runGit(["lfs", "version"], options);
  if (!version.success) {
    throw new OrchestraError(
      "Could not invoke `git lfs`, is it installed? See https://git-lfs.com",
    );
  }
  const filter = await runGit(["config", "--get", "filter.lfs.smudge"], options);
  if (!filter.success) {
    throw new OrchestraError(
      "The git-lfs filters are not configured, run `git lfs install`",
    );
  }
}

/**
 * Has git-lfs fetch an archive whose pointer is in a working tree. A file that is no pointer stays.
 *
 * Permissions: `--allow-run=git`, `--allow-read` of the working tree.
 *
 * @param archive Absolute path of the archive.
 * @param options How often, and what ends it.
 * @throws {OrchestraError} when it cannot be fetched.
 * @throws {CorruptArchiveError} when the file is not what the pointer promises.
 */
export async function fetchLfs(archive: string, options: FetchLfsOptions): Promise<void> {
  const { tries = 3, firstPauseMs = FIRST_PAUSE_MS, log, signal } = options;
  const target = await Deno.realPath(archive);
  const pointer = await readLfsPointer(target);
  if (pointer === undefined) return;
  const cwd = parentPath(target);
  const top = await runGit(["rev-parse", "--show-toplevel"], { cwd, signal });
  if (!top.success) {
    throw new CorruptArchiveError(archive, "it is a pointer of git-lfs, but in no working tree");
  }
  const tree = top.stdoutLossy().replace(/\n$/, "");
  const path = target.slice(tree.length + 1);
  let message = "";
  for (let attempt = 1, pauseMs = firstPauseMs; attempt <= Math.max(1, tries); attempt++) {
    if (attempt > 1) {
      log("WARNING", `git lfs failed, trying again in ${pauseMs / 1000} s:\n${message}`);
      await delay(pauseMs, { signal });
      pauseMs *= 2;
    }
    // A pattern, in which some characters have a meaning; "none_<hash>.tar.xz" has none of them.
    const include = path.replace(/[\\*?[\]]/g, "\\$&");
    const fetched = await runGit(["lfs", "fetch", "--include", include], { cwd: tree, signal });
    const result = fetched.success
      ? await runGit(["lfs", "checkout", path], { cwd: tree, signal })
      : fetched;
    message = gitMessage(result);
    if (!result.success) continue;
    if (await readLfsPointer(target) === undefined) {
      await requireChecksum(target, pointer.sha256);
      return;
    }
    message ||= "git lfs left the pointer as it is";
  }
  throw new OrchestraError(
    `Cannot fetch the archive ${JSON.stringify(archive)} with git lfs:\n${message}`,
  );
}
