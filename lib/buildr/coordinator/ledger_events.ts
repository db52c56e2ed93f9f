import { type BuildEvent, type BuildStatus, isFinal } from "../queue/events.ts";
import type { LedgerDatabase } from "./ledger_database.ts";
import type { Applied, LedgerEvent } from "./ledger_records.ts";

/**
 * Notes an event, within a write. It counts when it is of the newest attempt and of the agent that
 * began it; whatever else comes, late or twice, is told apart and changes nothing. After a result
 * nothing changes at all.
 *
 * @returns What became of it, and its number where it counts.
 */
export function applyEvent(
  database: LedgerDatabase,
  event: BuildEvent,
): { readonly result: Applied; readonly id?: number } {
  const build = database.get(
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
  database.run(
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
  noteDetails(database, event);
  return { result: "accepted", id: insertEvent(database, event) };
}

/**
 * Gives a build its result without an agent, within a write.
 *
 * @returns The event with its number; `undefined` when it has a result already.
 */
export function finishBuild(
  database: LedgerDatabase,
  id: string,
  status: BuildStatus,
  reason: string,
  agent: string,
): LedgerEvent | undefined {
  const build = database.get("SELECT status, attempt, next_seq FROM builds WHERE id = ?", id);
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
  database.run("UPDATE builds SET lease = ?, next_seq = next_seq + 1 WHERE id = ?", agent, id);
  noteDetails(database, event);
  return { ...event, id: insertEvent(database, event) };
}

/** What an event says of its stage, or of the result. */
function noteDetails(database: LedgerDatabase, event: BuildEvent): void {
  const detail = event.detail === undefined ? null : JSON.stringify(event.detail);
  if (event.type === "finished") {
    database.run(
      "UPDATE builds SET status = ?, reason = ?, detail = ?, finished_at = ? WHERE id = ?",
      event.status ?? "error",
      event.data ?? null,
      detail,
      event.ts,
      event.build,
    );
  } else if (event.type === "stage" && event.stage !== undefined) {
    const status = event.status ?? "running";
    database.run(
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

function insertEvent(database: LedgerDatabase, event: BuildEvent): number {
  const { lastInsertRowid } = database.run(
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
