import type { EngineEndpoint } from "../engine/mod.ts";
import { LABEL } from "./labels.ts";

/**
 * A detached process that removes what a run made when this process ends without having done so:
 * `Deno.exit()`, an uncaught error, SIGKILL.
 *
 * It holds the read end of a pipe whose write end dies with this process, whatever kills it. Told
 * over that pipe which runs live, it removes by label what is left of them at the end. It needs no
 * image and no socket inside a container. What survives it (the death of the whole machine, or of
 * the reaper itself) is found by its labels at the next start.
 */
export interface Reaper {
  /**
   * Puts a run under its care; settles when it knows.
   *
   * @param run Id of the run.
   * @param keptLocks Paths of lock files, for one that is to be kept once it has started: it is
   * removed when all of them are free, else whoever has one goes on with it. Images stay.
   */
  watch(run: string, keptLocks?: readonly string[]): Promise<void>;
  /** Says that a run has cleaned up after itself. */
  release(run: string): Promise<void>;
  /** Hands over a run that could not clean up after itself: what is left of it is the reaper's. */
  abandon(run: string): Promise<void>;
}

/** Reapers by engine. */
const reapers = new Map<string, Reaper>();

/** A run that is handed over is usually gone within this time; nobody has to wait longer. */
const ABANDON_MS = 5_000;

/**
 * Gets the reaper of this process for one engine, starting it with the first run; it ends with the
 * last one.
 *
 * Permissions: `--allow-run` of the Deno executable; also of `sh` it costs less while it waits.
 * Without it there is no reaper, and the labels are all there is.
 *
 * @param host The engine, as `DOCKER_HOST` has it.
 * @param endpoint Where it listens.
 * @param apiVersion The API version to speak.
 * @returns The reaper; it does nothing where none can be started: without the permission, and in a
 * binary made by `deno compile` that does not call {@linkcode reaperMain}.
 */
export function reaperFor(
  host: string,
  endpoint: EngineEndpoint,
  apiVersion: string,
): Reaper {
  let reaper = reapers.get(host);
  if (reaper === undefined) {
    reaper = makeReaper(host, endpoint, apiVersion);
    reapers.set(host, reaper);
  }
  return reaper;
}

/** The environment variable that makes {@linkcode reaperMain} act. */
export const REAPER_VARIABLE = "SUPERORCH_REAPER";

/**
 * The reaper's own main function, for programs made by `deno compile`: there `deno eval` does not
 * exist, the program itself is started again instead.
 *
 * Call it first thing in such a program; it returns at once unless it is the reaper's turn.
 *
 * @param env Reads environment variables. Default `Deno.env.get`.
 * @returns Whether this process was a reaper; the program should end then.
 */
export async function reaperMain(
  env: (name: string) => string | undefined = Deno.env.get,
): Promise<boolean> {
  if (env(REAPER_VARIABLE) === undefined) return false;
  await reap(LABEL.run);
  return true;
}

