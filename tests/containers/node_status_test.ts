import assert from "node:assert/strict";
import { NodeStatus } from "../../lib/containers/node_status.ts";

Deno.test("until() looks at once and at every change", async () => {
  const status = new NodeStatus();
  assert.equal(await status.until(() => status.phase), "waiting");
  const running = status.until(() => status.phase === "running" || undefined);
  status.advance("created");
  status.advance("running", 5);
  assert.equal(await running, true);
  assert.deepEqual(status.timeline.map(({ what }) => what), ["created", "started"]);
  assert.equal(status.timeline[1]?.atMs, 5);
});

Deno.test("until() rejects with what its check throws, and with the reason of the signal", async () => {
  const status = new NodeStatus();
  const error = new Error("no");
  const throwing = status.until(() => {
    if (status.isOver) throw error;
  });
  const controller = new AbortController();
  const aborted = status.until(() => undefined, controller.signal);
  status.setFailure(new Error("failed"));
  assert.equal(await throwing.catch((thrown) => thrown), error);
  controller.abort(error);
  assert.equal(await aborted.catch((thrown) => thrown), error);
  assert.equal(await status.until(() => undefined, controller.signal).catch((one) => one), error);
});

Deno.test("active is what runs or is about to, over is what has ended or failed", () => {
  const status = new NodeStatus();
  assert.deepEqual([status.isActive, status.isOver], [false, false]);
  for (const phase of ["created", "starting", "running"] as const) {
    status.advance(phase);
    assert.deepEqual([status.isActive, status.isOver], [true, false], phase);
  }
  status.setExit({ exitCode: 3, oomKilled: true, terminated: false, atMs: 7 });
  assert.deepEqual([status.isActive, status.isOver], [false, true]);
  assert.deepEqual(status.timeline.at(-1), { atMs: 7, what: "exit code 3, out of memory" });
});

Deno.test("health is noted when it changes", () => {
  const status = new NodeStatus();
  for (const health of ["starting", "healthy", "healthy", "unhealthy", "healthy"] as const) {
    status.setHealth(health);
  }
  assert.deepEqual(status.timeline.map(({ what }) => what), ["healthy", "unhealthy", "healthy"]);
});
