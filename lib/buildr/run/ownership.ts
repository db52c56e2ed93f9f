import { execInContainer } from "../../containers/exec.ts";
import type { EngineClient } from "../../engine/mod.ts";
import { lstatIfThere } from "./project_files.ts";
import { PROJECT_DIR } from "./labels.ts";

/** Paths for one `chown`; the kernel takes 2 MiB of words. */
const BATCH = 500;

/** The clock of file times runs in steps of up to 10 ms, behind the one of programs. */
const CLOCK_STEP_MS = 20;

/**
 * Gives files of the project that a run has created back to the user of this process: in a
 * container everything is made by root, or by whoever the image names.
 *
 * What was there before is left alone, whoever owns it: a file counts as created when it was born
 * (Linux `statx`; where a file system does not know that, when it was last written) after the
 * attempt began. Root needs nothing back.
 *
 * Permissions: `--allow-read` of the project, `--allow-sys=uid,gid`.
 *
 * @param engine The engine.
 * @param containerId A container that runs and has the project at `/app`.
 * @param directory The project.
 * @param sinceMs When the run began.
 * @param signal Ends the work.
 * @returns How many were given back.
 * @throws {Error} when the container has no `chown`.
 */
export async function handBack(
  engine: EngineClient,
  containerId: string,
  directory: string,
  sinceMs: number,
  signal?: AbortSignal,
): Promise<number> {
  const uid = Deno.uid();
  if (uid === null || uid === 0) return 0;
  const paths: string[] = [];
  await collect(directory, "", uid, sinceMs - CLOCK_STEP_MS, paths);
  const owner = `${uid}:${Deno.gid()}`;
  for (let at = 0; at < paths.length; at += BATCH) {
    const words = paths.slice(at, at + BATCH).map((path) => `${PROJECT_DIR}/${path}`);
    const command = ["chown", "-h", "-R", owner, "--", ...words];
    const { exitCode, stderrText } = await execInContainer(engine, containerId, command, {
      user: "0",
      signal,
    });
    if (exitCode !== 0) throw new Error(stderrText().trim().split("\n")[0] ?? "chown failed");
  }
  return paths.length;
}

async function collect(
  directory: string,
  below: string,
  uid: number,
  sinceMs: number,
  found: string[],
): Promise<void> {
  const path = below === "" ? directory : `${directory}/${below}`;
  for (const { name } of Deno.readDirSync(path)) {
    const inside = below === "" ? name : `${below}/${name}`;
    const info = await lstatIfThere(`${directory}/${inside}`);
    if (info === undefined) continue;
    const bornMs = (info.birthtime ?? info.mtime)?.getTime() ?? 0;
    const isForeign = info.uid !== uid && bornMs >= sinceMs;
    // With everything in it: what is in a directory that is new is new.
    if (isForeign) found.push(inside);
    else if (info.isDirectory) {
      await collect(directory, inside, uid, sinceMs, found).catch(ignoreDenied);
    }
  }
}

// A directory of somebody else's that was there before and that we may not look into.
function ignoreDenied(error: unknown): void {
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotFound) {
    return;
  }
  throw error;
}
