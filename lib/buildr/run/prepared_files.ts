import { cacheDirectory, type ReadEnv } from "../../engine/mod.ts";
import { writeAtomic } from "../../files/mod.ts";
import { OUT_DIR } from "./labels.ts";
import { lstatIfThere } from "./project_files.ts";

/**
 * What `prepare` leaves in the project itself, for example `node_modules`: git ignores it, so a copy
 * of the project would be without it, and it is in no snapshot, so one must not be used where it is
 * gone.
 */
export class PreparedFiles {
  readonly #directory: string;
  readonly #record: string;

  /**
   * Touches nothing yet.
   *
   * @param directory The project.
   * @param project What tells projects apart: 16 hexadecimal digits.
   * @param env Reads `XDG_CACHE_HOME` and `HOME`.
   */
  constructor(directory: string, project: string, env: ReadEnv) {
    this.#directory = directory;
    this.#record = `${cacheDirectory(env)}/buildr/prepared/${project}.json`;
  }

  /** What earlier runs left and is there still: paths below the project, whole directories. */
  async known(): Promise<readonly string[]> {
    return await this.#existing(await this.#read());
  }

  /**
   * Finds what a `prepare` that has just ended left, and remembers it beside what others left: one
   * that finds everything up to date leaves no trace of its own.
   *
   * @param sinceMs When it began.
   * @param signal Ends the search.
   */
  async note(sinceMs: number, signal: AbortSignal): Promise<readonly string[]> {
    const left = new Set(await this.known());
    for (const path of await untracked(this.#directory, signal)) {
      if (left.has(path) || !await isNewer(`${this.#directory}/${path}`, sinceMs)) continue;
      left.add(path);
    }
    const all = [...left].toSorted();
    if (all.length === 0 && (await this.#read()).length === 0) return all;
    await Deno.mkdir(this.#record.slice(0, this.#record.lastIndexOf("/")), { recursive: true });
    await writeAtomic(this.#record, `${JSON.stringify(all)}\n`);
    return all;
  }

  /** Whether all of some paths are there. */
  async missing(paths: readonly string[]): Promise<string | undefined> {
    const there = new Set(await this.#existing(paths));
    return paths.find((path) => !there.has(path));
  }

  async #existing(paths: readonly string[]): Promise<readonly string[]> {
    const infos = await Promise.all(
      paths.map((path) => lstatIfThere(`${this.#directory}/${path}`)),
    );
    return paths.filter((_, index) => infos[index] !== undefined);
  }

  async #read(): Promise<readonly string[]> {
    try {
      const paths = JSON.parse(await Deno.readTextFile(this.#record));
      return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
      throw error;
    }
  }
}

// What git does not track, ignored or not; a directory of such files is one entry. Without git,
// everything at the top.
async function untracked(directory: string, signal: AbortSignal): Promise<readonly string[]> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["-C", directory, "ls-files", "-z", "--others", "--directory"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    signal,
  }).output().catch((error) => {
    if (error instanceof Deno.errors.NotFound) return { success: false, stdout: new Uint8Array() };
    throw error;
  });
  signal.throwIfAborted();
  const paths = success
    ? new TextDecoder().decode(stdout).split("\0")
    : [...Deno.readDirSync(directory)].map(({ name }) => name);
  return paths.map((path) => path.replace(/\/$/, ""))
    .filter((path) => path !== "" && path !== "." && path !== ".git" && path !== OUT_DIR);
}

/** The clock of file times runs in steps of up to 10 ms, behind the one of programs. */
const CLOCK_STEP_MS = 20;

// Deno 2.9 gives the time of the last change of state in whole seconds, rounded down; the others in
// milliseconds.
function changedMsOf({ mtime, birthtime, ctime }: Deno.FileInfo): number {
  const changedMs = ctime === null ? 0 : ctime.getTime() + 999;
  return Math.max(mtime?.getTime() ?? 0, birthtime?.getTime() ?? 0, changedMs);
}

async function isNewer(path: string, sinceMs: number): Promise<boolean> {
  const info = await lstatIfThere(path);
  if (info === undefined) return false;
  if (changedMsOf(info) >= sinceMs - CLOCK_STEP_MS) return true;
  if (!info.isDirectory) return false;
  try {
    for await (const { name } of Deno.readDir(path)) {
      if (await isNewer(`${path}/${name}`, sinceMs)) return true;
    }
  } catch (error) {
    // A directory of somebody else's: its own time has been looked at.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return false;
}
