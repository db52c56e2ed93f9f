import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import { MIGRATIONS } from "../../lib/buildr/coordinator/ledger_schema.ts";
import { LedgerError } from "../../lib/buildr/coordinator/ledger_database.ts";
import type { BuildEvent } from "../../lib/buildr/queue/events.ts";
import type { BuildJob } from "../../lib/buildr/queue/job.ts";
import { smallDisk, whyNoSmallDisk } from "../support/small_disk.ts";

function job(id: string, more: Partial<BuildJob> = {}): BuildJob {
  return { v: 1, id, repo: "https://example.org/x", submitted_at: 1_000, ...more };
}

function event(build: string, seq: number, more: Partial<BuildEvent> = {}): BuildEvent {
  return {
    v: 1,
    build,
    attempt: 1,
    agent: "one",
    lease: "l1",
    seq,
    ts: 2_000 + seq,
    type: "log",
    data: `line ${seq}`,
    ...more,
  };
}

function applied(ledger: Ledger, ...events: readonly BuildEvent[]): readonly string[] {
  return ledger.apply(events).map(({ result }) => result);
}

Deno.test("a build is noted once under its id, and numbered", async () => {
  using ledger = await Ledger.open(":memory:");
  assert.equal(ledger.submit(job("a"), { replyTo: "q", correlationId: "c" }), true);
  assert.equal(ledger.submit(job("a", { repo: "other" })), false);
  assert.equal(ledger.submit(job("b", { branch: "main" })), true);
  assert.deepEqual(ledger.get("a"), {
    job: job("a"),
    number: 1,
    status: "queued",
    attempt: 0,
    submittedAt: 1_000,
    lostEvents: 0,
    reply: { replyTo: "q", correlationId: "c" },
  });
  assert.deepEqual(ledger.list().map(({ number }) => number), [2, 1]);
  assert.equal(ledger.get("c"), undefined);
});

Deno.test("a build goes from the queue to its one result", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("a"));
  assert.deepEqual(
    applied(
      ledger,
      event("a", 0, { type: "started", detail: { commit: "abc" } }),
      event("a", 1, { type: "stage", stage: "unit", status: "waiting" }),
      event("a", 2, { type: "stage", stage: "unit", status: "running" }),
      event("a", 3, { stage: "unit" }),
      event("a", 4, { type: "stage", stage: "unit", status: "failed", detail: { exitCode: 7 } }),
      event("a", 5, { type: "finished", status: "failed", data: "unit failed" }),
    ),
    Array(6).fill("accepted"),
  );
  const { status, attempt, agent, reason, startedAt, finishedAt } = ledger.get("a")!;
  assert.deepEqual({ status, attempt, agent, reason, startedAt, finishedAt }, {
    status: "failed",
    attempt: 1,
    agent: "one",
    reason: "unit failed",
    startedAt: 2_000,
    finishedAt: 2_005,
  });
  assert.deepEqual(ledger.stages("a"), [{
    stage: "unit",
    status: "failed",
    startedAt: 2_002,
    finishedAt: 2_004,
    detail: { exitCode: 7 },
  }]);
  const log = ledger.events({ build: "a", types: ["log"] });
  assert.deepEqual(log.map(({ data, stage }) => [data, stage]), [["line 3", "unit"]]);
  assert.deepEqual(ledger.counts(), { failed: 1 });
});

Deno.test("events that come twice, late, or from a lost agent change nothing", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("a"));
  assert.deepEqual(applied(ledger, event("a", 0), event("a", 1), event("a", 1), event("a", 0)), [
    "accepted",
    "accepted",
    "duplicate",
    "duplicate",
  ]);
  const second = { attempt: 2, agent: "two", lease: "l2" };
  assert.deepEqual(applied(ledger, event("a", 0, { ...second, type: "started" })), ["accepted"]);
  // The first agent was only stopped, and wakes up.
  assert.deepEqual(
    applied(ledger, event("a", 2), event("a", 3, { type: "finished", status: "passed" })),
    ["stale", "stale"],
  );
  // Two agents with the same attempt: one of them counts.
  assert.deepEqual(applied(ledger, event("a", 1, { ...second, lease: "l3" })), ["stale"]);
  assert.deepEqual(
    applied(ledger, event("a", 1, { ...second, type: "finished", status: "failed" })),
    ["accepted"],
  );
  assert.deepEqual(
    applied(
      ledger,
      event("a", 2, { ...second, type: "finished", status: "passed" }),
      event("a", 1, { ...second, type: "finished", status: "failed" }),
      event("a", 0, { attempt: 3, lease: "l4", type: "finished", status: "passed" }),
    ),
    ["stale", "duplicate", "stale"],
  );
  const { status, attempt, agent } = ledger.get("a")!;
  assert.deepEqual({ status, attempt, agent }, { status: "failed", attempt: 2, agent: "two" });
  assert.deepEqual(applied(ledger, event("nobody", 0)), ["unknown"]);
});

