import type { BuildEvent, BuildStatus, StageStatus } from "../queue/events.ts";
import type { BuildJob } from "../queue/job.ts";
import type { SubmitOptions } from "../queue/transport.ts";
import type { Row } from "./ledger_database.ts";

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

function optional<T extends Record<string, unknown>>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}

/** Makes a build of a row of `builds`. */
export function readBuild(row: Row): BuildRecord {
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

/** Makes a stage of a row of `stages`. */
export function readStage(row: Row): StageRecord {
  return {
    stage: row.stage,
    status: row.status,
    ...optional({ startedAt: row.started_at, finishedAt: row.finished_at }),
    ...(row.detail === null ? {} : { detail: JSON.parse(row.detail) }),
  };
}

/** Makes an event of a row of `events`, with agent and lease of its build. */
export function readEvent(row: Row): LedgerEvent {
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
