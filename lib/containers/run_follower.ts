import type { ContainerInspect, EngineClient } from "../engine/mod.ts";
import { pumpOutput } from "./_pump_output.ts";
import type { ContainerRuns } from "./container_runs.ts";
import type { NodeOutput } from "./node_output.ts";
import type { NodeStatus } from "./node_status.ts";

/** `docker restart` starts again some 0.3 s after the end; a `docker stop` is told this much later. */
const FOREIGN_RESTART_MS = 1_000;

/** What of a container decides whether, and how, another run of it is followed. */
export interface RunFollowerContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** The container. */
  readonly id: string;
  /** Its runs so far. */
  readonly runs: ContainerRuns;
  /** Where it is told. */
  readonly status: NodeStatus;
  /** Where its output goes. */
  readonly output: NodeOutput;
  /** Whether it has a terminal. */
  readonly isTerminal: boolean;
  /** Whether the engine checks its health. */
  readonly hasHealthCheck: boolean;
  /** Whether it was ended by us. */
  readonly isEnding: () => boolean;
  /** A restart of our own that is under way. */
  readonly restarting: () => Promise<void>;
  /** Ends the waits when it is removed. */
  readonly removed: AbortSignal;
  /** Ends the requests that live as long as the container. */
  readonly life: AbortSignal;
}

/** How a run ended. */
export interface FollowedRun {
  /** Exit code. */
  readonly code: number;
  /** Why its output is not all there, `undefined` when it is. */
  readonly pumpError: unknown;
}

/** Follows a container over its further runs: its network sees one long one. */
export class RunFollower {
  readonly #context: RunFollowerContext;

  /** Does nothing yet. */
  constructor(context: RunFollowerContext) {
    this.#context = context;
  }

  /**
   * Waits for the next run, if there will be one, and for its end.
   *
   * @param run Its number; the first one is 0.
   * @param before How the container was after the run before.
   * @param code How that one ended.
   * @returns How it ended, `undefined` when there is none.
   */
  async next(
    run: number,
    before: ContainerInspect,
    code: number,
  ): Promise<FollowedRun | undefined> {
    if (!await this.#startsAgain(before, run)) return undefined;
    const startedAtMs = await this.#nextStart(run);
    if (startedAtMs === undefined) return undefined;
    this.#context.status.note(`exit code ${code}, started again`, startedAtMs);
    return await this.#follow(run, timeOf(before.State.FinishedAt), startedAtMs);
  }

  // A restart policy starts it again, our own restart() does, or somebody with `docker restart`,
  // which nothing tells from `docker stop` until it starts.
  async #startsAgain({ State }: ContainerInspect, run: number): Promise<boolean> {
    if (State.Running || State.Status === "restarting") return true;
    const { runs, status, removed, isEnding, restarting } = this.#context;
    await restarting().catch(() => {});
    if (runs.count > run) return true;
    if (isEnding() || !runs.wasStopped) return false;
    const signal = AbortSignal.any([removed, AbortSignal.timeout(FOREIGN_RESTART_MS)]);
    const started = status.until(() => runs.count > run || undefined, signal);
    return await started.catch(() => false);
  }

  /** Waits for a start; `undefined` when somebody stopped it for good meanwhile. */
  async #nextStart(run: number): Promise<number | undefined> {
    const { runs, status, removed, life } = this.#context;
    const stop = new AbortController();
    const signal = AbortSignal.any([removed, life, stop.signal]);
    const started = status.until(() => {
      if (status.failure !== undefined) throw status.failure;
      return runs.startedAtMs(run);
    }, signal);
    const stopped = this.#untilStopped(run, signal);
    try {
      return await Promise.race([started, stopped]);
    } finally {
      stop.abort();
      await Promise.allSettled([started, stopped]);
    }
  }

  async #untilStopped(run: number, signal: AbortSignal): Promise<undefined> {
    const { engine: { containers }, id, runs } = this.#context;
    for (;;) {
      // Answers at each end, also at one that is followed by another start.
      await containers.wait(id, { signal });
      const { State } = await containers.inspect(id, { signal });
      if (!State.Running && State.Status !== "restarting" && runs.count <= run) {
        return undefined;
      }
    }
  }

  // The attached stream ends with the first run. The log takes over for the next one. Lines are
  // stamped a little after the end of their run and a little before the event of their start, so
  // the middle between the two, at least 100 ms apart, is where the log is read from.
  async #follow(run: number, endedAtMs: number, startedAtMs: number): Promise<FollowedRun> {
    const { engine, id, runs, status, output, removed, life } = this.#context;
    if (this.#context.hasHealthCheck) status.setHealth("starting");
    const signal = AbortSignal.any([removed, life]);
    const since = new Date((Math.min(endedAtMs, startedAtMs) + startedAtMs) / 2);
    const pumping = engine.containers.logs(id, { follow: true, since, signal })
      .then((log) => pumpOutput(log, output, this.#context.isTerminal))
      .then(() => undefined, (error: unknown) => error);
    const code = await status.until(() => {
      if (status.failure !== undefined) throw status.failure;
      return runs.exitCode(run);
    }, signal);
    return { code, pumpError: await pumping };
  }
}

/**
 * Reads a time of the engine's.
 *
 * @param rfc3339 What the engine tells; "0001-01-01T00:00:00Z" is its way to say never.
 * @returns Milliseconds since 1970; now where it says never, or nothing.
 */
export function timeOf(rfc3339: string | undefined): number {
  const ms = rfc3339 === undefined ? NaN : Date.parse(rfc3339);
  return Number.isNaN(ms) || ms < 0 ? Date.now() : ms;
}