function makeReaper(host: string, endpoint: EngineEndpoint, apiVersion: string): Reaper {
  const runs = new Set<string>();
  let abandoned = false;
  let child: ReaperChild | undefined;
  const tell = async (line: unknown) => {
    // A reaper that was killed cannot be told anything: the labels remain.
    await child?.writer.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`))
      .catch(() => {});
  };
  const forget = async (run: string) => {
    if (!runs.delete(run) || runs.size > 0) return;
    reapers.delete(host);
    await child?.end(abandoned);
  };
  return {
    async watch(run, keptLocks) {
      if (runs.size === 0) child = spawnReaper();
      runs.add(run);
      if (runs.size === 1) await tell({ endpoint, apiVersion });
      await tell({ watch: run, keptLocks });
    },
    async release(run) {
      await tell({ release: run });
      await forget(run);
    },
    async abandon(run) {
      abandoned = true;
      await forget(run);
    },
  };
}

interface ReaperChild {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Ends it, at once or, when something is left to it, after its work. */
  end(leaveWork: boolean): Promise<void>;
}

/**
 * Waits for the end of its input, and has the rest of its arguments take it. A start of Deno would
 * cost 40 ms of processor time and 60 MiB of memory for something that hardly ever has work.
 */
const WAITER = `trap '' INT TERM HUP
text=
while IFS= read -r line; do text=$text$line'
'; done
printf %s "$text" | "$@"`;

function spawnReaper(): ReaperChild | undefined {
  const standalone = (Deno.build as { standalone?: boolean }).standalone === true;
  // The function travels as text, so that it is there from a URL, a bundle and a checkout alike.
  const args = standalone ? [] : [
    "eval",
    "--no-config",
    "--no-lock",
    `(${reap})(${JSON.stringify(LABEL.run)})`,
  ];
  const own = [Deno.execPath(), ...args];
  const [program, ...words] = canWait() ? ["sh", "-c", WAITER, "sh", ...own] : own;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args: words,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      env: { [REAPER_VARIABLE]: "1" },
      detached: true, // a Ctrl-C at the terminal is not meant for it
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
  child.unref();
  const writer = child.stdin.getWriter();
  return {
    writer,
    async end(leaveWork) {
      child.ref(); // else a program with nothing else to do would end in the middle of this wait
      if (!leaveWork) killQuietly(child);
      await writer.close().catch(() => {}); // it has been killed, by us or by somebody else
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ABANDON_MS);
      await Promise.race([child.status, late]);
      clearTimeout(timer);
      child.unref();
    },
  };
}

// Asked for and not tried: an attempt would ask the user at the terminal.
function canWait(): boolean {
  if (Deno.build.os === "windows") return false;
  return ["sh", Deno.execPath()].every((command) =>
    Deno.permissions.querySync({ name: "run", command }).state === "granted"
  );
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // it has ended already
  }
}

/**
 * What the reaper does. Self-contained, because its text is run by `deno eval`: it may use nothing
 * from outside of itself.
 */
async function reap(runLabel: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {}); // it ends when its owner has, not before
  }
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await Deno.stdin.read(buffer).catch(() => null);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  const [first, ...lines] = text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const runs = new Map<string, string[] | undefined>();
  for (const line of lines) {
    if (line.watch !== undefined) runs.set(line.watch, line.keptLocks);
    if (line.release !== undefined) runs.delete(line.release);
  }
  // The kernel gave the owner's locks back when it died. They stay ours until this process ends;
  // the files are removed before that, as whoever waits for them expects.
  const locked: string[] = [];
  for (const [run, keptLocks = []] of runs) {
    for (const path of keptLocks) {
      const file = await Deno.open(path, { write: true, create: true }).catch(() => undefined);
      const free = await file?.tryLock(true).catch(() => false) === true &&
        (await file!.stat()).ino === (await Deno.stat(path).catch(() => undefined))?.ino;
      if (free) locked.push(path);
      else runs.delete(run);
    }
  }
  if (first === undefined || runs.size === 0) Deno.exit(0);
  const { endpoint, apiVersion } = first;
  const tls = endpoint.tls;
  const client = endpoint.kind === "unix"
    ? Deno.createHttpClient({ proxy: { transport: "unix", path: endpoint.path } })
    : Deno.createHttpClient({
      ...(tls?.ca === undefined ? {} : { caCerts: [tls.ca] }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
    });
  const authority = endpoint.kind === "unix"
    ? "localhost"
    : `${
      endpoint.hostname.includes(":") ? `[${endpoint.hostname}]` : endpoint.hostname
    }:${endpoint.port}`;
  const base = `http${tls === undefined ? "" : "s"}://${authority}/v${apiVersion}`;
  const call = async (method: string, path: string) => {
    const signal = AbortSignal.timeout(20_000);
    const response = await fetch(base + path, { method, client, signal } as RequestInit);
    return await response.json().catch(() => null);
  };
  const kinds = [
    ["/containers/json?all=1&", "/containers/", "?force=1&v=1"],
    ["/networks?", "/networks/", ""],
    ["/images/json?", "/images/", "?force=1"],
  ] as const;
  // A request that was on its way when the owner died may still make something: it is over when
  // three rounds in a row found nothing.
  let silences = 0;
  for (let round = 0, empty = 0; round < 100 && empty < 3 && silences < 10; round++) {
    let found = 0;
    let silent = false;
    for (const [run, keptLocks] of runs) {
      const lifetime = keptLocks === undefined ? "owner" : "kept";
      const label = [`${runLabel}=${run}`, `org.superorch.lifetime=${lifetime}`];
      const filters = encodeURIComponent(JSON.stringify({ label }));
      for (const [list, path, query] of kinds) {
        if (keptLocks !== undefined && path === "/images/") continue;
        const items = await call("GET", `${list}filters=${filters}`).catch(() => null);
        // An engine that does not answer has not said that nothing is left; one that is gone for
        // good is left to the labels.
        if (!Array.isArray(items)) silent = true;
        for (const { Id } of Array.isArray(items) ? items : []) {
          found++;
          await call("DELETE", `${path}${encodeURIComponent(Id)}${query}`).catch(() => {});
        }
      }
    }
    silences = silent ? silences + 1 : 0;
    empty = found === 0 && !silent ? empty + 1 : 0;
    if (empty < 3) await new Promise((resolve) => setTimeout(resolve, found > 0 ? 20 : 150));
  }
  for (const path of locked) await Deno.remove(path).catch(() => {});
  Deno.exit(0);
}
