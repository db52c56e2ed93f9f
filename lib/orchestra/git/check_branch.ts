import { command } from "../../commands/mod.ts";
import { isCloned, repositoryDirectory } from "../actions/sources.ts";
import { OrchestraError } from "../errors.ts";
import type { Component, Configuration } from "../model.ts";
import { runGit } from "./run_git.ts";

/**
 * Finds what a branch was probably started from: of all `remote/branch` of the configured branches
 * the nearest one, at least one commit away.
 *
 * @param configuration Names the branches.
 * @param component The component; its repository is cloned.
 * @param options Ends it early.
 * @returns `origin/master`; `undefined` when there is none.
 * @throws {OrchestraError} when it has no repository, or no clone.
 */
export async function nearestBranch(
  configuration: Configuration,
  component: Component,
  options: { readonly signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const cwd = requireClone(configuration, component);
  const git = async (...words: string[]) => {
    const result = await runGit(words, { cwd, ...options });
    return result.success ? result.stdoutLossy().trim() : undefined;
  };
  const head = await git("rev-parse", "HEAD");
  const remotes = (await git("remote"))?.split("\n").filter((name) => name !== "") ?? [];
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const remote of remotes) {
    for (const branch of configuration.branches) {
      const name = `${remote}/${branch}`;
      const commit = await git("rev-parse", "-q", "--verify", `${name}^{commit}`);
      if (commit === undefined || commit === head) continue;
      const count = await git("rev-list", "--count", `${name}..HEAD`);
      const distance = Number(count);
      if (count === undefined || distance < 1) continue;
      if (best === undefined || distance < best.distance) best = { name, distance };
    }
  }
  return best?.name;
}

/** How a branch is checked. */
export interface CheckBranchOptions {
  /** What it is rebased upon. */
  readonly onto: string;
  /** Words that start this program as `orc`. */
  readonly orc: readonly string[];
  /** Takes what git and the commands print. */
  readonly onOutput: (chunk: Uint8Array) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the `check_branch` commands of a component on each commit of its branch, with `git rebase`.
 *
 * @param configuration Says where the clone is.
 * @param component The component.
 * @param options What it is rebased upon, and how `orc` is started.
 * @returns Whether all commands succeeded on all commits.
 */
export async function checkBranch(
  configuration: Configuration,
  component: Component,
  { onto, orc, onOutput, signal }: CheckBranchOptions,
): Promise<boolean> {
  const cwd = requireClone(configuration, component);
  for (const check of component.checkBranch) {
    const line = [...orc, "shell", "bash", "-c", check].map(shellQuoted).join(" ");
    const rebase = command(["git", "rebase", "-v", "--reschedule-failed-exec", "-x", line, onto], {
      cwd,
      env: { GIT_EDITOR: "true" },
      record: false,
      dieWithParent: true,
    });
    const result = await rebase.runToCompletion({
      signal,
      group: true,
      sinks: { stdout: [{ write: onOutput }], stderr: [{ write: onOutput }] },
    });
    if (!result.success) return false;
  }
  return true;
}

/** Quotes a word for a shell. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

function requireClone(configuration: Configuration, component: Component): string {
  if (component.repository === null) {
    throw new OrchestraError("This component does not have a git repository configured!");
  }
  const directory = repositoryDirectory(configuration, component.repository);
  try {
    const isThere = isCloned(configuration, component.repository);
    if (isThere && Deno.statSync(directory).isDirectory) return directory;
  } catch {
    // told below
  }
  throw new OrchestraError(
    `The repository of ${component.name} is not cloned. Run \`orc clone ${component.name}\``,
  );
}
