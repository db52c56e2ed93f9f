import { EngineClient } from "../client.ts";
import { connectEngine, EngineUnreachableError } from "../discovery.ts";
import type { ReadEnv } from "../state.ts";
import type { Discover } from "./ensure_engine.ts";
import { type EnginePaths, enginePaths } from "./_paths.ts";
import { findOwnDockerd } from "./_record.ts";

/** How {@linkcode engineStatus} looks. */
export interface EngineStatusOptions {
  /** Finds the engine that programs use. Default `connectEngine`. */
  readonly discover?: Discover;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** The engine that programs use now. */
export interface UsedEngine {
  /** Where, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** Whether `ensureEngine()` started it. */
  readonly ours: boolean;
  /** For example `20.10.24+dfsg1`. */
  readonly version: string;
  /** The API version that is spoken. */
  readonly apiVersion: string;
  /** For example `overlay2`. */
  readonly storageDriver: string;
  /** Where its images and volumes are, on its own machine. */
  readonly dataDirectory: string;
}

/** The engine that `ensureEngine()` starts. */
export interface OwnEngine {
  /** `silent` is a dockerd that runs and does not answer; `absent` one that was never started. */
  readonly state: "running" | "silent" | "stopped" | "absent";
  /** Where it is or would be, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** Its process; absent unless it runs. */
  readonly pid?: number;
  /** Where it keeps everything. */
  readonly directory: string;
  /** Where its output goes. */
  readonly log: string;
}

/** What {@linkcode engineStatus} found. */
export interface EngineStatus {
  /** The engine that programs use; absent if none answers. */
  readonly used?: UsedEngine;
  /** Why none answers, with every place that was tried. */
  readonly problem?: string;
  /** The engine of `ensureEngine()`; absent where it cannot start one. */
  readonly own?: OwnEngine;
}

/**
 * Tells which engine programs use, and how the one that `ensureEngine()` starts is doing.
 *
 * Permissions: those of `connectEngine`, and `--allow-read=/proc` and the state directory.
 *
 * @param options Where to look.
 * @returns Both; nothing is changed.
 * @throws {TypeError} when the docker configuration cannot be read.
 * @example
 * ```ts
 * import { engineStatus } from "@superorch/superorch/engine/ensure";
 *
 * const { used } = await engineStatus();
 * console.log(used?.host ?? "no engine");
 * ```
 */
export async function engineStatus(options: EngineStatusOptions = {}): Promise<EngineStatus> {
  const { env = Deno.env.get, discover = connectEngine, signal } = options;
  const [own, found] = await Promise.all([
    Deno.build.os === "linux" ? ownEngine(env, signal) : undefined,
    usedEngine(discover, env, signal),
  ]);
  if ("problem" in found) return { ...found, own };
  return { used: { ...found, ours: found.host === own?.host }, own };
}

async function usedEngine(
  discover: Discover,
  env: ReadEnv,
  signal: AbortSignal | undefined,
): Promise<Omit<UsedEngine, "ours"> | { readonly problem: string }> {
  try {
    await using engine = await discover({ env, signal });
    const info = await engine.system.info({ signal });
    return {
      host: engine.host,
      version: info.ServerVersion,
      apiVersion: engine.apiVersion,
      storageDriver: info.Driver,
      dataDirectory: info.DockerRootDir,
    };
  } catch (error) {
    if (!(error instanceof EngineUnreachableError)) throw error;
    return { problem: error.message };
  }
}

async function ownEngine(
  env: ReadEnv,
  signal: AbortSignal | undefined,
): Promise<OwnEngine | undefined> {
  let paths: EnginePaths;
  try {
    paths = enginePaths(env);
  } catch {
    return undefined; // no place to keep one: then there is none, and the other question stands
  }
  const { host, socket, directory, log, data } = paths;
  const place = { host, directory, log };
  const dockerd = await findOwnDockerd(paths);
  if (dockerd === undefined) {
    const known = await Deno.stat(data).then(() => true, () => false);
    return { state: known ? "stopped" : "absent", ...place };
  }
  const bound = AbortSignal.timeout(1_500);
  try {
    await using _engine = await EngineClient.open({ kind: "unix", path: socket }, {
      signal: signal === undefined ? bound : AbortSignal.any([bound, signal]),
    });
    return { state: "running", pid: dockerd.pid, ...place };
  } catch {
    signal?.throwIfAborted();
    return { state: "silent", pid: dockerd.pid, ...place };
  }
}
