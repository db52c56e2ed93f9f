/** How a process of the gate ended. */
export interface Finished {
  /** Exit code; -1 for one that was killed because its time was up. */
  readonly code: number;
  /** What it wrote to both streams, in the order of arrival. */
  readonly output: string;
  /** Whether its time was up. */
  readonly timedOut: boolean;
  /** How long it took. */
  readonly ms: number;
}

/** How a process of the gate is run. */
export interface RunOptions {
  /** It and its process group are killed after this. */
  readonly timeoutMs: number;
  /** Set in addition to our own environment, which is passed on whole: proxies, `DENO_DIR`, … */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the root of the project. */
  readonly cwd?: string;
}

/** A grandchild may keep the pipes open; what it still writes after this belongs to nobody. */
const DRAIN_MS = 2000;

const active = new Set<Deno.ChildProcess>();

/**
 * Runs this very Deno, never the one that PATH has: `npx` does not put it there for everybody.
 *
 * @param args Words for `deno`.
 * @param options Its bound.
 * @returns Its end; a bad exit code is not an error.
 */
export async function runDeno(
  args: readonly string[],
  options: RunOptions,
): Promise<Finished> {
  const begin = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: options.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // Its own process group, so that a hanging test goes with everything it started.
    detached: Deno.build.os !== "windows",
  }).spawn();
  active.add(child);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, options.timeoutMs);
  const chunks: Uint8Array[] = [];
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const drained = Promise.all(readers.map(async (reader) => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
    }
  }));
  const { code } = await child.status;
  clearTimeout(timer);
  active.delete(child);
  let drainTimer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<void>((resolve) => drainTimer = setTimeout(resolve, DRAIN_MS));
  await Promise.race([drained, enough]);
  clearTimeout(drainTimer);
  await Promise.all(readers.map((reader) => reader.cancel()));
  return {
    code: timedOut ? -1 : code,
    output: stripColour(new TextDecoder().decode(await new Blob(chunks as BlobPart[]).bytes())),
    timedOut,
    ms: performance.now() - begin,
  };
}

/** Kills every process that the gate still runs, with all that they started. */
export function killAll(): void {
  for (const child of active) killGroup(child);
}

function killGroup(child: Deno.ChildProcess): void {
  try {
    if (Deno.build.os === "windows") child.kill("SIGKILL");
    else Deno.kill(-child.pid, "SIGKILL");
  } catch {
    // it has just ended by itself
  }
}

function stripColour(text: string): string {
  // deno-lint-ignore no-control-regex -- the escape character is what is looked for
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
