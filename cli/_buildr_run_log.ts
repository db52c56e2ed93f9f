import { runLogDirectory } from "../lib/containers/run_log_directory.ts";
import { cacheDirectory } from "../lib/engine/state.ts";
import type { RunResult } from "../lib/buildr/run/result.ts";
import { encodeName, fitName } from "../lib/buildr/run/file_word.ts";
import { shortHash } from "../lib/buildr/run/cache_store.ts";

/** What is remembered of a run. */
export interface RunRecord {
  /** Path of the manifest. */
  readonly manifest: string;
  /** How it ended. */
  readonly result: RunResult;
}

/** Writes the output of each stage to a file, and how the run ended. */
export class RunLog implements Disposable {
  /** Its directories: its own, and the one that the user named. */
  readonly #directories: Set<string>;
  readonly #files = new Map<string, Deno.FsFile>();
  readonly #warn: (message: string) => void;

  private constructor(directories: readonly string[], warn: (message: string) => void) {
    this.#directories = new Set(directories);
    this.#warn = warn;
  }

  /**
   * Makes the directory of a run, and removes those of old ones.
   *
   * @param manifest Absolute path of the manifest.
   * @param logDir A directory that the user wants the files in, too.
   * @param warn Is told when nothing can be remembered: a home that cannot be written to, or a disk
   * that gets full, is no reason not to run.
   */
  static async open(
    manifest: string,
    logDir: string | undefined,
    warn: (message: string) => void,
  ): Promise<RunLog> {
    const directories: string[] = [];
    try {
      directories.push(await runLogDirectory(await nameOf(manifest)));
    } catch (error) {
      warn(
        `"buildr logs" and --rerun-failed will not know of this run: ${(error as Error).message}`,
      );
    }
    if (logDir !== undefined) {
      await Deno.mkdir(logDir, { recursive: true });
      directories.push(logDir);
    }
    return new RunLog(directories, warn);
  }

  /** Takes output of a stage. */
  write(node: string, bytes: Uint8Array): void {
    for (const directory of this.#directories) {
      this.#attempt(directory, () => this.#append(`${directory}/${logFileName(node)}`, bytes));
    }
  }

  /** Writes how the run ended. */
  finish(record: RunRecord): void {
    const text = `${JSON.stringify(record, null, 2)}\n`;
    for (const directory of this.#directories) {
      this.#attempt(directory, () => Deno.writeTextFileSync(`${directory}/run.json`, text));
    }
  }

  #append(path: string, bytes: Uint8Array): void {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = Deno.openSync(path, { write: true, create: true, truncate: true });
      this.#files.set(path, file);
    }
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }

  #attempt(directory: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#directories.delete(directory);
      this.#warn(`no more is written to "${directory}": ${(error as Error).message}`);
    }
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/** Name of the file with the output of a node. */
export function logFileName(node: string): string {
  return fitName(encodeName(node), ".log");
}

/**
 * Finds the last run of a manifest that has come to its end.
 *
 * @param manifest Absolute path of the manifest.
 * @returns Its record and directory; `undefined` when there was none, or it was long ago.
 */
export async function findLastRun(
  manifest: string,
): Promise<(RunRecord & { readonly directory: string }) | undefined> {
  const runs = `${cacheDirectory()}/runs`;
  const name = await nameOf(manifest);
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(runs)) {
      if (new RegExp(`^\\d{8}T\\d{6}-${name}-[0-9a-f]{8}$`).test(entry.name)) {
        names.push(entry.name);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const records: (RunRecord & { readonly directory: string })[] = [];
  for (const directory of names.map((one) => `${runs}/${one}`)) {
    try {
      records.push({ ...JSON.parse(await Deno.readTextFile(`${directory}/run.json`)), directory });
    } catch (error) {
      // One that was killed, or is just running, or is being removed by another run.
      if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) throw error;
    }
  }
  // Within a second the names of two runs have no order.
  return records.toSorted((a, b) => a.result.startedAt < b.result.startedAt ? 1 : -1)[0];
}

async function nameOf(manifest: string): Promise<string> {
  return `buildr-${await shortHash(manifest)}`;
}
