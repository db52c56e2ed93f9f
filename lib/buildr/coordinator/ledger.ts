import { errorMessage } from "../../errors/mod.ts";
import {
  type AgentHeartbeat,
  type BuildEvent,
  type BuildStatus,
  isFinal,
  type StageStatus,
} from "../queue/events.ts";
import { type BuildJob, DEFAULT_PRIORITY } from "../queue/job.ts";
import type { DeadJob, SubmitOptions } from "../queue/transport.ts";
import { MIGRATIONS } from "./ledger_schema.ts";

/** What is known of a build. */
export interface BuildRecord {
  /** What was asked for. */
  readonly job: BuildJob;
  /** Its place among all, from 1. */
  readonly number: number;
  /** Where it stands. */
  readonly status: BuildStatus;
  /** The attempt that counts; 0 before the first. */
  readonly attempt: number;
  /** Who runs it, or ran it. */
  readonly agent?: string;
  /** Why it ended so. */
  readonly reason?: string;
  /** Details of the result. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** When it was asked for; all times are milliseconds since 1970. */
  readonly submittedAt: number;
  /** When the attempt that counts began. */
  readonly startedAt?: number;
  /** When it had its result. */
  readonly finishedAt?: number;
  /** When somebody wanted it to stop. */
  readonly cancelRequestedAt?: number;
  /** How many events of the attempt never came. */
  readonly lostEvents: number;
  /** Queue that gets the first program's back-channel, and what is sent back with it. */
  readonly reply: SubmitOptions;
}

/** A stage of a build's attempt. */
export interface StageRecord {
  /** Id of stage and row. */
  readonly stage: string;
  /** Where it stands. */
  readonly status: StageStatus;
  /** When it began. */
  readonly startedAt?: number;
  /** When it ended. */
  readonly finishedAt?: number;
  /** What its events said about it. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An event with the number that followers count by. */
export interface LedgerEvent extends BuildEvent {
  /** Grows over all builds. */
  readonly id: number;
}

/** Which builds to list: newest first. */
export interface ListOptions {
  /** Only these states. */
  readonly status?: readonly BuildStatus[];
  /** Only this repository. */
  readonly repo?: string;
  /** Only this branch. */
  readonly branch?: string;
  /** Only what this agent runs or ran. */
  readonly agent?: string;
  /** Only where the repository, the branch or the id contains this. */
  readonly text?: string;
  /** Only builds with a smaller number: the next page. */
  readonly before?: number;
  /** At most so many. Default 100, at most 1000. */
  readonly limit?: number;
}

/** What became of an event. */
export type Applied =
  /** It counts. */
  | "accepted"
  /** It has come before. */
  | "duplicate"
  /** It is of an attempt, or an agent, that does not count any more. */
  | "stale"
  /** Nobody knows the build. */
  | "unknown";

/** The ledger cannot write or read: the disk is full, or another program holds it. */
export class LedgerError extends Error {
  /** The name of the class. */
  override readonly name = "LedgerError";
}

/** How a ledger is opened. */
export interface LedgerOptions {
  /** How long another program may hold it. Default 2 s. */
  readonly busyTimeoutMs?: number;
}

// deno-lint-ignore no-explicit-any -- rows are what SQLite says they are
type Row = any;
type Database = import("node:sqlite").DatabaseSync;

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
  readonly #database: Database;
  readonly #statements = new Map<string, ReturnType<Database["prepare"]>>();

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens a ledger, and makes it when it is not there.
   *
   * @param path The file; `:memory:` for one that is forgotten.
   * @param options How.
   * @throws {LedgerError} when it cannot be opened, or a newer superorch has written it.
   */
  static async open(path: string, { busyTimeoutMs = 2_000 }: LedgerOptions = {}): Promise<Ledger> {
    const { DatabaseSync } = await import("node:sqlite");
    let database: Database | undefined;
    try {
      database = new DatabaseSync(path);
      database.exec(`
        PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
      `);
      migrate(database, path);
    } catch (cause) {
      database?.close();
      if (cause instanceof LedgerError) throw cause;
      throw new LedgerError(`Cannot open the ledger "${path}": ${errorMessage(cause)}`, { cause });
    }
    return new Ledger(database);
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
    return this.#write("note a build", () => jobs.map((job) => this.#insertBuild(job, reply)));
  }

