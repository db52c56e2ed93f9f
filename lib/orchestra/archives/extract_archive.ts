import { command } from "../../commands/mod.ts";
import { listTree } from "../installed/list_tree.ts";
import { joinPath } from "../_path.ts";
import { CorruptArchiveError, verifyChecksum } from "./checksum.ts";
import { moveSourceTime, sourceOfCompiled } from "./compiled_python.ts";
import { ARCHIVE_TIME_SECONDS } from "./create_archive.ts";

/**
 * Unpacks an archive, after a look at the checksum beside it. Names that lead out of the directory
 * are left out by `tar`.
 *
 * Files with the one time of our own archives get the current time: what was built with an older
 * version of them is out of date, and `make` must see that.
 *
 * Permissions: `--allow-read` of the archive, `--allow-read` and `--allow-write` of the directory,
 * `--allow-run=tar`.
 *
 * @param archive The archive: `.tar`, `.tar.gz` or `.tar.xz`.
 * @param directory Where to; it exists.
 * @param options `signal`: gives up.
 * @throws {CorruptArchiveError} when it is not what its checksum promises, or no archive.
 */
export async function extractArchive(
  archive: string,
  directory: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await verifyChecksum(archive);
  const tar = command(["tar", "-x", "-f", archive, "-C", directory, "--no-same-owner"], {
    env: { LC_ALL: "C", TAR_OPTIONS: "" },
    dieWithParent: true,
  });
  const result = await tar.runToCompletion({ signal, group: true });
  if (!result.success) {
    const lines = result.stderrLossy().trim().split("\n").slice(0, 5).join("\n");
    throw new CorruptArchiveError(archive, `tar cannot unpack it:\n${lines}`);
  }
  await renewTimes(directory, signal);
}

async function renewTimes(directory: string, signal: AbortSignal | undefined): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const { files } = await listTree(directory, { signal });
  const renewed = new Set<string>();
  const compiled: string[] = [];
  for (const path of files) {
    const absolute = joinPath(directory, path);
    const info = Deno.lstatSync(absolute);
    if (!info.isFile || info.mtime?.getTime() !== ARCHIVE_TIME_SECONDS * 1000) continue;
    if (path.endsWith(".pyc")) compiled.push(path);
    Deno.utimeSync(absolute, now, now);
    renewed.add(path);
  }
  for (const path of compiled) {
    if (!renewed.has(sourceOfCompiled(path))) continue;
    const absolute = joinPath(directory, path);
    const bytes = Deno.readFileSync(absolute);
    if (!moveSourceTime(bytes, ARCHIVE_TIME_SECONDS, now)) continue;
    const mode = (Deno.statSync(absolute).mode ?? 0o644) & 0o7777;
    if ((mode & 0o200) === 0) Deno.chmodSync(absolute, mode | 0o200);
    Deno.writeFileSync(absolute, bytes);
    Deno.chmodSync(absolute, mode);
  }
}
