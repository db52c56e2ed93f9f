import {
  type AgentHeartbeat,
  type BuildEvent,
  type BuildStatus,
  isFinal,
} from "../queue/events.ts";
import { JobRefusedError } from "../queue/job.ts";
import type { RepositoryPolicy } from "../queue/repository.ts";
import type {
  CoordinatorTransport,
  DeadJob,
  SeedSubmission,
  SubmitOptions,
} from "../queue/transport.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Followers, type FollowOptions } from "./followers.ts";
import type { Ledger } from "./ledger.ts";
import type { Applied, BuildRecord, LedgerEvent } from "./ledger_records.ts";
import { type Submission, Submissions, type Submitted } from "./submissions.ts";
import { WriteBatch } from "./write_batch.ts";

/** What a coordinator is made of. */
export interface CoordinatorOptions {
  /** What it knows. */
  readonly ledger: Ledger;
  /** The way to the agents; it is connected by {@linkcode Coordinator.start}. */
  readonly transport: CoordinatorTransport;
  /** Name under which it tells about builds. Default `coordinator`. */
  readonly name?: string;
  /** Which repositories are taken. Default every one that is no path. */
  readonly repositories?: RepositoryPolicy;
  /**
   * How many builds may wait at the transport beyond the free slots: those are past cancelling
   * without a trace and past being overtaken. Default 4.
   */
  readonly lookahead?: number;
  /** How long an agent may be silent before it counts as gone. Default 30 s. */
  readonly agentTimeoutMs?: number;
  /** How long results are kept. Default 30 days. */
  readonly retentionMs?: number;
  /** How many of the newest results are kept however old they are. Default 100. */
  readonly retentionCount?: number;
  /** Told when something goes wrong that nobody waits for. Default nobody. */
  readonly onProblem?: (error: unknown) => void;
}

/** How long an agent may be silent before it counts as gone. */
const DEFAULT_AGENT_TIMEOUT_MS = 30_000;
/** How long an event may wait to be written with others. */
const EVENT_WAIT_MS = 10;
/** Most events of one write. */
const MAX_EVENTS = 500;
/** How often it looks after itself. */
const TICK_MS = 1_000;
/** How often the number of waiting builds is noted for the plot. */
const DEPTH_MS = 10_000;
/** How long an agent may take to end a build that is cancelled, before that counts without it. */
const CANCEL_PATIENCE_MS = 10_000;

/**
 * Hands builds to agents in the right order, knows what became of them, and tells whoever asks.
 *
 * It decides nothing that a crash could lose: builds and results are in the {@linkcode Ledger}
 * before anybody hears of them, and agents go on without it.
 *
 * Permissions: those of the ledger and the transport.
 */
