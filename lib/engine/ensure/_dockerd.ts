import { EngineClient } from "../client.ts";
import { EngineVersionError } from "../errors.ts";
import type { ReadEnv } from "../state.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { forgetContainerd, removeLeftovers } from "./_leftovers.ts";
import type { EnginePaths } from "./_paths.ts";
import type { Privilege } from "./_privilege.ts";
import { isAlive, type ProcessIdentity, readProcess } from "./_processes.ts";
import { lastLine, systemPath } from "./_programs.ts";
import { findOwnDockerd, isFromEarlierStart, writeRecord } from "./_record.ts";
import { until } from "./_until.ts";

/** How dockerd is started and waited for. */
export interface DockerdOptions {
  /** Reads environment variables. */
  readonly env: ReadEnv;
  /** Acts as root. */
  readonly privilege: Privilege;
  /** How long to wait for its first answer. */
  readonly timeoutMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** A log of this size is put aside at the next start; the one before it is dropped. */
const LOG_LIMIT_BYTES = 10e6;

/**
 * Starts dockerd in a session of its own, so that it outlives this program and holds none of its
 * caller's pipes, and waits until it answers.
 *
 * @throws {EngineSetupError} when it ends or does not answer; what was started is ended again.
 */
export async function startDockerd(paths: EnginePaths, options: DockerdOptions): Promise<void> {
  const { env, privilege, signal } = options;
  await prepare(paths, privilege);
  const logStart = await sizeOf(paths.log);
  const { code, stdout, stderr } = await privilege.run(
    ["sh", "-c", START_SCRIPT, "sh", paths.log, ...dockerdArguments(paths, privilege)],
    { variables: { PATH: systemPath(env) } },
  );
  const started = await readProcess(Number(stdout));
  if (code !== 0) {
    throw new EngineSetupError({
      step: "start",
      problem: `Cannot start dockerd: ${lastLine(stderr)}`,
      hint: "",
    });
  }
  try {
    await firstAnswer(paths, started, logStart, options);
    const own = await findOwnDockerd(paths);
    if (own !== undefined) await writeRecord(paths, own);
    signal?.throwIfAborted();
  } catch (error) {
    await endDockerd(paths, { privilege, graceMs: 5_000 });
    // It may not have got as far as its pid file.
    if (started !== undefined) await privilege.kill(started, "KILL");
    await removeLeftovers(paths, privilege);
    throw error;
  }
}

// In a session of its own, which is made on the inside: sudo remembers a password by terminal, so
// it must still have ours. A terminal that sudo makes for the shell ends with it, and hangs up.
// A shell from a login has 1024 open files, which containers would inherit.
const START_SCRIPT = `log=$1; shift; cd /; trap '' HUP
ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)" 2>/dev/null
setsid dockerd "$@" >>"$log" 2>&1 </dev/null &
echo $!`;

function dockerdArguments(paths: EnginePaths, privilege: Privilege): readonly string[] {
  const { socketGroup } = privilege;
  return [
    // Without a file of its own dockerd reads /etc/docker/daemon.json, which may name the same
    // options again; that ends it.
    ...["--config-file", paths.config, "--data-root", paths.data, "--exec-root", paths.exec],
    ...["--pidfile", paths.pidfile, "--host", paths.host],
    // Where the system runs a containerd, dockerd uses that one; the names keep our containers
    // apart from those of another dockerd.
    ...["--containerd-namespace", "superorch"],
    ...["--containerd-plugins-namespace", "superorch-plugins"],
    ...(socketGroup === undefined ? [] : ["--group", socketGroup]),
  ];
}

/** Waits until a dockerd that somebody else is starting answers. */
export async function awaitDockerd(
  paths: EnginePaths,
  options: Pick<DockerdOptions, "timeoutMs" | "signal">,
): Promise<boolean> {
  const limit = Math.min(ANSWER_MS, options.timeoutMs);
  const look = () => answers(paths, options.signal, limit);
  return await until(look, { ...options, intervalMs: 50 }) === true;
}

async function firstAnswer(
  paths: EnginePaths,
  started: ProcessIdentity | undefined,
  logStart: number,
  options: DockerdOptions,
): Promise<void> {
  const { timeoutMs, signal } = options;
  // It takes 0.3 to 0.6 s; a look costs less than a millisecond.
  const outcome = await until(async () => {
    if (started === undefined || !await isAlive(started)) return "ended";
    return await answers(paths, signal) ? "answers" : undefined;
  }, { intervalMs: 25, timeoutMs, signal });
  if (outcome === "answers") return;
  const words = lastWords(await logSince(paths.log, logStart));
  throw new EngineSetupError({
    step: "start",
    problem: outcome === "ended"
      ? `Cannot start dockerd: it ended with: ${words || "no word"}`
      : `Cannot start dockerd: it does not answer after ${timeoutMs / 1000} s, its last words ` +
        `are: ${words || "none"}`,
    hint: `${/iptables/.test(words) ? "try update-alternatives --config iptables, and " : ""}see ` +
      paths.log,
  });
}

/** dockerd listens before it works, so that an early question waits; it must not do so for ever. */
const ANSWER_MS = 2_000;

async function answers(
  paths: EnginePaths,
  signal?: AbortSignal,
  limitMs = ANSWER_MS,
): Promise<true | undefined> {
  const bound = AbortSignal.timeout(limitMs);
  try {
    await using _engine = await EngineClient.open({ kind: "unix", path: paths.socket }, {
      signal: signal === undefined ? bound : AbortSignal.any([bound, signal]),
    });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof EngineVersionError)) return undefined;
    throw new EngineSetupError({
      step: "start",
      problem: error.message,
      hint: "install a newer Docker engine",
    });
  }
}

