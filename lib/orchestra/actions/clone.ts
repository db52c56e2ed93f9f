import { OrchestraError } from "../errors.ts";
import { gitMessage, runGit } from "../git/run_git.ts";
import { removeTree } from "../installed/complete_transaction.ts";
import { baseName, joinPath, parentPath } from "../_path.ts";
import type { ActionContext } from "./action_context.ts";
import { isThere } from "./directories.ts";
import { isLinkToAnother, linkSources, repositoryDirectory } from "./sources.ts";

/** The branch of a clone whose remote has none of the wanted branches. */
const TEMPORARY_BRANCH = "orchestra-temporary";

/**
 * Clones a repository from the first remote that has it, and checks out the first of the configured
 * branches that exists there. It is there whole or not at all.
 *
 * @param repository Name of the repository.
 * @param context What it works on.
 * @param commit What the branch is set to. Default: where it is in the remote.
 * @throws {OrchestraError} when something is in its place, or no remote has it.
 */
export async function cloneRepository(
  repository: string,
  context: ActionContext,
  commit?: string,
): Promise<void> {
  const { configuration, signal, log } = context;
  const directory = repositoryDirectory(configuration, repository);
  const isLink = isLinkToAnother(configuration, repository);
  if (isThere(directory) && !isLink) {
    throw new OrchestraError(
      `Cannot clone ${repository}: destination path ${JSON.stringify(directory)} already exists`,
    );
  }
  if (configuration.remoteBaseUrls.length === 0) {
    throw new OrchestraError(`Cannot clone ${repository}: no remote_base_urls are configured`);
  }
  // A clone that is interrupted must not be taken for one.
  const temporary = joinPath(parentPath(directory), `.cloning-${baseName(directory)}`);
  await Deno.mkdir(parentPath(directory), { recursive: true });
  await removeTree(temporary);
  try {
    const failures: string[] = [];
    for (const { url } of configuration.remoteBaseUrls) {
      const result = await runGit(["clone", `${url}/${repository}`, temporary], { signal });
      if (result.success) break;
      signal?.throwIfAborted();
      failures.push(gitMessage(result));
      await removeTree(temporary);
    }
    if (!isThere(temporary)) {
      throw new OrchestraError(
        `Internal script failed with exit code 128:\ngit clone of ${repository}\n` +
          failures.join("\n"),
      );
    }
    await checkOut(temporary, configuration.branches, commit, signal);
    if (isLink) await Deno.remove(directory);
    await Deno.rename(temporary, directory);
  } catch (error) {
    await removeTree(temporary);
    throw error;
  }
  log("DEBUG", `Cloned ${repository} into ${directory}`);
  for (const component of configuration.components.values()) {
    if (component.repository !== repository) continue;
    await linkSources(configuration, component.name).catch((error) => {
      if (!(error instanceof OrchestraError)) throw error;
      log("WARNING", error.message); // an error for those who build that component
    });
  }
}

async function checkOut(
  cwd: string,
  branches: readonly string[],
  commit: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  // What the remote calls HEAD may be any branch: none of ours must seem to be checked out.
  await runGit(["branch", "-m", TEMPORARY_BRANCH], { cwd, signal });
  let branch: string | undefined;
  for (const name of branches) {
    const result = await runGit(["checkout", "-b", name, `origin/${name}`, "--"], { cwd, signal });
    if (!result.success) continue;
    branch = name;
    break;
  }
  if (commit === undefined) return;
  const words = branch === undefined
    ? ["checkout", "--detach", commit, "--"]
    : ["reset", "--hard", commit, "--"];
  const result = await runGit(words, { cwd, signal });
  if (!result.success) {
    throw new OrchestraError(`Cannot check out commit ${commit}:\n${gitMessage(result)}`);
  }
}
