import { isCloned, repositoryDirectory } from "../actions/sources.ts";
import { archiveRemotes } from "../archives/remote.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import { askRemotes, type RemoteRefs, writeRemoteRefs } from "./remote_refs.ts";
import { gitMessage, runGit } from "./run_git.ts";

/** How everything is updated. */
export interface UpdateOptions {
  /** Whether the repository of the configuration is pulled. Default `true`. */
  readonly pullConfiguration?: boolean;
  /** So many remotes are asked at a time. Default 8. */
  readonly parallelism?: number;
  /** Takes messages. */
  readonly log: Log;
  /** Reads the configuration again, after it was pulled. Default: it stays. */
  readonly reload?: () => Promise<Configuration>;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** How an update ended. */
export interface UpdateResult {
  /** Working trees that could not be pulled, with what git said. */
  readonly notPulled: readonly { readonly directory: string; readonly reason: string }[];
  /** Archive remotes that could not be cloned, by name, with what git said. */
  readonly notCloned: readonly { readonly name: string; readonly reason: string }[];
  /** Repositories that no remote has. */
  readonly notFound: readonly string[];
  /** Working trees that were pulled. */
  readonly pulled: readonly string[];
}

/**
 * Brings everything up to date: the configuration, the clones of archives, what is known of the
 * branches of remotes, and the clones of sources. Sources are only moved forward, and local changes
 * stay; clones of archives are made what their remote is.
 *
 * Permissions: `--allow-run=git`, `--allow-read` and `--allow-write` of what is updated.
 *
 * @param configuration What to update.
 * @param options How.
 * @returns What could not be done; nothing of that is thrown.
 * @throws {unknown} the signal's reason when it is aborted.
 */
export async function update(
  configuration: Configuration,
  options: UpdateOptions,
): Promise<UpdateResult> {
  const { log, pullConfiguration = true, parallelism = 8, signal } = options;
  const notPulled: { directory: string; reason: string }[] = [];
  const pulled: string[] = [];
  const pull = async (directory: string) => {
    const result = await runGit(["pull", "--ff-only"], { cwd: directory, signal });
    signal?.throwIfAborted();
    if (result.success) pulled.push(directory);
    else notPulled.push({ directory, reason: gitMessage(result) });
  };
  let current = configuration;
  if (pullConfiguration) {
    log("INFO", "Updating configuration");
    await pull(configuration.paths.dotdir);
    if (options.reload !== undefined) current = await options.reload();
  }
  log("INFO", "Updating binary archives");
  const notCloned = await updateArchives(current, signal);
  log("INFO", "Updating remote repository information");
  const repositories = repositoriesOf(current);
  const notFound: string[] = [];
  const refs: Record<string, RemoteRefs[string]> = {};
  await inParallel(repositories, parallelism, async (repository) => {
    const found = await askRemotes(current, repository, { ...(signal ? { signal } : {}) });
    signal?.throwIfAborted();
    if (found === undefined) notFound.push(repository);
    else refs[repository] = found;
  });
  await writeRemoteRefs(
    current,
    Object.fromEntries(Object.entries(refs).sort(([a], [b]) => a < b ? -1 : 1)),
  );
  log("INFO", "Updating repositories");
  const clones = repositories.filter((name) => isCloned(current, name))
    .map((name) => repositoryDirectory(current, name)).filter(isDirectory);
  await inParallel(clones, parallelism, pull);
  const byDirectory = (a: { directory: string }, b: { directory: string }) =>
    a.directory < b.directory ? -1 : 1;
  return {
    notPulled: notPulled.sort(byDirectory),
    notCloned,
    notFound: notFound.sort(),
    pulled: pulled.sort(),
  };
}

/**
 * The repositories of all components.
 *
 * @param configuration The configuration.
 * @returns Names, sorted, each once.
 */
export function repositoriesOf(configuration: Configuration): readonly string[] {
  const names = [...configuration.components.values()].flatMap(({ repository }) =>
    repository ?? []
  );
  return [...new Set(names)].sort();
}

async function updateArchives(
  configuration: Configuration,
  signal: AbortSignal | undefined,
): Promise<{ name: string; reason: string }[]> {
  const failed: { name: string; reason: string }[] = [];
  // Archives are fetched one by one, when they are needed.
  const env = { GIT_LFS_SKIP_SMUDGE: "1" };
  for (const remote of archiveRemotes(configuration)) {
    if (remote.kind !== "git") continue;
    const { name, directory, url } = remote;
    const steps = isDirectory(joinPath(directory, ".git")) || isFile(joinPath(directory, ".git"))
      ? await resetSteps(directory, signal)
      : [["clone", url, directory]];
    for (const words of steps) {
      const isClone = words[0] === "clone";
      if (isClone) await Deno.mkdir(parentPath(directory), { recursive: true });
      const result = await runGit(words, { ...(isClone ? {} : { cwd: directory }), env, signal });
      signal?.throwIfAborted();
      if (result.success) continue;
      failed.push({ name, reason: gitMessage(result) });
      break;
    }
  }
  return failed;
}

async function resetSteps(
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[][]> {
  // The original knows master only; a remote whose only branch is "main" works as well.
  const head = await runGit(["symbolic-ref", "--short", "refs/remotes/origin/HEAD"], {
    cwd,
    signal,
  });
  const hasMaster = await runGit(["rev-parse", "-q", "--verify", "origin/master"], { cwd, signal });
  const branch = hasMaster.success || !head.success ? "origin/master" : head.stdoutLossy().trim();
  return [
    ["fetch", "origin"],
    ["clean", "-d", "--force"],
    ["reset", "--hard", branch],
  ];
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
}

function isDirectory(path: string): boolean {
  return infoOf(path)?.isDirectory ?? false;
}

function isFile(path: string): boolean {
  return infoOf(path)?.isFile ?? false;
}

function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