/**
 * Without a limit dockerd 20.10 keeps every step that it has ever built: days of builds filled a
 * disk with 50 GB of them.
 */
const CONFIG = `${
  JSON.stringify({ builder: { gc: { enabled: true, defaultKeepStorage: "20GB" } } })
}\n`;

async function prepare(paths: EnginePaths, privilege: Privilege): Promise<void> {
  try {
    await Deno.mkdir(paths.directory, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(paths.config, CONFIG);
    // One that names any live process keeps dockerd from starting; that ours does not run is known.
    for (const path of [paths.pidfile, paths.socket]) await removeIfThere(path);
    if (await sizeOf(paths.log) > LOG_LIMIT_BYTES) await Deno.rename(paths.log, `${paths.log}.old`);
  } catch (error) {
    throw new EngineSetupError({
      step: "state",
      problem: `Cannot keep an engine in ${JSON.stringify(paths.directory)}: ${
        error instanceof Error ? error.message : error
      }`,
      hint: "set XDG_STATE_HOME to a directory that this user may write to",
    });
  }
  // What it says of processes and mounts is wrong since then; dockerd's usual place for it is in
  // memory and would not have survived.
  if (await isFromEarlierStart(paths)) await privilege.run(["rm", "-rf", "--", paths.exec]);
  else await forgetContainerd(paths, privilege);
}

/**
 * Ends our dockerd: SIGTERM, and SIGKILL when it has not ended in time.
 *
 * @returns How it ended; `absent` if it did not run.
 */
export async function endDockerd(
  paths: EnginePaths,
  options: { readonly privilege: Privilege; readonly graceMs: number },
): Promise<"ended" | "killed" | "absent"> {
  const own = await findOwnDockerd(paths);
  if (own === undefined) return "absent";
  const gone = async () => await isAlive(own) ? undefined : true;
  await options.privilege.kill(own, "TERM");
  if (await until(gone, { intervalMs: 25, timeoutMs: options.graceMs })) return "ended";
  await options.privilege.kill(own, "KILL");
  if (await until(gone, { intervalMs: 25, timeoutMs: 5_000 })) return "killed";
  throw new EngineSetupError({
    step: "stop",
    problem: `Cannot stop dockerd: process ${own.pid} outlived SIGKILL`,
    hint: `see its state in /proc/${own.pid}/status`,
  });
}

function lastWords(log: string): string {
  // The final message may have several lines: it quotes what iptables said.
  const final = log.lastIndexOf("failed to start daemon");
  if (final !== -1) return log.slice(final).trim();
  // time="…" level=fatal msg="…" as logrus writes it, or a plain line.
  const line = lastLine(log);
  const message = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return message === undefined ? line : message.replace(/\\(.)/g, "$1");
}

async function logSince(path: string, offset: number): Promise<string> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(offset, size - 8192), Deno.SeekMode.Start);
    const buffer = new Uint8Array(8192);
    return new TextDecoder().decode(buffer.subarray(0, await file.read(buffer) ?? 0));
  } catch {
    return ""; // no log: then it has no words
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await Deno.stat(path).catch(() => undefined))?.size ?? 0;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
