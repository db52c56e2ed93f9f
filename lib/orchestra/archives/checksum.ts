import { OrchestraError } from "../errors.ts";
import { baseName } from "../_path.ts";
import { manifestPath } from "./archive_path.ts";

/** An archive is not what its checksum promises, or cannot be unpacked. */
export class CorruptArchiveError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "CorruptArchiveError";
  /** The archive. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param path The archive.
   * @param reason What is wrong with it.
   */
  constructor(path: string, reason: string) {
    super(`Cannot use the archive ${JSON.stringify(path)}: ${reason}`);
    this.path = path;
  }
}

/**
 * Computes the SHA-256 of a file of any size.
 *
 * @param path The file.
 * @returns 64 hexadecimal digits.
 */
export async function sha256OfFile(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let count; (count = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/**
 * Compares an archive with the checksum beside it. Archives of the original have none.
 *
 * @param archive The archive.
 * @param origin Where it came from, for errors about a copy that will not stay. Default: itself.
 * @throws {CorruptArchiveError} when they differ, or the checksum cannot be read.
 */
export async function verifyChecksum(archive: string, origin: string = archive): Promise<void> {
  const manifest = manifestPath(archive);
  let text: string;
  try {
    text = await Deno.readTextFile(manifest);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  // Somebody gives all files to git-lfs, which has checked the archive itself.
  if (text.startsWith("version https://git-lfs.github.com/spec/")) return;
  const wanted = /^([0-9a-f]{64}) [ *]/m.exec(text)?.[1];
  if (wanted === undefined) {
    const place = JSON.stringify(manifestPath(origin));
    throw new CorruptArchiveError(origin, `there is no SHA-256 in ${place}`);
  }
  await requireChecksum(archive, wanted, origin);
}

/**
 * Requires a file to have a SHA-256.
 *
 * @param archive The file.
 * @param wanted 64 hexadecimal digits.
 * @param origin Where it came from, for the error. Default: itself.
 * @throws {CorruptArchiveError} when it has another.
 */
export async function requireChecksum(
  archive: string,
  wanted: string,
  origin: string = archive,
): Promise<void> {
  const found = await sha256OfFile(archive);
  if (found === wanted) return;
  throw new CorruptArchiveError(origin, `its SHA-256 must be ${wanted}, and is ${found}`);
}

/**
 * Writes the checksum beside an archive; `sha256sum --check` understands it.
 *
 * @param archive The archive.
 * @param sha256 64 hexadecimal digits. Default: what it is.
 */
export async function writeChecksum(archive: string, sha256?: string): Promise<void> {
  const digest = sha256 ?? await sha256OfFile(archive);
  await Deno.writeTextFile(manifestPath(archive), `${digest}  ${baseName(archive)}\n`);
}