export class Coordinator implements AsyncDisposable {
  /** What it knows; to be read only. */
  readonly ledger: Ledger;
  readonly #options: CoordinatorOptions;
  readonly #transport: CoordinatorTransport;
  readonly #name: string;
  readonly #agentTimeoutMs: number;
  readonly #batch: WriteBatch<BuildEvent, Applied>;
  readonly #followers: Followers;
  readonly #dispatcher: Dispatcher;
  readonly #submissions: Submissions;
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  private constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.ledger = options.ledger;
    this.#transport = options.transport;
    this.#name = options.name ?? "coordinator";
    this.#batch = new WriteBatch({
      write: (events) => this.#record(events),
      waitMs: EVENT_WAIT_MS,
      maxItems: MAX_EVENTS,
    });
    const { ledger, transport, repositories, agentTimeoutMs = DEFAULT_AGENT_TIMEOUT_MS } = options;
    this.#agentTimeoutMs = agentTimeoutMs;
    this.#followers = new Followers(ledger);
    this.#dispatcher = new Dispatcher({
      ledger,
      transport,
      lookahead: options.lookahead ?? 4,
      agentTimeoutMs,
      onProblem: (error) => options.onProblem?.(error),
    });
    this.#submissions = new Submissions({
      ledger,
      repositories,
      onNew: () => {
        this.#followers.notify();
        this.#dispatcher.look();
      },
    });
  }

  /**
   * Starts one. Whoever disposes it closes the transport, and not the ledger.
   *
   * @throws {TransportError} when there is nobody to talk to.
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    const coordinator = new Coordinator(options);
    await coordinator.#begin();
    return coordinator;
  }

  async #begin(): Promise<void> {
    const transport = this.#transport;
    if (!transport.keepsBuilds) this.ledger.takeBackAll();
    transport.onEvent(async (event) => void await this.#batch.add([event]));
    transport.onHeartbeat((beat) => this.#hear(beat));
    transport.onSeedJob((seed) => this.#takeSeedJob(seed));
    await transport.connect();
    this.#timers.push(setInterval(() => this.#attempt(() => this.#tick()), TICK_MS));
    this.#timers.push(
      setInterval(() => this.#attempt(() => this.ledger.noteDepth()), DEPTH_MS),
    );
    this.#dispatcher.look();
  }

  /** The transport, for people. */
  get transportName(): string {
    return this.#transport.name;
  }

  /** Whether builds can be handed on now. */
  isHealthy(): boolean {
    return this.#transport.isHealthy();
  }

  /**
   * Takes a build on. When this returns it is on disk.
   *
   * @param submission What to build; one whose id is known is not taken a second time.
   * @param reply The first program's back-channel.
   * @returns What is known of it now.
   * @throws {JobRefusedError} when it is no build, or its repository is not allowed.
   * @throws {LedgerError} when the ledger cannot write: nobody has it.
   */
  submit(submission: Submission, reply: SubmitOptions = {}): BuildRecord {
    return this.submitAll([submission], reply)[0]!.build;
  }

  /**
   * Takes many builds on, all of them or none. When this returns they are on disk.
   *
   * @param submissions What to build.
   * @param reply The first program's back-channel.
   * @returns For each what is known of it now, and whether it is new.
   * @throws {JobRefusedError} when one is no build; with several, the mistakes say which one.
   * @throws {LedgerError} when the ledger cannot write: nobody has any of them.
   */
  submitAll(
    submissions: readonly Submission[],
    reply: SubmitOptions = {},
  ): readonly Submitted[] {
    return this.#submissions.takeAll(submissions, reply);
  }

  /**
   * Takes builds on together with those that others submit at the same time: each write waits for
   * the disk, so a hundred of them in one are as fast as one.
   *
   * @param submissions What to build.
   * @returns As {@linkcode submitAll}; when it is resolved, they are on disk.
   * @throws {JobRefusedError} when one is no build; nobody else's are concerned.
   * @throws {LedgerError} when the ledger cannot write: nobody has any of them.
   */
  submitSoon(
    submissions: readonly Submission[],
  ): Promise<readonly Submitted[]> {
    return this.#submissions.takeSoon(submissions);
  }

  /**
   * Calls back whenever something may have changed, without saying what.
   *
   * @returns Ends that.
   */
  onChange(listener: () => void): () => void {
    return this.#followers.add(listener);
  }

  /**
   * Asks for what was built once more, under a new id.
   *
   * @returns The new build; `undefined` when the id is unknown.
   */
  retry(id: string): BuildRecord | undefined {
    const build = this.ledger.get(id);
    if (build === undefined) return undefined;
    const { v: _v, id: _id, submitted_at: _at, ...job } = build.job;
    return this.submit(job);
  }

  /**
   * Stops a build: one that waits never starts, one that runs is ended.
   *
   * @returns The build; `undefined` when the id is unknown. One that has a result keeps it.
   */
  async cancel(id: string, reason = "cancelled"): Promise<BuildRecord | undefined> {
    const build = this.ledger.requestCancel(id);
    if (build === undefined || isFinal(build.status)) return build;
    if (build.status === "queued") {
      this.ledger.finish(id, "canceled", reason, this.#name);
      this.#followers.notify();
    }
    // Also when it waits: an agent may be taking it at this moment.
    await this.#transport.control({ v: 1, type: "cancel", build: id, reason });
    return this.ledger.get(id);
  }

  /** Lets an agent, or all of them, take no more builds. */
  async drain(agent?: string): Promise<void> {
    await this.#transport.control({
      v: 1,
      type: "drain",
      ...(agent === undefined ? {} : { agent }),
    });
  }

  /** Agents that have been heard of lately, by name. */
  agents(): readonly (AgentHeartbeat & { readonly isAlive: boolean; readonly heardAt: number })[] {
    const limit = Date.now() - this.#agentTimeoutMs;
    return this.ledger.agents().map(({ beat, lastSeenAt }) => ({
      ...beat,
      heardAt: lastSeenAt,
      isAlive: lastSeenAt >= limit,
    }));
  }

  /** Builds that nobody runs any more. */
  async dead(): Promise<readonly DeadJob[]> {
    return (await this.#transport.dead()).map((job) => ({
      ...job,
      lastLines: job.lastLines.length > 0 ? job.lastLines : this.#lastLines(job.id),
    }));
  }

  /** Takes a dead build on again, under a new id. @returns The new build, if it was one. */
  async retryDead(id: string): Promise<BuildRecord | undefined> {
    const dead = (await this.#transport.dead()).find((job) => job.id === id);
    if (dead?.job === undefined) return undefined;
    const { v: _v, id: _id, submitted_at: _at, ...job } = dead.job;
    // First the new one: a crash in between must not lose it.
    const build = this.submit(job);
    await this.#transport.removeDead(id);
    return build;
  }

  /** Drops a dead build. @returns Whether it was there. */
  async dropDead(id: string): Promise<boolean> {
    return await this.#transport.removeDead(id);
  }

  /**
   * Events as they come, from the ledger: nothing is missed, however slow the reader is.
   *
   * @param options `after`: with a larger number, default only new ones; `build`: of this one, and
   * then it ends after the result; `signal`: ends it.
   */
  follow(options: FollowOptions = {}): AsyncIterable<LedgerEvent> {
    return this.#followers.follow(options);
  }

  /** Notes what has come, and closes the transport. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const dispatching = this.#dispatcher.close();
    this.#submissions.flush();
    this.#followers.close();
    await dispatching;
    this.#batch.flush();
    await this.#transport[Symbol.asyncDispose]();
  }

  #hear(beat: AgentHeartbeat): void {
    this.#attempt(() => this.ledger.noteAgent(beat));
    this.#dispatcher.hear(beat);
  }

  #takeSeedJob({ repo, branch, ...reply }: SeedSubmission): Promise<void> {
    try {
      this.submit({ repo, ...(branch === undefined ? {} : { branch }) }, reply);
    } catch (error) {
      // An agent would refuse it too, and answers on the back-channel: let it.
      if (!(error instanceof JobRefusedError)) return Promise.reject(error);
      const job = { v: 1, id: crypto.randomUUID(), repo, submitted_at: Date.now() } as const;
      this.ledger.submit(job, reply);
      this.ledger.finish(job.id, "error", error.message, this.#name);
      this.#followers.notify();
    }
    return Promise.resolve();
  }

  /** Notes events, and ends what should not run. */
  #record(events: readonly BuildEvent[]): readonly Applied[] {
    const results = this.ledger.apply(events).map(({ result }) => result);
    let mayDispatch = false;
    for (const [index, result] of results.entries()) {
      const event = events[index]!;
      if (result === "accepted" && event.type === "finished") mayDispatch = true;
      if (result === "accepted" && event.type === "started") {
        mayDispatch = true;
        const build = this.ledger.get(event.build);
        if (build?.cancelRequestedAt !== undefined) this.#cancelLease(event, "cancelled");
      }
      // It works for nothing: the build has a result, or another agent has it.
      if (result === "stale" && event.type === "started") this.#cancelLease(event, "superseded");
    }
    this.#followers.notify();
    if (mayDispatch) this.#dispatcher.look();
    return results;
  }

  #cancelLease({ build, lease }: BuildEvent, reason: string): void {
    this.#transport.control({ v: 1, type: "cancel", build, lease, reason })
      .catch((error) => this.#options.onProblem?.(error));
  }

  #tick(): void {
    const now = Date.now();
    for (const { job, status, cancelRequestedAt = now } of this.ledger.canceling()) {
      // One in the queue was left there by a coordinator that ended between the wish and its result.
      const isLate = status === "queued" || now - cancelRequestedAt >= CANCEL_PATIENCE_MS;
      if (!isLate) continue;
      const reason = status === "queued" ? "cancelled" : "cancelled; its agent is silent";
      this.ledger.finish(job.id, "canceled", reason, this.#name);
      this.#followers.notify();
    }
    const { retentionMs = 30 * 24 * 3600_000, retentionCount = 100 } = this.#options;
    this.ledger.expire(now - retentionMs, retentionCount);
    this.#dispatcher.look();
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onProblem?.(error);
    }
  }

  #lastLines(build: string): readonly string[] {
    const events = this.ledger.events({ build, types: ["log"], tail: true, limit: 20 });
    const text = events.map(({ data }) => data ?? "").join("");
    return text.split("\n").filter((line) => line !== "").slice(-20);
  }
}

/** Whether a text names a state of a build. */
export function isBuildStatus(text: string): text is BuildStatus {
  return ["queued", "running"].includes(text) || isFinal(text);
}
