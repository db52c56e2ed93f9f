/**
 * What the ledger's database looks like, one step after the other: step N brings a file of version
 * N to version N + 1 (`PRAGMA user_version`). Steps that were published are never changed.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE builds (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,        -- in the order of submission, from 1
    job TEXT NOT NULL,                     -- the job as JSON
    repo TEXT NOT NULL,
    branch TEXT,
    priority INTEGER NOT NULL,
    concurrency TEXT,                      -- only one build with this name runs at a time
    reply_to TEXT,
    correlation_id TEXT,
    status TEXT NOT NULL,                  -- queued running passed failed error canceled timeout
    attempt INTEGER NOT NULL DEFAULT 0,    -- the one that counts, 0 before the first
    lease TEXT,                            -- who may tell about it
    agent TEXT,
    next_seq INTEGER NOT NULL DEFAULT 0,   -- the next event of the attempt
    lost_events INTEGER NOT NULL DEFAULT 0,
    detail TEXT,                           -- of the result, as JSON
    reason TEXT,                           -- of the result, for people
    submitted_at INTEGER NOT NULL,         -- all times: milliseconds since 1970
    dispatched_at INTEGER,                 -- when the transport took it
    started_at INTEGER,
    finished_at INTEGER,
    cancel_requested_at INTEGER
  ) STRICT;
  CREATE INDEX builds_by_status ON builds (status, priority DESC, number);
  CREATE INDEX builds_by_number ON builds (number DESC);
  CREATE INDEX builds_dispatched ON builds (status) WHERE dispatched_at IS NOT NULL;
  CREATE INDEX builds_by_concurrency ON builds (concurrency, status)
    WHERE concurrency IS NOT NULL;

  CREATE TABLE stages (
    build TEXT NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    stage TEXT NOT NULL,                   -- id of stage and row
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    detail TEXT,                           -- JSON
    PRIMARY KEY (build, attempt, stage)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,                -- grows over all builds: what followers count by
    build TEXT NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    type TEXT NOT NULL,
    stage TEXT,
    status TEXT,
    data TEXT,
    detail TEXT,                           -- JSON
    UNIQUE (build, attempt, seq)
  ) STRICT;
  CREATE INDEX events_by_build ON events (build, id);

  CREATE TABLE agents (
    name TEXT PRIMARY KEY,
    beat TEXT NOT NULL,                    -- the last heartbeat as JSON
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dead (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,                     -- all of it as JSON
    died_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE depths (
    at INTEGER PRIMARY KEY,                -- once in a while, for the plot
    queued INTEGER NOT NULL,
    running INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Looked at every second, with ten thousand builds in the queue.
  CREATE INDEX builds_canceling ON builds (number)
    WHERE cancel_requested_at IS NOT NULL AND finished_at IS NULL;
  `,
];
