import { failure, type Finding, ok, warning } from "./check.ts";

/** The space of one file system. */
export interface DiskSpace {
  /** What was asked about. */
  readonly path: string;
  /** All of it. */
  readonly totalBytes: number;
  /** What may still be written. */
  readonly freeBytes: number;
  /** How many more files there may be; 0 and `totalFiles` 0 where there is no such limit. */
  readonly freeFiles: number;
  /** How many files there may be at all. */
  readonly totalFiles: number;
}

/** A pull of a common base image, unpacked, and a build on it. */
const LOW_BYTES = 5 * 2 ** 30;
/** Not even one image. */
const FULL_BYTES = 500 * 2 ** 20;

const MEND = "superorch clean, then docker system prune (or docker builder prune for builds alone)";

/** Whether there is room for images. */
export function checkDisk(space: DiskSpace): Finding {
  const { path, totalBytes, freeBytes, freeFiles, totalFiles } = space;
  const share = totalBytes === 0 ? 0 : Math.floor(100 * freeBytes / totalBytes);
  const shown = `${gibibytes(freeBytes)} of ${gibibytes(totalBytes)} are free (${share} %) ${path}`;
  if (totalFiles > 0 && freeFiles / totalFiles < 0.01) {
    return failure(`${shown}, and only ${freeFiles} more files fit there`, MEND);
  }
  if (freeBytes < FULL_BYTES) return failure(shown, MEND);
  return freeBytes < LOW_BYTES ? warning(shown, MEND) : ok(shown);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/**
 * Asks this machine about a directory.
 *
 * @returns `undefined` when it is not here, as that of an engine elsewhere, or may not be seen.
 */
export async function localDiskSpace(path: string): Promise<DiskSpace | undefined> {
  // Deno has no call of its own for it.
  const { statfs } = await import("node:fs/promises");
  try {
    const { bsize, blocks, bavail, files, ffree } = await statfs(path);
    return {
      path: `in ${path}`,
      totalBytes: blocks * bsize,
      freeBytes: bavail * bsize,
      freeFiles: ffree,
      totalFiles: files,
    };
  } catch {
    return undefined;
  }
}

/** Reads what `df -Pk /` printed inside of a container. */
export function parseDf(text: string): DiskSpace | undefined {
  const match = /^\S+ +(\d+) +\d+ +(\d+) +\S+ +\/$/m.exec(text);
  if (match === null) return undefined;
  return {
    path: "for containers",
    totalBytes: Number(match[1]) * 1024,
    freeBytes: Number(match[2]) * 1024,
    freeFiles: 0,
    totalFiles: 0,
  };
}
