import type { EngineClient } from "../client.ts";
import { connectEngine, EngineUnreachableError } from "../discovery.ts";
import { EngineApiError, EngineConnectionError } from "../errors.ts";
import type { ReadEnv } from "../state.ts";
import { busyboxImage } from "./busybox_image.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { requireWorkingContainers } from "./_check.ts";
import { awaitDockerd, endDockerd, startDockerd } from "./_dockerd.ts";
import { findMissing, installPackages } from "./_install.ts";
import { removeLeftovers } from "./_leftovers.ts";
import { fileSystemOf, requireCgroups, requireLinux, requireSpace } from "./_machine.ts";
import { lockEngine } from "./_lock.ts";
import { requireNoOtherDockerd } from "./_other_dockerd.ts";
import { type EnginePaths, enginePaths } from "./_paths.ts";
import { gainPrivilege, type Privilege } from "./_privilege.ts";
import { findOwnDockerd } from "./_record.ts";
import { Reporter } from "./_reporter.ts";
import { findStaticBusybox } from "./_static_busybox.ts";
import { rootMessage } from "./_words.ts";

/** Finds the engine that programs use; fails with an `EngineUnreachableError` if there is none. */
export type Discover = (options: {
  readonly env?: ReadEnv;
  readonly signal?: AbortSignal;
}) => Promise<EngineClient>;

/** How {@linkcode ensureEngine} works. */
export interface EnsureEngineOptions {
  /** Whether missing packages may be installed. Default `true`. */
  readonly install?: boolean;
  /** Is told what is being done. Nothing is said when there is nothing to do. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** How long dockerd may take to answer. Default 60000. */
  readonly startTimeoutMs?: number;
  /** How long to wait for another apt or dpkg to end. Default 30000. */
  readonly aptLockTimeoutMs?: number;
  /** How long to wait for another `ensureEngine()` or `stopEngine()`. Default 300000. */
  readonly lockTimeoutMs?: number;
  /** Finds the engine that is there already. Default `connectEngine`. */
  readonly discover?: Discover;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work; an engine that was just being started is ended again. */
  readonly signal?: AbortSignal;
}

/** What is being done. */
export interface EngineProgress {
  /** `begin` and `done` come in pairs, unless the step fails; `note` stands alone. */
  readonly state: "begin" | "done" | "note";
  /** What it is about, without a final period: `Starting dockerd on unix:///…`. */
  readonly message: string;
  /** How long it took; 0 unless `done`. */
  readonly durationMs: number;
}

/** One thing that was done. */
export interface EnsureStep {
  /** What it was: `Starting dockerd on unix:///…`. */
  readonly message: string;
  /** How long it took. */
  readonly durationMs: number;
}

/** An engine that answers. */
export interface EnsuredEngine {
  /** Where, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** Whether it was started by this call. */
  readonly started: boolean;
  /** The Debian packages that this call installed. */
  readonly installed: readonly string[];
  /** What this call did, in order; empty if an engine was there. */
  readonly steps: readonly EnsureStep[];
  /** What the user should know, such as slow storage. */
  readonly warnings: readonly string[];
}

/** For a first start; what the images of a small project take. */
const FRESH_DATA_BYTES = 1e9;
/** For a start on data that is there. */
const KNOWN_DATA_BYTES = 100e6;

/**
 * Makes sure that a Docker engine answers, and does nothing if one does.
 *
 * Uses the engine that `DOCKER_HOST`, the docker context or the usual sockets lead to. If none
 * does, it installs Debian's `docker.io`, `iptables` and `busybox-static` where they are missing,
 * starts `dockerd` in the background with its socket and data in the state directory, and runs one
 * container to see that it can. An engine that is named explicitly and fails is never replaced,
 * and one that somebody else runs is left alone. That engine runs until the machine or
 * `stopEngine()` stops it.
 *
 * Two calls at once start one engine. It needs Linux, and root or a sudo that asks for no
 * password. The steps and their evidence: dockerd's own options, and a kernel's limit of 107 bytes
 * for the path of a socket (`man 7 unix`).
 *
 * Permissions: `-A`; it reads `/proc`, starts programs and writes the state directory.
 *
 * @param options What it may do, and who is told.
 * @returns Where the engine is and what was done.
 * @throws {EngineUnreachableError} when an engine is named explicitly and does not answer.
 * @throws {EngineSetupError} when none can be started: `step` says where it failed, `hint` what
 * helps.
 * @throws {TypeError} when the docker configuration cannot be read.
 * @example
 * ```ts
 * import { ensureEngine, progressLines } from "@superorch/superorch/engine/ensure";
 *
 * async function setUp(): Promise<string> {
 *   const lines = progressLines((text) => Deno.stderr.writeSync(new TextEncoder().encode(text)));
 *   const { host } = await ensureEngine({ onProgress: lines.onProgress });
 *   return host; // for example "unix:///var/run/docker.sock"
 * }
 * ```
 */