Deno.test("events that never came are counted", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("a"));
  applied(ledger, event("a", 0), event("a", 3));
  assert.equal(ledger.get("a")!.lostEvents, 2);
  applied(ledger, event("a", 0, { attempt: 2, lease: "l2" }));
  assert.equal(ledger.get("a")!.lostEvents, 0);
});

Deno.test("builds are handed on by priority and age, one of a concurrency name at a time", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("low", { priority: 0 }));
  ledger.submit(job("plain"));
  ledger.submit(job("deploy1", { concurrency: "prod" }));
  ledger.submit(job("deploy2", { concurrency: "prod" }));
  ledger.submit(job("high", { priority: 9 }));
  ledger.submit(job("unwanted", { priority: 9 }));
  ledger.requestCancel("unwanted");
  const ready = () => ledger.ready(10).map(({ job }) => job.id);
  assert.deepEqual(ready(), ["high", "plain", "deploy1", "low"]);
  assert.deepEqual(ledger.ready(2).map(({ job }) => job.id), ["high", "plain"]);
  ledger.markDispatched("deploy1");
  assert.deepEqual(ready(), ["high", "plain", "low"]);
  applied(ledger, event("deploy1", 0, { type: "started" }));
  assert.deepEqual(ready(), ["high", "plain", "low"]);
  applied(ledger, event("deploy1", 1, { type: "finished", status: "passed" }));
  assert.deepEqual(ready(), ["high", "plain", "deploy2", "low"]);
  ledger.markDispatched("high");
  assert.equal(ledger.dispatched(), 1);
  ledger.markDispatched("high", false);
  assert.equal(ledger.dispatched(), 0);
});

Deno.test("a build that is cancelled in the queue never starts", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("a"));
  const event0 = ledger.finish("a", "canceled", "cancelled by somebody", "coordinator");
  assert.equal(event0?.status, "canceled");
  assert.equal(ledger.finish("a", "error", "again", "coordinator"), undefined);
  assert.deepEqual(applied(ledger, event("a", 0, { type: "started" })), ["stale"]);
  assert.equal(ledger.get("a")!.status, "canceled");
});

Deno.test("a result of the coordinator's fences the agent that still runs it", async () => {
  using ledger = await Ledger.open(":memory:");
  ledger.submit(job("a"));
  applied(ledger, event("a", 0, { type: "started" }));
  ledger.finish("a", "canceled", "enough", "coordinator");
  assert.deepEqual(applied(ledger, event("a", 1, { type: "finished", status: "passed" })), [
    "stale",
  ]);
  assert.equal(ledger.get("a")!.reason, "enough");
});