  #insertBuild(job: BuildJob, reply: SubmitOptions): boolean {
    const { changes } = this.#run(
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
    const rows = this.#all(
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
    return this.#get(
      "SELECT count(*) AS n FROM builds WHERE status = 'queued' AND dispatched_at IS NOT NULL",
    ).n;
  }

  /** Notes that the transport has a build; `false` takes that back. */
  markDispatched(id: string, isDispatched = true): void {
    this.#write("note that a build was handed on", () =>
      this.#run(
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
    return this.#write("note events", () => events.map((event) => this.#applyOne(event)));
  }

  #applyOne(event: BuildEvent): { readonly result: Applied; readonly id?: number } {
    const build = this.#get(
      "SELECT status, attempt, lease, next_seq FROM builds WHERE id = ?",
      event.build,
    );
    if (build === undefined) return { result: "unknown" };
    if (isFinal(build.status)) {
      const isOurs = build.attempt === event.attempt && build.lease === event.lease;
      return { result: isOurs && event.seq < build.next_seq ? "duplicate" : "stale" };
    }
    if (event.attempt < build.attempt) return { result: "stale" };
    if (event.attempt === build.attempt && build.lease !== event.lease) {
      return { result: "stale" };
    }
    const isNew = event.attempt > build.attempt;
    if (!isNew && event.seq < build.next_seq) return { result: "duplicate" };
    const expected = isNew ? 0 : build.next_seq;
    this.#run(
      `UPDATE builds SET attempt = ?, lease = ?, agent = ?, next_seq = ?, status = ?,
           lost_events = CASE WHEN ? THEN 0 ELSE lost_events END + ?,
           started_at = CASE WHEN ? THEN ? ELSE started_at END
         WHERE id = ?`,
      event.attempt,
      event.lease,
      event.agent,
      event.seq + 1,
      "running",
      isNew ? 1 : 0,
      event.seq - expected,
      isNew ? 1 : 0,
      event.ts,
      event.build,
    );
    this.#applyDetails(event);
    return { result: "accepted", id: this.#insertEvent(event) };
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
    return this.#write("note a result", () => {
      const build = this.#get("SELECT status, attempt, next_seq FROM builds WHERE id = ?", id);
      if (build === undefined || isFinal(build.status)) return undefined;
      const event: BuildEvent = {
        v: 1,
        build: id,
        attempt: build.attempt,
        agent,
        lease: agent,
        seq: build.next_seq,
        ts: Date.now(),
        type: "finished",
        status,
        data: reason,
      };
      // From now on no agent may tell about it.
      this.#run("UPDATE builds SET lease = ?, next_seq = next_seq + 1 WHERE id = ?", agent, id);
      this.#applyDetails(event);
      return { ...event, id: this.#insertEvent(event) };
    });
  }

  /**
   * Takes back that builds were handed on, and those that run: the transport has forgotten them with
   * the last coordinator, and agents end what they cannot tell about.
   */
  takeBackAll(): void {
    this.#write("take builds back", () =>
      this.#run(
        `UPDATE builds SET status = 'queued', dispatched_at = NULL
         WHERE status IN ('queued', 'running')`,
      ));
  }

  /** Keeps a dead build. */
  addDead(job: DeadJob): void {
    this.#write("keep a dead build", () =>
      this.#run(
        "INSERT OR REPLACE INTO dead VALUES (?, ?, ?)",
        job.id,
        JSON.stringify(job),
        job.diedAt,
      ));
  }

  /** Dead builds, oldest first. */
  listDead(): readonly DeadJob[] {
    return this.#all("SELECT job FROM dead ORDER BY died_at, id").map(({ job }) => JSON.parse(job));
  }

  /** Takes a dead build out. @returns Whether it was there. */
  removeDead(id: string): boolean {
    return this.#write(
      "drop a dead build",
      () => Number(this.#run("DELETE FROM dead WHERE id = ?", id).changes) > 0,
    );
  }

  /** Notes that somebody wants a build to stop. @returns The build; `undefined` if unknown. */
  requestCancel(id: string): BuildRecord | undefined {
    this.#write("note a wish to cancel", () =>
      this.#run(
        "UPDATE builds SET cancel_requested_at = coalesce(cancel_requested_at, ?) WHERE id = ?",
        Date.now(),
        id,
      ));
    return this.get(id);
  }

  /** A build; `undefined` if unknown. */
  get(id: string): BuildRecord | undefined {
    const row = this.#get("SELECT * FROM builds WHERE id = ?", id);
    return row === undefined ? undefined : readBuild(row);
  }

  /** Builds, newest first. */
  list(options: ListOptions = {}): readonly BuildRecord[] {
    const { status, repo, branch, agent, text, before, limit = 100 } = options;
    const rows = this.#all(
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
    const rows = this.#all(
      `SELECT s.* FROM stages AS s JOIN builds AS b ON b.id = s.build AND b.attempt = s.attempt
       WHERE s.build = ? ORDER BY s.position`,
      id,
    );
    return rows.map((row) => ({
      stage: row.stage,
      status: row.status,
      ...optional({ startedAt: row.started_at, finishedAt: row.finished_at }),
      ...(row.detail === null ? {} : { detail: JSON.parse(row.detail) }),
    }));
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
    const rows = this.#all(
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
    return this.#get("SELECT coalesce(max(id), 0) AS id FROM events").id;
  }

  /** How many builds there are of each state. */
  counts(): Readonly<Partial<Record<BuildStatus, number>>> {
    const rows = this.#all("SELECT status, count(*) AS n FROM builds GROUP BY status");
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  }

  /** Notes what an agent says of itself. */
  noteAgent(beat: AgentHeartbeat): void {
    this.#write("note an agent", () =>
      this.#run(
        `INSERT INTO agents (name, beat, first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (name) DO UPDATE SET beat = ?2, last_seen_at = ?3`,
        beat.agent,
        JSON.stringify(beat),
        Date.now(),
      ));
  }

  /** Agents that have been heard of, and when. */
  agents(): readonly { readonly beat: AgentHeartbeat; readonly lastSeenAt: number }[] {
    const rows = this.#all("SELECT beat, last_seen_at FROM agents ORDER BY name");
    return rows.map((row) => ({ beat: JSON.parse(row.beat), lastSeenAt: row.last_seen_at }));
  }

  /** Forgets an agent. */
  removeAgent(name: string): void {
    this.#write("forget an agent", () => this.#run("DELETE FROM agents WHERE name = ?", name));
  }

  /** Notes how many builds wait and run now, for the plot. */
  noteDepth(at: number = Date.now()): void {
    const { queued = 0, running = 0 } = this.counts();
    this.#write(
      "note the depth",
      () => this.#run("INSERT OR REPLACE INTO depths VALUES (?, ?, ?)", at, queued, running),
    );
  }

  /** How many builds waited and ran, oldest first. */
  depths(
    since: number,
  ): readonly { readonly at: number; readonly queued: number; readonly running: number }[] {
    return this.#all("SELECT * FROM depths WHERE at >= ? ORDER BY at", since);
  }

  /**
   * Forgets what is old: builds that had their result before `before`, all but the newest `keep`
   * of them, and depths.
   *
   * @returns How many builds.
   */
  expire(before: number, keep = 0): number {
    return this.#write("forget old builds", () => {
      const { changes } = this.#run(
        `DELETE FROM builds WHERE finished_at < ?1 AND number NOT IN
           (SELECT number FROM builds WHERE finished_at IS NOT NULL ORDER BY number DESC LIMIT ?2)`,
        before,
        keep,
      );
      this.#run("DELETE FROM depths WHERE at < ?", before);
      return Number(changes);
    });
  }

  /** Closes the file. */
  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #applyDetails(event: BuildEvent): void {
    const detail = event.detail === undefined ? null : JSON.stringify(event.detail);
    if (event.type === "finished") {
      this.#run(
        "UPDATE builds SET status = ?, reason = ?, detail = ?, finished_at = ? WHERE id = ?",
        event.status ?? "error",
        event.data ?? null,
        detail,
        event.ts,
        event.build,
      );
    } else if (event.type === "stage" && event.stage !== undefined) {
      const status = event.status ?? "running";
      this.#run(
        `INSERT INTO stages (build, attempt, stage, position, status, started_at, finished_at, detail)
         VALUES (?1, ?2, ?3, (SELECT count(*) FROM stages WHERE build = ?1 AND attempt = ?2),
           ?4, ?5, ?6, ?7)
         ON CONFLICT (build, attempt, stage) DO UPDATE SET status = ?4,
           started_at = coalesce(started_at, ?5), finished_at = ?6,
           detail = CASE WHEN ?7 IS NULL THEN detail
             ELSE json_patch(coalesce(detail, '{}'), ?7) END`,
        event.build,
        event.attempt,
        event.stage,
        status,
        status === "waiting" ? null : event.ts,
        status === "waiting" || status === "running" ? null : event.ts,
        detail,
      );
    }
  }

  #insertEvent(event: BuildEvent): number {
    const { lastInsertRowid } = this.#run(
      `INSERT INTO events (build, attempt, seq, ts, type, stage, status, data, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event.build,
      event.attempt,
      event.seq,
      event.ts,
      event.type,
      event.stage ?? null,
      event.status ?? null,
      event.data ?? null,
      event.detail === undefined ? null : JSON.stringify(event.detail),
    );
    return Number(lastInsertRowid);
  }

  /** Does all of it or nothing. */
  #write<T>(what: string, work: () => T): T {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
    } catch (cause) {
      throw new LedgerError(`The ledger cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
    try {
      const value = work();
      this.#database.exec("COMMIT");
      return value;
    } catch (cause) {
      // A full disk may have rolled it back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw new LedgerError(`The ledger cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
  }

  #prepare(sql: string): ReturnType<Database["prepare"]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, ...values: (string | number | null)[]) {
    return this.#prepare(sql).run(...values);
  }

  #get(sql: string, ...values: (string | number | null)[]): Row {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#prepare(sql).all(...values);
  }
}

