import { joinPath, parentPath } from "../_path.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import { hashMaterialPath, manifestPath } from "./archive_path.ts";
import { verifyChecksum } from "./checksum.ts";
import type { ArchiveRemote } from "./remote.ts";
import type { ArchiveTransfer } from "./transfer.ts";

/** Archives in a directory of this machine, or one that is mounted. */
export class DirectoryTransfer implements ArchiveTransfer {
  readonly #there: string;
  readonly #here: string;

  /**
   * Makes it.
   *
   * @param remote The remote.
   */
  constructor(remote: ArchiveRemote & { readonly kind: "directory" }) {
    this.#there = remote.path;
    this.#here = remote.directory;
  }

  /** Whether the archive is there. */
  async has(path: string): Promise<boolean> {
    try {
      return (await Deno.stat(joinPath(this.#there, path))).isFile;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Copies an archive to this machine's directory. */
  async download(path: string): Promise<void> {
    await copyArchive(this.#there, this.#here, path);
  }

  /** Copies an archive from this machine's directory. */
  async upload(path: string): Promise<void> {
    await copyArchive(this.#here, this.#there, path);
  }

  /** There is nothing to close. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

// What is beside the archive first, and the archive under its name last: who sees it has it all.
async function copyArchive(from: string, to: string, path: string): Promise<void> {
  const target = joinPath(to, path);
  const temporary = joinPath(parentPath(target), `_tmp_${crypto.randomUUID()}.tar.xz`);
  await Deno.mkdir(parentPath(target), { recursive: true });
  try {
    await Deno.copyFile(joinPath(from, path), temporary);
    if (await copyIfThere(joinPath(from, manifestPath(path)), manifestPath(temporary))) {
      await verifyChecksum(temporary, joinPath(from, path));
      await Deno.rename(manifestPath(temporary), manifestPath(target));
    }
    await copyIfThere(joinPath(from, hashMaterialPath(path)), hashMaterialPath(target));
    await Deno.rename(temporary, target);
  } catch (error) {
    for (const rest of [temporary, manifestPath(temporary)]) {
      await Deno.remove(rest).catch(() => {}); // the first error is the one to tell
    }
    throw error;
  }
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  try {
    await Deno.copyFile(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
