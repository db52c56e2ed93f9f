import { writeAtomic } from "../../files/mod.ts";
import { OrchestraError } from "../errors.ts";
import { joinPath } from "../_path.ts";
import type { Configuration, RepositoryHead } from "../model.ts";
import { runGit } from "./run_git.ts";

/** Commits of the branches of repositories, by repository and branch. */
export type RemoteRefs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The file that remembers the branches of remote repositories.
 *
 * @param configuration Where the cache is.
 * @returns Its path.
 */
export function remoteRefsPath(configuration: Configuration): string {
  return joinPath(configuration.paths.cache, "remote_refs_cache.json");
}

/**
 * Reads what the last `update` has found in the remotes.
 *
 * @param configuration Where the cache is.
 * @returns The branches; `undefined` when there never was an update.
 * @throws {OrchestraError} when the file is not what an update writes.
 */
export async function readRemoteRefs(
  configuration: Configuration,
): Promise<RemoteRefs | undefined> {
  const path = remoteRefsPath(configuration);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // told below
  }
  throw new OrchestraError(
    `Cannot read the remote branches: ${JSON.stringify(path)} is broken. Run \`orc update\``,
  );
}

/**
 * Writes what an update has found.
 *
 * @param configuration Where the cache is.
 * @param refs The branches.
 */
export async function writeRemoteRefs(
  configuration: Configuration,
  refs: RemoteRefs,
): Promise<void> {
  await writeAtomic(remoteRefsPath(configuration), JSON.stringify(refs), { parents: true });
}

/**
 * Chooses the branch of a repository that is not cloned.
 *
 * @param refs What is known.
 * @param repository Name of the repository.
 * @param branches Names of branches, the first that exists wins.
 * @returns The branch and its commit.
 */
export function remoteHead(
  refs: RemoteRefs | undefined,
  repository: string,
  branches: readonly string[],
): RepositoryHead {
  const known = refs?.[repository] ?? {};
  const branch = branches.find((name) => typeof known[name] === "string");
  return { branch: branch ?? null, commit: branch === undefined ? null : known[branch] ?? null };
}

/**
 * Asks the remotes for the branches of a repository; the first that answers counts.
 *
 * @param configuration Names the remotes.
 * @param repository Name of the repository.
 * @param options Ends it early.
 * @returns Branches with their commits; `undefined` when no remote has the repository.
 */
export async function askRemotes(
  configuration: Configuration,
  repository: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Readonly<Record<string, string>> | undefined> {
  for (const { url } of configuration.remoteBaseUrls) {
    const result = await runGit(["ls-remote", "-h", "--refs", `${url}/${repository}`], options);
    if (!result.success) continue;
    const branches: Record<string, string> = {};
    for (const line of result.stdoutLossy().split("\n")) {
      const [commit, name] = line.split("\t");
      if (name?.startsWith("refs/heads/") && commit !== undefined) {
        branches[name.slice("refs/heads/".length)] = commit;
      }
    }
    return branches;
  }
  return undefined;
}