function migrate(database: Database, path: string): void {
  const row = database.prepare("PRAGMA user_version").get() as { readonly user_version: number };
  const version = row.user_version;
  if (version > MIGRATIONS.length) {
    throw new LedgerError(
      `The ledger "${path}" has version ${version}, and this superorch knows ${MIGRATIONS.length}`,
    );
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    // Two programs may open it at once: the second one finds it done.
    database.exec("BEGIN IMMEDIATE");
    const now = database.prepare("PRAGMA user_version").get() as { readonly user_version: number };
    if (now.user_version === step) {
      database.exec(`${MIGRATIONS[step]}; PRAGMA user_version = ${step + 1}`);
    }
    database.exec("COMMIT");
  }
}

function optional<T extends Record<string, unknown>>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}

function readBuild(row: Row): BuildRecord {
  return {
    job: JSON.parse(row.job),
    number: row.number,
    status: row.status,
    attempt: row.attempt,
    submittedAt: row.submitted_at,
    lostEvents: row.lost_events,
    reply: optional({ replyTo: row.reply_to, correlationId: row.correlation_id }),
    ...optional({
      agent: row.agent,
      reason: row.reason,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      cancelRequestedAt: row.cancel_requested_at,
    }),
    ...(row.detail === null ? {} : { detail: JSON.parse(row.detail) }),
  };
}

function readEvent(row: Row): LedgerEvent {
  return {
    id: row.id,
    v: 1,
    build: row.build,
    attempt: row.attempt,
    agent: row.agent ?? "",
    lease: row.lease ?? "",
    seq: row.seq,
    ts: row.ts,
    type: row.type,
    ...optional({ stage: row.stage, status: row.status, data: row.data }),
    ...(row.detail === null ? {} : { detail: JSON.parse(row.detail) }),
  };
}