Deno.test("what was written is there after the file was opened again", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/ledger.db`;
    {
      using ledger = await Ledger.open(path);
      ledger.submit(job("a"));
      applied(ledger, event("a", 0));
    }
    using ledger = await Ledger.open(path);
    assert.equal(ledger.get("a")!.status, "running");
    assert.equal(ledger.lastEventId(), 1);
    assert.deepEqual(applied(ledger, event("a", 0), event("a", 1)), ["duplicate", "accepted"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a ledger that another program holds refuses, and loses nothing", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/ledger.db`;
    using ledger = await Ledger.open(path, { busyTimeoutMs: 50 });
    ledger.submit(job("a"));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    assert.throws(() => ledger.submit(job("b")), (error: unknown) => {
      assert.ok(error instanceof LedgerError);
      assert.match(error.message, /^The ledger cannot note a build: database is locked/);
      return true;
    });
    assert.throws(() => ledger.apply([event("a", 0)]), LedgerError);
    other.exec("COMMIT");
    other.close();
    assert.equal(ledger.submit(job("b")), true);
    assert.deepEqual(applied(ledger, event("a", 0)), ["accepted"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a ledger of a newer program, and a file that is none, are left alone", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const newer = new DatabaseSync(`${directory}/newer.db`);
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    await assert.rejects(Ledger.open(`${directory}/newer.db`), /version 99, and this superorch/);
    await Deno.writeTextFile(`${directory}/text`, "x".repeat(10_000));
    await assert.rejects(Ledger.open(`${directory}/text`), /not a database/);
    assert.equal((await Deno.readTextFile(`${directory}/text`)).length, 10_000);
    await assert.rejects(Ledger.open(`${directory}/none/x`), LedgerError);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a ledger of an older program is brought up to date, and keeps what it knows", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/ledger.db`;
    for (const version of MIGRATIONS.keys()) {
      const older = new DatabaseSync(path);
      for (const step of MIGRATIONS.slice(0, version)) older.exec(step);
      older.exec(`PRAGMA user_version = ${version}`);
      older.close();
      {
        using ledger = await Ledger.open(path);
        ledger.submit(job("a"));
        assert.deepEqual(ledger.canceling(), []);
      }
      const again = await Ledger.open(path);
      assert.equal(again.requestCancel("a")?.status, "queued");
      assert.equal(again.canceling()[0]?.job.id, "a");
      const now = new DatabaseSync(path);
      assert.deepEqual({ ...now.prepare("PRAGMA user_version").get() }, {
        user_version: MIGRATIONS.length,
      });
      now.close();
      again.close();
      for (const suffix of ["", "-wal", "-shm"]) {
        await Deno.remove(`${path}${suffix}`).catch(() => {}); // SQLite removes what it made
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("old builds are forgotten with their events, but for the newest", async () => {
  using ledger = await Ledger.open(":memory:");
  for (const id of ["a", "b", "c", "d"]) {
    ledger.submit(job(id));
    if (id === "d") continue;
    applied(ledger, event(id, 0), event(id, 1, { type: "finished", status: "passed", ts: 5_000 }));
  }
  assert.equal(ledger.expire(5_000), 0);
  assert.equal(ledger.expire(5_001, 1), 2);
  assert.deepEqual(ledger.list().map(({ job }) => job.id), ["d", "c"]);
  assert.deepEqual(ledger.events().map(({ build }) => build), ["c", "c"]);
});

Deno.test("agents and depths are remembered", async () => {
  using ledger = await Ledger.open(":memory:");
  const beat = {
    v: 1,
    agent: "x",
    ts: 1,
    slots: 2,
    builds: [],
    tags: [],
    draining: false,
  } as const;
  ledger.noteAgent(beat);
  ledger.noteAgent({ ...beat, builds: ["a"] });
  assert.deepEqual(ledger.agents().map(({ beat }) => beat.builds), [["a"]]);
  ledger.removeAgent("x");
  assert.deepEqual(ledger.agents(), []);
  ledger.submit(job("a"));
  ledger.noteDepth(10);
  ledger.noteDepth(20);
  assert.deepEqual(ledger.depths(11).map((row) => ({ ...row })), [{
    at: 20,
    queued: 1,
    running: 0,
  }]);
});

const noDisk = await whyNoSmallDisk();
const fullDisk = "a full disk refuses, and what was promised is there afterwards";

Deno.test({
  name: noDisk === undefined ? fullDisk : `${fullDisk}: skipped, ${noDisk}`,
  ignore: noDisk !== undefined,
  fn: async () => {
    await using disk = await smallDisk(400);
    const promised: string[] = [];
    {
      using ledger = await Ledger.open(`${disk.path}/ledger.db`);
      assert.throws(() => {
        for (let index = 0; index < 10_000; index++) {
          ledger.submit(job(`b${index}`, { env: { A: "x".repeat(1_000) } }));
          promised.push(`b${index}`);
        }
      }, LedgerError);
    }
    assert.ok(promised.length > 0);
    using ledger = await Ledger.open(`${disk.path}/ledger.db`);
    assert.deepEqual(ledger.list({ limit: 1_000 }).map(({ job }) => job.id).reverse(), promised);
  },
});
