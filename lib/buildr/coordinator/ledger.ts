import type { AgentHeartbeat, BuildEvent, BuildStatus } from "../queue/events.ts";
import { type BuildJob, DEFAULT_PRIORITY } from "../queue/job.ts";
import type { DeadJob, SubmitOptions } from "../queue/transport.ts";
import { LedgerDatabase, type LedgerOptions } from "./ledger_database.ts";
import { applyEvent, finishBuild } from "./ledger_events.ts";
import {
  type Applied,
  type BuildRecord,
  type LedgerEvent,
  type ListOptions,
  readBuild,
  readEvent,
  readStage,
  type StageRecord,
} from "./ledger_records.ts";

/**
 * What the coordinator knows, on disk: every build, its events and its one result.
 *
 * What a call has returned from survives a power cut (`synchronous = FULL`). An event counts when it
 * is of the newest attempt and of the agent that began it; whatever else comes, late or twice, is
 * told apart and changes nothing. After a result nothing changes at all.
 *
 * Permissions: `--allow-read` and `--allow-write` of the file's directory.
 */
export class Ledger implements Disposable {
  readonly #database: LedgerDatabase;

  private constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  /**
   * Opens a ledger, and makes it when it is not there.
   *
   * @param path The file; `:memory:` for one that is forgotten.
   * @param options How.
   * @throws {LedgerError} when it cannot be opened, or a newer superorch has written it.
   */
  static async open(path: string, options: LedgerOptions = {}): Promise<Ledger> {
    return new Ledger(await LedgerDatabase.open(path, options));
  }

  /**
   * Notes a build that is asked for.
   *
   * @returns Whether it is new; one whose id is known is left as it is.
   * @throws {LedgerError} when it cannot be written: then nobody has it.
   */
  submit(job: BuildJob, reply: SubmitOptions = {}): boolean {
    return this.submitAll([job], reply)[0]!;
  }

  /**
   * Notes builds that are asked for, all of them or none: each write waits for the disk.
   *
   * @returns For each whether it is new.
   * @throws {LedgerError} when they cannot be written: then nobody has any of them.
   */
  submitAll(jobs: readonly BuildJob[], reply: SubmitOptions = {}): readonly boolean[] {
    return this.#database.write(
      "note a build",
      () => jobs.map((job) => this.#insertBuild(job, reply)),
    );
  }

