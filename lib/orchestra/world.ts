import { isConfigured } from "./actions/directories.ts";
import { isCloned, repositoryDirectory } from "./actions/sources.ts";
import { archiveLookup } from "./archives/find_archive.ts";
import type { RemoteArchives } from "./archives/remote_archives.ts";
import { localHead } from "./git/local_head.ts";
import { readRemoteRefs, remoteHead } from "./git/remote_refs.ts";
import { readInstalled } from "./installed/read_installed.ts";
import type { Log } from "./log.ts";
import type { CommitLookup, Configuration, RepositoryHead, World } from "./model.ts";

/** How the {@linkcode World} is read. */
export interface ReadWorldOptions {
  /** Takes a warning when branches of remotes are asked for that nobody has looked up. */
  readonly log?: Log;
  /** What is known of archives on the network. Default: nothing. */
  readonly remoteArchives?: RemoteArchives;
  /** Commits that repositories are pinned to; they count before clones and remotes. */
  readonly pinned?: ReadonlyMap<string, string>;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Looks at what is there: installed components, archives, clones, build directories.
 *
 * Permissions: `--allow-read` of what the configuration names.
 *
 * @param configuration Where to look.
 * @param options What is known already.
 * @returns The lookups.
 * @throws {BrokenMetadataError} when metadata of the root cannot be understood.
 */
export async function readWorld(
  configuration: Configuration,
  options: ReadWorldOptions = {},
): Promise<World> {
  const installed = await readInstalled(configuration.paths.orchestraRoot);
  const commits = await commitLookup(configuration, options);
  return {
    installed,
    commits,
    archives: archiveLookup(configuration, commits, options.remoteArchives),
    isConfigured: (target) => isConfigured(configuration, target),
    isCloned: (repository) => isCloned(configuration, repository),
  };
}

async function commitLookup(
  configuration: Configuration,
  { log, pinned, signal }: ReadWorldOptions,
): Promise<CommitLookup> {
  const refs = await readRemoteRefs(configuration);
  signal?.throwIfAborted();
  const known = new Map<string, RepositoryHead>();
  let warned = false;
  const look = (repository: string): RepositoryHead => {
    const local = isCloned(configuration, repository)
      ? localHead(repositoryDirectory(configuration, repository))
      : undefined;
    const commit = pinned?.get(repository);
    if (commit !== undefined) return { branch: local?.branch ?? null, commit };
    if (local !== undefined) return local;
    if (refs === undefined && !warned) {
      warned = true;
      log?.("WARNING", "The remote HEADs cache does not exist, run `orc update`");
    }
    return remoteHead(refs, repository, configuration.branches);
  };
  const head = (repository: string) => {
    let found = known.get(repository);
    if (found === undefined) known.set(repository, found = look(repository));
    return found;
  };
  return { head };
}
