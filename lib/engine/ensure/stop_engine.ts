import { EngineClient } from "../client.ts";
import type { ReadEnv } from "../state.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { endDockerd } from "./_dockerd.ts";
import { removeLeftovers } from "./_leftovers.ts";
import { requireLinux } from "./_machine.ts";
import { lockEngine } from "./_lock.ts";
import { type EnginePaths, enginePaths } from "./_paths.ts";
import { gainPrivilege } from "./_privilege.ts";
import { lastLine } from "./_programs.ts";
import { findOwnDockerd } from "./_record.ts";

/** How {@linkcode stopEngine} works. */
export interface StopEngineOptions {
  /** Whether images, volumes and logs are removed too. Default `false`. */
  readonly purge?: boolean;
  /** How long dockerd may take to end after SIGTERM. Default 20000. */
  readonly graceMs?: number;
  /** How long to wait for another `ensureEngine()` or `stopEngine()`. Default 300000. */
  readonly lockTimeoutMs?: number;
  /** Is told once if that is needed. */
  readonly onWait?: (who: string) => void;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work before dockerd is told to end; after that it goes on. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode stopEngine} did. */
export interface StoppedEngine {
  /** How dockerd ended; `absent` if it did not run. */
  readonly outcome: "ended" | "killed" | "absent";
  /** How many containers were removed. */
  readonly containers: number;
  /** How many networks were removed. */
  readonly networks: number;
  /** Whether images, volumes and logs were removed. */
  readonly purged: boolean;
}

/** How long the engine may take to remove its containers; after that they are killed from outside. */
const CLEANUP_MS = 30_000;
/** How long it may take to answer before that; a dockerd that hangs does not answer at all. */
const ANSWER_MS = 2_000;
/** As many at a time as the engine works on without getting slower on two processors. */
const AT_ONCE = 4;

/**
 * Stops the engine that `ensureEngine()` started, with all of its containers and networks. Other
 * engines are left alone. Images and volumes stay for the next start, unless `purge` is set.
 *
 * dockerd is known by its pid file, its command line and the time of its start. Where it was
 * killed before, what it left behind is cleared away.
 *
 * Permissions: `-A`, and root or a sudo that asks for no password.
 *
 * @param options What to remove and how long to wait.
 * @returns What was done.
 * @throws {EngineSetupError} when it cannot be stopped, or this user may not do so.
 * @example
 * ```ts
 * import { stopEngine } from "@superorch/superorch/engine/ensure";
 *
 * async function tearDown(): Promise<void> {
 *   const { outcome, containers } = await stopEngine({ purge: true });
 *   console.log(outcome, containers); // for example "ended" 3
 * }
 * ```
 */
export async function stopEngine(options: StopEngineOptions = {}): Promise<StoppedEngine> {
  const { env = Deno.env.get, purge = false, signal } = options;
  const nothing = { outcome: "absent", containers: 0, networks: 0, purged: false } as const;
  requireLinux();
  const paths = enginePaths(env);
  // A dockerd that was killed leaves one of these; one that ended by itself has nothing to clear.
  const traces = purge ? [paths.directory] : [paths.pidfile, paths.socket];
  if (!(await Promise.all(traces.map(exists))).includes(true)) return nothing;
  // Without the signal: half stopped is worse than stopped.
  const privilege = await gainPrivilege("stop the engine", env);
  await using _lock = await lockEngine(paths, {
    purpose: "superorch engine stop",
    timeoutMs: options.lockTimeoutMs ?? 300_000,
    onWait: options.onWait ?? (() => {}),
    signal,
  });
  if (!await exists(paths.directory)) return nothing; // another stop --purge was faster
  const runs = await findOwnDockerd(paths) !== undefined;
  const removed = runs ? await removeAll(paths, signal) : { containers: 0, networks: 0 };
  signal?.throwIfAborted();
  const outcome = await endDockerd(paths, { privilege, graceMs: options.graceMs ?? 20_000 });
  await removeLeftovers(paths, privilege);
  const rest = purge ? [paths.directory] : [paths.socket, paths.pidfile, paths.record];
  const { code, stderr } = await privilege.run(["rm", "-rf", "--", ...rest]);
  if (code !== 0) {
    throw new EngineSetupError({
      step: "stop",
      problem: `Cannot remove the files of the engine: ${lastLine(stderr)}`,
      hint: "",
    });
  }
  return { outcome, ...removed, purged: purge };
}

async function removeAll(
  paths: EnginePaths,
  signal: AbortSignal | undefined,
): Promise<{ containers: number; networks: number }> {
  const removed = { containers: 0, networks: 0 };
  const within = (limitMs: number) =>
    AbortSignal.any([AbortSignal.timeout(limitMs), ...(signal === undefined ? [] : [signal])]);
  try {
    await using engine = await EngineClient.open({ kind: "unix", path: paths.socket }, {
      signal: within(ANSWER_MS),
    });
    const both = within(CLEANUP_MS);
    const containers = await engine.containers.list({ signal: both });
    await each(containers.map(({ Id }) => Id), async (id) => {
      if (await engine.containers.remove(id, { force: true, signal: both })) removed.containers++;
    });
    const networks = await engine.networks.list({
      filters: { type: ["custom"] },
      signal: both,
    });
    await each(networks.map(({ Id }) => Id), async (id) => {
      if (await engine.networks.remove(id, { signal: both })) removed.networks++;
    });
  } catch {
    // An engine that cannot clean up any more is ended all the same, and what it leaves is
    // cleared away from outside.
    signal?.throwIfAborted();
  }
  return removed;
}

async function each(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const waiting = [...ids];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await work(id);
  }));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