  #insertBuild(job: BuildJob, reply: SubmitOptions): boolean {
    const { changes } = this.#database.run(
      `INSERT INTO builds (id, number, job, repo, branch, priority, concurrency, reply_to,
           correlation_id, status, submitted_at)
         VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM builds), ?, ?, ?, ?, ?, ?, ?, 'queued', ?)
         ON CONFLICT (id) DO NOTHING`,
      job.id,
      JSON.stringify(job),
      job.repo,
      job.branch ?? null,
      job.priority ?? DEFAULT_PRIORITY,
      job.concurrency ?? null,
      reply.replyTo ?? null,
      reply.correlationId ?? null,
      job.submitted_at,
    );
    return Number(changes) > 0;
  }

  /**
   * Builds to hand to the transport, best first: those with the highest priority, then the oldest;
   * of those that share a `concurrency` name only when none of that name is on its way or runs.
   */
  ready(limit: number): readonly BuildRecord[] {
    const rows = this.#database.all(
      `SELECT * FROM builds AS b
       WHERE status = 'queued' AND dispatched_at IS NULL AND cancel_requested_at IS NULL
         AND (concurrency IS NULL OR (
           NOT EXISTS (SELECT 1 FROM builds AS o WHERE o.concurrency = b.concurrency
             AND o.id <> b.id AND (o.status = 'running' OR
               (o.status = 'queued' AND o.dispatched_at IS NOT NULL)))
           AND b.id = (SELECT o.id FROM builds AS o WHERE o.concurrency = b.concurrency
             AND o.status = 'queued' AND o.dispatched_at IS NULL AND o.cancel_requested_at IS NULL
             ORDER BY o.priority DESC, o.number LIMIT 1)))
       ORDER BY priority DESC, number LIMIT ?`,
      limit,
    );
    return rows.map(readBuild);
  }

  /** How many builds the transport has that no agent has begun. */
  dispatched(): number {
    return this.#database.get(
      "SELECT count(*) AS n FROM builds WHERE status = 'queued' AND dispatched_at IS NOT NULL",
    ).n;
  }

  /** Notes that the transport has a build; `false` takes that back. */
  markDispatched(id: string, isDispatched = true): void {
    this.#database.write("note that a build was handed on", () =>
      this.#database.run(
        "UPDATE builds SET dispatched_at = ? WHERE id = ? AND status = 'queued'",
        isDispatched ? Date.now() : null,
        id,
      ));
  }

  /**
   * Notes events, all of them or none: each write waits for the disk, so many at a time are cheaper.
   *
   * @returns What became of each, and its number where it counts.
   * @throws {LedgerError} when they cannot be written: they have to come again.
   */
  apply(
    events: readonly BuildEvent[],
  ): readonly { readonly result: Applied; readonly id?: number }[] {
    return this.#database.write(
      "note events",
      () => events.map((event) => applyEvent(this.#database, event)),
    );
  }

  /**
   * Gives a build its result without an agent: it was cancelled in the queue, or given up.
   *
   * @returns The number of the event; `undefined` when it has a result already.
   */
  finish(
    id: string,
    status: BuildStatus,
    reason: string,
    agent: string,
  ): LedgerEvent | undefined {
    return this.#database.write(
      "note a result",
      () => finishBuild(this.#database, id, status, reason, agent),
    );
  }

  /**
   * Takes back that builds were handed on, and those that run: the transport has forgotten them with
   * the last coordinator, and agents end what they cannot tell about.
   */
  takeBackAll(): void {
    this.#database.write("take builds back", () =>
      this.#database.run(
        `UPDATE builds SET status = 'queued', dispatched_at = NULL
         WHERE status IN ('queued', 'running')`,
      ));
  }

  /** Keeps a dead build. */
  addDead(job: DeadJob): void {
    this.#database.write("keep a dead build", () =>
      this.#database.run(
        "INSERT OR REPLACE INTO dead VALUES (?, ?, ?)",
        job.id,
        JSON.stringify(job),
        job.diedAt,
      ));
  }

  /** Dead builds, oldest first. */
  listDead(): readonly DeadJob[] {
    return this.#database.all("SELECT job FROM dead ORDER BY died_at, id").map(({ job }) =>
      JSON.parse(job)
    );
  }

  /** Takes a dead build out. @returns Whether it was there. */
  removeDead(id: string): boolean {
    return this.#database.write(
      "drop a dead build",
      () => Number(this.#database.run("DELETE FROM dead WHERE id = ?", id).changes) > 0,
    );
  }

  /** Notes that somebody wants a build to stop. @returns The build; `undefined` if unknown. */
  requestCancel(id: string): BuildRecord | undefined {
    this.#database.write("note a wish to cancel", () =>
      this.#database.run(
        "UPDATE builds SET cancel_requested_at = coalesce(cancel_requested_at, ?) WHERE id = ?",
        Date.now(),
        id,
      ));
    return this.get(id);
  }

  /** Builds that somebody wants to stop and that have no result yet. */
  canceling(): readonly BuildRecord[] {
    return this.#database.all(
      `SELECT * FROM builds
       WHERE cancel_requested_at IS NOT NULL AND finished_at IS NULL ORDER BY number`,
    ).map(readBuild);
  }

  /** A build; `undefined` if unknown. */
  get(id: string): BuildRecord | undefined {
    const row = this.#database.get("SELECT * FROM builds WHERE id = ?", id);
    return row === undefined ? undefined : readBuild(row);
  }

  /** Builds, newest first. */
  list(options: ListOptions = {}): readonly BuildRecord[] {
    const { status, repo, branch, agent, text, before, limit = 100 } = options;
    const rows = this.#database.all(
      `SELECT * FROM builds
       WHERE (?1 IS NULL OR number < ?1) AND (?2 IS NULL OR repo = ?2)
         AND (?3 IS NULL OR status IN (SELECT value FROM json_each(?3)))
         AND (?5 IS NULL OR branch = ?5) AND (?6 IS NULL OR agent = ?6)
         AND (?7 IS NULL OR instr(lower(repo || ' ' || coalesce(branch, '') || ' ' || id), ?7) > 0)
       ORDER BY number DESC LIMIT ?4`,
      before ?? null,
      repo ?? null,
      status === undefined ? null : JSON.stringify(status),
      Math.min(limit, 1_000),
      branch ?? null,
      agent ?? null,
      text?.toLowerCase() ?? null,
    );
    return rows.map(readBuild);
  }

  /** Stages of the attempt that counts, in their order. */
  stages(id: string): readonly StageRecord[] {
    const rows = this.#database.all(
      `SELECT s.* FROM stages AS s JOIN builds AS b ON b.id = s.build AND b.attempt = s.attempt
       WHERE s.build = ? ORDER BY s.position`,
      id,
    );
    return rows.map(readStage);
  }

  /**
   * Events in the order in which they came.
   *
   * @param options `build`: of this one; `attempt`: of this one; `after`: with a larger number; `types`: of these kinds;
   * `tail`: the last ones instead of the first; `limit`: at most so many, default 1000.
   */
  events(
    { build, attempt, after = 0, types, stage, tail = false, limit = 1_000 }: {
      readonly build?: string;
      readonly attempt?: number;
      readonly after?: number;
      readonly types?: readonly string[];
      readonly stage?: string;
      readonly tail?: boolean;
      readonly limit?: number;
    } = {},
  ): readonly LedgerEvent[] {
    const rows = this.#database.all(
      `SELECT e.*, b.agent, b.lease FROM events AS e JOIN builds AS b ON b.id = e.build
       WHERE e.id > ?1 AND ${build === undefined ? "?2 IS NULL" : "e.build = ?2"}
         AND (?3 IS NULL OR e.stage = ?3) AND (?6 IS NULL OR e.attempt = ?6)
         AND (?4 IS NULL OR e.type IN (SELECT value FROM json_each(?4)))
       ORDER BY e.id ${tail ? "DESC" : "ASC"} LIMIT ?5`,
      after,
      build ?? null,
      stage ?? null,
      types === undefined ? null : JSON.stringify(types),
      limit,
      attempt ?? null,
    );
    const events = rows.map(readEvent);
    return tail ? events.reverse() : events;
  }

  /** The number of the newest event. */
  lastEventId(): number {
    return this.#database.get("SELECT coalesce(max(id), 0) AS id FROM events").id;
  }

  /** How many builds there are of each state. */
  counts(): Readonly<Partial<Record<BuildStatus, number>>> {
    const rows = this.#database.all("SELECT status, count(*) AS n FROM builds GROUP BY status");
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  }

  /** Notes what an agent says of itself. */
  noteAgent(beat: AgentHeartbeat): void {
    this.#database.write("note an agent", () =>
      this.#database.run(
        `INSERT INTO agents (name, beat, first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (name) DO UPDATE SET beat = ?2, last_seen_at = ?3`,
        beat.agent,
        JSON.stringify(beat),
        Date.now(),
      ));
  }

  /** Agents that have been heard of, and when. */
  agents(): readonly { readonly beat: AgentHeartbeat; readonly lastSeenAt: number }[] {
    const rows = this.#database.all("SELECT beat, last_seen_at FROM agents ORDER BY name");
    return rows.map((row) => ({ beat: JSON.parse(row.beat), lastSeenAt: row.last_seen_at }));
  }

  /** Forgets an agent. */
  removeAgent(name: string): void {
    this.#database.write(
      "forget an agent",
      () => this.#database.run("DELETE FROM agents WHERE name = ?", name),
    );
  }

  /** Notes how many builds wait and run now, for the plot. */
  noteDepth(at: number = Date.now()): void {
    const { queued = 0, running = 0 } = this.counts();
    this.#database.write(
      "note the depth",
      () =>
        this.#database.run("INSERT OR REPLACE INTO depths VALUES (?, ?, ?)", at, queued, running),
    );
  }

  /** How many builds waited and ran, oldest first. */
  depths(
    since: number,
  ): readonly { readonly at: number; readonly queued: number; readonly running: number }[] {
    return this.#database.all("SELECT * FROM depths WHERE at >= ? ORDER BY at", since);
  }

  /**
   * Forgets what is old: builds that had their result before `before`, all but the newest `keep`
   * of them, and depths.
   *
   * @returns How many builds.
   */
  expire(before: number, keep = 0): number {
    return this.#database.write("forget old builds", () => {
      const { changes } = this.#database.run(
        `DELETE FROM builds WHERE finished_at < ?1 AND number NOT IN
           (SELECT number FROM builds WHERE finished_at IS NOT NULL ORDER BY number DESC LIMIT ?2)`,
        before,
        keep,
      );
      this.#database.run("DELETE FROM depths WHERE at < ?", before);
      return Number(changes);
    });
  }

  /** Closes the file. */
  close(): void {
    this.#database[Symbol.dispose]();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}
