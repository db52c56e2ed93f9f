/**
 * Archives of what builds have installed: made, found, fetched from git-lfs, directories, web servers
 * and OCI registries, checked, unpacked, linked and cleaned.
 *
 * Permissions: `--allow-read` and `--allow-write` of the archives, `--allow-run=tar,xz,git`,
 * `--allow-net` of remotes.
 *
 * @example
 * ```ts
 * import { createArchive, extractArchive } from "@superorch/superorch/orchestra/archives";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.mkdir(`${directory}/from`);
 * await Deno.writeTextFile(`${directory}/from/file`, "hello");
 * const archive = `${directory}/none_0123.tar.xz`;
 * await createArchive({ directory: `${directory}/from`, archive, hashMaterial: "" });
 * await Deno.mkdir(`${directory}/to`);
 * await extractArchive(archive, `${directory}/to`);
 * console.log(await Deno.readTextFile(`${directory}/to/file`)); // "hello"
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export {
  ARCHIVE_EXTENSIONS,
  archiveDirectory,
  archivePath,
  hashMaterialPath,
  manifestPath,
} from "./archive_path.ts";
export {
  CorruptArchiveError,
  requireChecksum,
  sha256OfFile,
  verifyChecksum,
  writeChecksum,
} from "./checksum.ts";
export {
  ARCHIVE_TIME_SECONDS,
  createArchive,
  type CreateArchiveOptions,
} from "./create_archive.ts";
export { extractArchive } from "./extract_archive.ts";
export { archiveLookup, candidates } from "./find_archive.ts";
export {
  fetchLfs,
  type FetchLfsOptions,
  type LfsPointer,
  readLfsPointer,
  requireGitLfs,
} from "./git_lfs.ts";
export {
  type ArchiveRemote,
  archiveRemote,
  archiveRemotes,
  isAsked,
  remoteForNewArchives,
} from "./remote.ts";
export { RemoteArchives } from "./remote_archives.ts";
export { type ArchiveTransfer, archiveTransfer } from "./transfer.ts";
export {
  type ArchiveLink,
  symlinkArchives,
  type SymlinkArchivesOptions,
} from "./symlink_archives.ts";
export { cleanArchives, type CleanArchivesOptions } from "./clean_archives.ts";