export async function ensureEngine(options: EnsureEngineOptions = {}): Promise<EnsuredEngine> {
  const { env = Deno.env.get, signal, startTimeoutMs = 60_000 } = options;
  const look = () => findEngine(options.discover ?? connectEngine, env, signal);
  const first = await look();
  if ("host" in first) return present(first.host);

  requireLinux();
  const paths = enginePaths(env);
  const privilege = await gainPrivilege("start an engine", env, signal);
  await requireCgroups();
  const reporter = new Reporter(options.onProgress);
  await using _lock = await lockEngine(paths, {
    purpose: "superorch engine ensure",
    timeoutMs: options.lockTimeoutMs ?? 300_000,
    onWait: (who) => reporter.note(`Waiting for ${who}, which is setting up the engine`),
    signal,
  });
  // Whoever had the lock before may have started it, also for a caller with its own discovery.
  const second = await look();
  if ("host" in second) return present(second.host);
  if (await findOwnDockerd(paths) !== undefined) {
    if (await awaitDockerd(paths, { timeoutMs: startTimeoutMs, signal })) {
      return present(paths.host);
    }
    throw new EngineSetupError({
      step: "start",
      problem: `Cannot use the engine at ${paths.host}: its dockerd runs and does not answer`,
      hint: `see ${paths.log}, or end it with: superorch engine stop`,
    });
  }

  const known = await Deno.stat(paths.data).then(() => true, () => false);
  const wanted = known ? KNOWN_DATA_BYTES : FRESH_DATA_BYTES;
  const elsewhere = "make room, or set XDG_STATE_HOME to a directory on another disk";
  await requireSpace(paths.data, wanted, "keep images and containers", elsewhere);
  const installed = await installMissing(options, env, privilege, reporter);
  // After the installation, which may have started a dockerd where it could not be kept from it.
  await requireNoOtherDockerd(privilege, second, {
    look: async () => "host" in await look(),
    signal,
  });
  const third = await look();
  if ("host" in third) {
    return {
      ...present(third.host),
      installed,
      steps: reporter.steps,
      warnings: reporter.warnings,
    };
  }
  try {
    await reporter.step(
      `Starting dockerd on ${paths.host}`,
      () => startDockerd(paths, { env, privilege, timeoutMs: startTimeoutMs, signal }),
    );
    await inspectStarted(paths, env, reporter, signal);
  } catch (error) {
    // The next call would find it answering and believe that all is well.
    await endDockerd(paths, { privilege, graceMs: 15_000 });
    await removeLeftovers(paths, privilege);
    signal?.throwIfAborted();
    const refused = [EngineApiError, EngineConnectionError, EngineUnreachableError];
    if (!refused.some((type) => error instanceof type)) throw error;
    throw new EngineSetupError({
      step: "check",
      problem: `Cannot use the engine that was started: ${rootMessage(error)}`,
      hint: `see ${paths.log}`,
    });
  }
  const { steps, warnings } = reporter;
  return { host: paths.host, started: true, installed, steps, warnings };
}

function present(host: string): EnsuredEngine {
  return { host, started: false, installed: [], steps: [], warnings: [] };
}

async function findEngine(
  discover: Discover,
  env: ReadEnv,
  signal: AbortSignal | undefined,
): Promise<{ readonly host: string } | EngineUnreachableError> {
  try {
    await using engine = await discover({ env, signal });
    return { host: engine.host };
  } catch (error) {
    if (!(error instanceof EngineUnreachableError)) throw error;
    if (error.candidates.some(({ explicit }) => explicit)) throw error;
    return error;
  }
}

async function installMissing(
  options: EnsureEngineOptions,
  env: ReadEnv,
  privilege: Privilege,
  reporter: Reporter,
): Promise<readonly string[]> {
  const { programs, packages } = await findMissing(env);
  if (packages.length === 0) return [];
  const names = packages.join(", ");
  const needed = programs.length > 0;
  if (options.install === false) {
    if (!needed) return []; // busybox alone: images cannot be made, all else works
    throw new EngineSetupError({
      step: "install",
      problem: `Cannot start an engine: ${programs.join(" and ")} not found, and installing ` +
        `packages is switched off`,
      hint: `install ${names}, or allow it by leaving out --no-install`,
    });
  }
  try {
    await reporter.step(`Installing ${names}`, () =>
      installPackages(packages, {
        env,
        privilege,
        lockTimeoutMs: options.aptLockTimeoutMs ?? 30_000,
        onWait: (holder) => reporter.note(`Waiting for another apt: ${holder}`),
        signal: options.signal,
      }));
  } catch (error) {
    if (needed || !(error instanceof EngineSetupError)) throw error;
    reporter.warn(error.message);
    return [];
  }
  const still = (await findMissing(env)).programs;
  if (still.length === 0) return packages;
  throw new EngineSetupError({
    step: "install",
    problem: `Cannot start an engine: apt-get installed ${names}, and ${still.join(" and ")} is ` +
      `still not found`,
    hint: `run apt-get install --reinstall ${packages.join(" ")}`,
  });
}

async function inspectStarted(
  paths: EnginePaths,
  env: ReadEnv,
  reporter: Reporter,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using engine = await connectEngine({ host: paths.host, env, signal });
  const { Driver } = await engine.system.info({ signal });
  if (Driver === "vfs") {
    const type = await fileSystemOf(paths.data);
    const good = ["ext4", "xfs", "tmpfs"];
    reporter.warn(
      `Images take much space and time: dockerd copies every layer (driver vfs) in ${paths.data}, ` +
        `which is on ${type}` +
        (good.includes(type) ? "" : `; set XDG_STATE_HOME to a directory on ${good.join(", ")}`),
    );
  }
  if (await findStaticBusybox(env) === undefined) {
    reporter.warn("Whether containers run was not checked: busybox-static is not installed");
    return;
  }
  await reporter.step(
    "Checking that containers run",
    async () =>
      requireWorkingContainers(engine, await busyboxImage(engine, { env, signal }), signal),
  );
}
