import { errorMessage } from "../errors/error_message.ts";
import type { EngineClient, ReadEnv } from "../engine/mod.ts";
import { withTimeout } from "../retry/mod.ts";
import { type CheckName, type CheckResult, failure, type Finding, oneLine } from "./check.ts";
import {
  checkApi,
  checkBuildKit,
  checkCgroups,
  checkStorage,
  checkVersion,
  checkWarnings,
} from "./_check_engine.ts";
import { checkContainer } from "./_check_container.ts";
import { checkDisk, localDiskSpace } from "./_check_disk.ts";
import { checkLeftovers } from "./_check_leftovers.ts";
import { checkContext, checkEngine, checkPodman, checkSocket } from "./_check_place.ts";
import { findEngine, type FoundEngine, type TriedEngine } from "./_find_engine.ts";

export type { TriedEngine } from "./_find_engine.ts";

/** How {@linkcode diagnose} looks. */
export interface DiagnoseOptions {
  /** Look at this engine, as `DOCKER_HOST` has it. Default: the one that programs would use. */
  readonly host?: string;
  /** Whether a container is run to look at names inside of it. Default `true`. */
  readonly container?: boolean;
  /** A name of the internet that is looked up inside and outside. Default `example.com`. */
  readonly outsideName?: string;
  /** How long each check may take. Default 15 000. Cleaning up may take 10 s more. */
  readonly checkTimeoutMs?: number;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work; what it made is removed all the same. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode diagnose} found. */
export interface Diagnosis {
  /** What each check found, in a fixed order. */
  readonly checks: readonly CheckResult[];
  /** What was not looked at: no engine answers, or it was not wanted. */
  readonly skipped: readonly CheckName[];
  /** Every place where an engine was looked for, in order. */
  readonly tried: readonly TriedEngine[];
}

const ORDER: readonly CheckName[] = [
  "engine",
  "context",
  "socket",
  "podman",
  "version",
  "api",
  "storage",
  "buildkit",
  "cgroups",
  "warnings",
  "disk",
  "leftovers",
  "container",
  "dns",
];

/**
 * Looks at the engine that programs would use, and at what they need of it. Works without any
 * engine, and ends in bounded time with one that stops to answer.
 *
 * One container is run on a network of its own; both are removed again. Where the engine has no
 * small image for that, one is made or pulled as `ensureBaseImages()` does, and stays.
 *
 * @param options What to look at, and for how long.
 * @returns What was found; nothing is thrown for what is wrong with an engine.
 * @throws {unknown} the reason of `signal`, when that is aborted.
 * @example
 * ```ts
 * import { diagnose } from "@superorch/superorch/doctor";
 *
 * const { checks, skipped } = await diagnose({ host: "tcp://127.0.0.1:1" });
 * console.log(checks[0]?.state); // "failure"
 * console.log(skipped.includes("dns")); // true
 * ```
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { host, env = Deno.env.get, checkTimeoutMs = 15_000 } = options;
  const signal = options.signal ?? new AbortController().signal;
  const results = new Map<CheckName, Finding>();
  const check = async (
    name: CheckName,
    look: (signal: AbortSignal) => Promise<Finding | undefined> | Finding | undefined,
  ): Promise<void> => {
    try {
      const finding = await withTimeout(look, checkTimeoutMs, { signal, what: `check "${name}"` });
      if (finding !== undefined) results.set(name, finding);
    } catch (error) {
      signal.throwIfAborted();
      results.set(name, failure(oneLine(errorMessage(error))));
    }
  };
  let tried: readonly TriedEngine[] = [];
  let found: FoundEngine | undefined;
  try {
    found = await findEngine({ host, env, signal });
    tried = found.tried;
  } catch (error) {
    signal.throwIfAborted();
    // The docker configuration itself cannot be read.
    const reason = oneLine(errorMessage(error));
    results.set("engine", failure(reason, "correct or remove that file"));
  }
  if (found !== undefined) {
    await using place = found;
    await Promise.all([
      check("engine", () => checkEngine(place)),
      check("context", () => checkContext(place.candidates, env)),
      check("socket", () => checkSocket(place.candidates, place.tried)),
      check("podman", () => checkPodman(place, env)),
    ]);
    if (place.engine !== undefined) {
      await checkAnswering(place.engine, options, env, check, results);
    }
  }
  return {
    checks: ORDER.flatMap((name) => {
      const finding = results.get(name);
      return finding === undefined ? [] : [{ name, ...finding }];
    }),
    skipped: ORDER.filter((name) => !results.has(name)),
    tried,
  };
}

type Check = (
  name: CheckName,
  look: (signal: AbortSignal) => Promise<Finding | undefined> | Finding | undefined,
) => Promise<void>;

async function checkAnswering(
  engine: EngineClient,
  options: DiagnoseOptions,
  env: ReadEnv,
  check: Check,
  results: Map<CheckName, Finding>,
): Promise<void> {
  const version = remember((signal: AbortSignal) => engine.system.version({ signal }));
  const info = remember((signal: AbortSignal) => engine.system.info({ signal }));
  // Before the container is there, which is no leftover.
  await Promise.all([
    check("version", async (signal) => checkVersion(engine, await version(signal))),
    check(
      "api",
      async (signal) => checkApi(engine, await version(signal), env("DOCKER_API_VERSION")),
    ),
    check("storage", async (signal) => checkStorage(await info(signal))),
    check("cgroups", async (signal) => checkCgroups(await info(signal))),
    check("warnings", async (signal) => checkWarnings(await info(signal))),
    check("buildkit", (signal) => checkBuildKit(engine, signal)),
    check("leftovers", (signal) => checkLeftovers(engine, signal)),
    check("disk", async (signal) => {
      // The same path on an engine elsewhere is another disk.
      if (engine.endpoint.kind !== "unix") return undefined;
      const space = await localDiskSpace((await info(signal)).DockerRootDir);
      return space === undefined ? undefined : checkDisk(space);
    }),
  ]);
  if (options.container === false) return;
  // Its clean-up goes on after a time-out or an abort, and needs the engine.
  let work: ReturnType<typeof checkContainer> | undefined;
  try {
    await check("container", async (signal) => {
      const outsideName = options.outsideName ?? "example.com";
      work = checkContainer(engine, { outsideName, env, signal });
      const { container, dns, disk } = await work;
      if (dns !== undefined) results.set("dns", dns);
      if (disk !== undefined && !results.has("disk")) results.set("disk", checkDisk(disk));
      return container;
    });
  } finally {
    await work?.catch(() => {}); // what it failed with is told already
  }
}

/** Asks once; all who want to know wait for the same answer. */
function remember<T>(
  ask: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let answer: Promise<T> | undefined;
  return (signal) => answer ??= ask(signal);
}
