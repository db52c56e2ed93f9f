/** How long artifacts of builds are kept. */
const ARTIFACTS_MS = 7 * 24 * 3600_000;
/** No attempt takes longer than seven days: an older checkout is that of an agent that was killed. */
const CHECKOUTS_MS = 8 * 24 * 3600_000;

/**
 * Removes from the directory of an agent what is of no use any more: artifacts of builds after seven
 * days, and checkouts that killed agents have left. Agents of one machine may share the directory.
 *
 * Permissions: `--allow-read` and `--allow-write` of the directory.
 *
 * @param workdir The directory.
 * @param nowMs The time, in milliseconds since 1970.
 */
export async function tidyWorkdir(workdir: string, nowMs: number = Date.now()): Promise<void> {
  await removeOld(`${workdir}/artifacts`, nowMs - ARTIFACTS_MS);
  await removeOld(`${workdir}/builds`, nowMs - CHECKOUTS_MS);
}

async function removeOld(directory: string, beforeMs: number): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(directory)) {
      const path = `${directory}/${name}`;
      const { mtime } = await Deno.lstat(path);
      if ((mtime?.getTime() ?? beforeMs) < beforeMs) await Deno.remove(path, { recursive: true });
    }
  } catch (error) {
    // It is not there yet, or another agent is removing the same.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
