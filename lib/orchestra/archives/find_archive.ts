import { isMissing } from "../installed/complete_transaction.ts";
import { joinPath } from "../_path.ts";
import type { ArchiveLookup, BuildTarget, CommitLookup, Configuration } from "../model.ts";
import { ARCHIVE_EXTENSIONS, archiveDirectory, archivePath } from "./archive_path.ts";
import { type ArchiveRemote, archiveRemotes, isAsked } from "./remote.ts";
import type { RemoteArchives } from "./remote_archives.ts";

/**
 * Makes the lookup of archives: in each remote, in the order of the configuration, `.tar.xz`, then
 * `.tar.gz`, then `.tar`; on this machine, in a remote that is a directory, and in what has been
 * found out about other remotes.
 *
 * Permissions: `--allow-read` of the directories.
 *
 * @param configuration Names the remotes and the repositories.
 * @param commits At which commits these are.
 * @param known What has been found out about remotes on the network. Default: nothing.
 * @returns The lookup.
 */
export function archiveLookup(
  configuration: Configuration,
  commits: CommitLookup,
  known?: RemoteArchives,
): ArchiveLookup {
  const remotes = archiveRemotes(configuration);
  const find = (target: BuildTarget, recursiveHash: () => string) => {
    // A hash is worth computing only where something could have it.
    const mayHave = remotes.filter((remote) => hasAny(remote, target) || isAsked(remote));
    if (mayHave.length === 0) return undefined;
    const paths = candidates(configuration, commits, target, recursiveHash());
    for (const remote of mayHave) {
      for (const path of paths) {
        if (isThere(remote, path) || known?.has(remote.name, path)) {
          return joinPath(remote.directory, path);
        }
      }
    }
    return undefined;
  };
  return { find };
}

/**
 * The paths that an archive of a build may have in a remote.
 *
 * @param configuration Names the repository.
 * @param commits At which commit it is.
 * @param target The build.
 * @param recursiveHash The hash of its component.
 * @returns Relative paths, the preferred one first.
 */
export function candidates(
  configuration: Configuration,
  commits: CommitLookup,
  target: BuildTarget,
  recursiveHash: string,
): readonly string[] {
  const repository = configuration.components.get(target.component)?.repository ?? null;
  const commit = repository === null ? null : commits.head(repository).commit;
  return ARCHIVE_EXTENSIONS.map((extension) =>
    archivePath(target, commit, recursiveHash, extension)
  );
}

function hasAny(remote: ArchiveRemote, target: BuildTarget): boolean {
  const places = [remote.directory, ...(remote.kind === "directory" ? [remote.path] : [])];
  return places.some((place) => isDirectory(joinPath(place, archiveDirectory(target))));
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isThere(remote: ArchiveRemote, path: string): boolean {
  if (isFile(joinPath(remote.directory, path))) return true;
  return remote.kind === "directory" && isFile(joinPath(remote.path, path));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
