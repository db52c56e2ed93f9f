import type { ArchiveRemote } from "./remote.ts";

/** Gets archives from a remote that is not a git repository, and brings them there. */
export interface ArchiveTransfer extends AsyncDisposable {
  /**
   * Asks whether an archive is there.
   *
   * @param path Relative path of the archive.
   */
  has(path: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  /**
   * Copies an archive, with what is beside it, into the directory of the remote. It is there whole
   * and checked, or not at all.
   *
   * @param path Relative path of the archive.
   */
  download(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Copies an archive, with what is beside it, from the directory of the remote.
   *
   * @param path Relative path of the archive.
   */
  upload(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * Makes what gets archives from a remote.
 *
 * @param remote The remote.
 * @returns It; `undefined` for a git repository, whose archives git brings.
 */
export async function archiveTransfer(
  remote: ArchiveRemote,
): Promise<ArchiveTransfer | undefined> {
  switch (remote.kind) {
    case "git":
      return undefined;
    case "directory":
      return new (await import("./directory_transfer.ts")).DirectoryTransfer(remote);
    case "http":
      return new (await import("./http_transfer.ts")).HttpTransfer(remote);
    case "oci":
      return new (await import("./oci_transfer.ts")).OciTransfer(remote);
  }
}
