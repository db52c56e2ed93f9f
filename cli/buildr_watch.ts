import { projectFiles } from "../lib/buildr/run/project_files.ts";
import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { type RunFlags, stagesCommand } from "./_buildr_flags.ts";
import { executeRun } from "./_buildr_execute.ts";
import { reportBuildrFailure } from "./_buildr_failure.ts";
import { makePlan } from "./_buildr_plan.ts";
import { ExitCode } from "./exit_code.ts";
import { type Interrupt, listenToInterrupts } from "./_interrupt.ts";
import { ClosedOutputError, type Output } from "./output.ts";

/** An editor writes several files, or one file several times, within this. */
const SETTLE_MS = 150;

/**
 * Makes `superorch buildr watch`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function watchCommand(output: Output): CommandUnknownOpts {
  const description =
    "Run stages, and run them again whenever a file of the project changes; a run that goes on is " +
    "ended then. What git ignores, and what a run itself makes, starts none.";
  return stagesCommand("watch", description, async (stages, flags) => {
    const plan = await makePlan(stages, flags, output, { quiet: true });
    using interrupt = listenToInterrupts(() => {});
    const { directory } = plan.manifest;
    await watch(stages, flags, directory, output, interrupt);
    throw new ExitCode(interrupt.exitCode ?? 0);
  });
}

async function watch(
  stages: readonly string[],
  flags: RunFlags,
  directory: string,
  output: Output,
  interrupt: Interrupt,
): Promise<void> {
  const changes = await Changes.open(directory, interrupt.signal);
  while (!interrupt.signal.aborted) {
    await changes.beginRun();
    const superseded = new AbortController();
    const changed = changes.next();
    changed.then((path) => {
      if (path !== undefined) superseded.abort(new FileChanged(path));
    });
    await runOnce(stages, flags, output, interrupt, superseded.signal);
    await changes.endRun();
    if (interrupt.signal.aborted) return;
    if (!superseded.signal.aborted) {
      output.err.write(`Waiting for a change in ${directory}\n`);
    }
    const path = await changed;
    if (path !== undefined) output.err.write(`"${path}" changed\n`);
  }
}

/** Why a run was ended. */
class FileChanged extends DOMException {
  constructor(path: string) {
    super(`"${path}" changed`, "AbortError");
  }
}

// A manifest that is wrong just now is shown, and waited for.
async function runOnce(
  stages: readonly string[],
  flags: RunFlags,
  output: Output,
  interrupt: Interrupt,
  signal: AbortSignal,
): Promise<void> {
  try {
    const plan = await makePlan(stages, flags, output, { quiet: flags.quiet === true });
    await executeRun(plan, flags, output, { interrupt, signal });
  } catch (error) {
    if (interrupt.signal.aborted) return;
    if (error instanceof ClosedOutputError) throw error;
    reportBuildrFailure(error, output.err, []);
  }
}

/** Changes of the files of a project by somebody else than its runs. */
class Changes {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  /** What the project had when the run began, and what came since by other hands. */
  #files: ReadonlySet<string> = new Set();
  /** What runs have made: changes of these start none. */
  readonly #made = new Set<string>();
  #running = false;
  /** A change that nobody has waited for yet. */
  #pending: string | undefined;
  #waiter: ((path: string | undefined) => void) | undefined;

  private constructor(directory: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  static async open(directory: string, signal: AbortSignal): Promise<Changes> {
    const real = await Deno.realPath(directory);
    const changes = new Changes(real, signal);
    for (const path of ownOutputs()) changes.#made.add(path.slice(real.length + 1));
    const watcher = Deno.watchFs(real, { recursive: true });
    signal.addEventListener("abort", () => {
      watcher.close();
      changes.#waiter?.(undefined);
    }, { once: true });
    void changes.#listen(watcher);
    return changes;
  }

  async beginRun(): Promise<void> {
    this.#files = new Set(await projectFiles(this.#directory, undefined));
    this.#running = true;
  }

  async endRun(): Promise<void> {
    for (const path of await projectFiles(this.#directory, undefined)) {
      if (!this.#files.has(path)) this.#made.add(path);
    }
    this.#running = false;
  }

  /** Waits for the next change; `undefined` at the end of the watch. */
  next(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    if (this.#signal.aborted) resolve(undefined);
    else if (this.#pending !== undefined) resolve(this.#pending);
    else this.#waiter = resolve;
    this.#pending = undefined;
    return promise;
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const { kind, paths } of watcher) {
      if (kind === "access") continue;
      const path = await this.#relevant(paths);
      if (path === undefined) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const waiter = this.#waiter;
        this.#waiter = undefined;
        if (waiter === undefined) this.#pending = path;
        else waiter(path);
      }, SETTLE_MS);
    }
    clearTimeout(timer);
  }

  async #relevant(paths: readonly string[]): Promise<string | undefined> {
    const below = paths.map((path) => path.slice(this.#directory.length + 1));
    const known = below.find((path) => this.#files.has(path) && !this.#made.has(path));
    if (known !== undefined) return known;
    // What comes while a run goes on is taken for its work.
    if (this.#running) return undefined;
    const now = new Set(await projectFiles(this.#directory, undefined));
    return below.find((path) => now.has(path) && !this.#made.has(path));
  }
}

// `watch > log` in the project: what it writes itself must not start the next run.
function ownOutputs(): readonly string[] {
  return [1, 2].flatMap((fd) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // not Linux
    }
  });
}
