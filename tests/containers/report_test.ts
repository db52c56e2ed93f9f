import assert from "node:assert/strict";
import { container, DependencyError } from "../../lib/containers/mod.ts";
import type { GraphNode } from "../../lib/containers/node.ts";
import { NodeOutput } from "../../lib/containers/node_output.ts";
import { type NodeExit, NodeStatus } from "../../lib/containers/node_status.ts";
import { failureReport, timeoutReport } from "../../lib/containers/report.ts";
import { ProbablyNotRootCauseError, TimeoutError } from "../../lib/errors/mod.ts";

interface Told {
  readonly exit?: Partial<NodeExit>;
  readonly failure?: unknown;
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string | Uint8Array;
  readonly allowUnsuccessful?: boolean;
}

/** A node that has come to its end, without an engine. */
async function node(name: string, told: Told): Promise<GraphNode> {
  const status = new NodeStatus();
  status.advance("created", 1_000);
  status.advance("running", 1_200);
  const output = await NodeOutput.open(name, {}, {
    forward: false,
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    onWarning() {},
  });
  const bytes = (text: string | Uint8Array = "") =>
    typeof text === "string" ? new TextEncoder().encode(text) : text;
  await output.stdout.write(bytes(told.stdout));
  await output.stderr.write(bytes(told.stderr));
  await output.end();
  if (told.failure !== undefined) status.setFailure(told.failure);
  if (told.exit !== undefined) {
    status.setExit({ exitCode: 1, oomKilled: false, terminated: false, atMs: 2_000, ...told.exit });
  }
  const never = () => Promise.reject(new Error("not in this test"));
  return {
    spec: container(name, "image", { allowUnsuccessful: told.allowUnsuccessful ?? false }),
    status,
    output,
    origin: "image",
    create: never,
    start: never,
    terminate: never,
    letGo: never,
  };
}

Deno.test("no failure, no report", async () => {
  const nodes = [
    await node("good", { exit: { exitCode: 0 } }),
    await node("allowed", { exit: { exitCode: 3 }, allowUnsuccessful: true }),
    await node("ended-by-us", { exit: { exitCode: undefined, terminated: true } }),
    await node("runs", {}),
  ];
  assert.equal(failureReport("net", nodes, undefined), undefined);
});

Deno.test("the first to end comes first, unless it says itself that it only followed", async () => {
  const nodes = [
    await node("late", { exit: { atMs: 3_000 } }),
    await node("follower", { exit: { atMs: 1_500 }, stderr: "Error: ProbablyNotRootCauseError" }),
    await node("first", { exit: { atMs: 2_000 } }),
    await node("marked", { failure: new ProbablyNotRootCauseError("peer") }),
    await node("waited", { failure: new DependencyError("waited", "first", "start") }),
  ];
  const report = failureReport("net", nodes, "/logs");
  assert.deepEqual(report?.failures.map(({ name }) => name).slice(0, 2), ["first", "late"]);
  assert.match(
    report?.message ?? "",
    /^Network "net" failed: container "first" ended with exit code 1; container "late" ended/,
  );
  assert.match(
    report?.message ?? "",
    /\nFailed as a consequence, by its own word or for lack of it: .*"follower"/,
  );
  assert.match(report?.message ?? "", /\nComplete logs: \/logs$/);
  assert.doesNotMatch(report?.message ?? "", /container "follower"/);
});

Deno.test("equal times keep the order in which nodes were run", async () => {
  const nodes = await Promise.all(["b", "a", "c"].map((name) => node(name, { exit: {} })));
  const report = failureReport("net", nodes, undefined);
  assert.deepEqual(report?.failures.map(({ name }) => name), ["b", "a", "c"]);
});

Deno.test("when all only followed, all are shown", async () => {
  const nodes = [await node("a", { exit: {}, stdout: "ProbablyNotRootCauseError" })];
  assert.match(
    failureReport("net", nodes, undefined)?.message ?? "",
    /failed: container "a" ended/,
  );
});

Deno.test("a tail of any bytes is cut, escaped, and does not throw", async () => {
  const nodes = [
    await node("a", { exit: {}, stderr: "é".repeat(10_000) + "end" }),
    await node("b", { exit: {}, stderr: Uint8Array.from({ length: 30_000 }, (_, at) => at % 256) }),
    await node("c", { exit: {}, stdout: "\x1b[31mred\x07\r\n".repeat(100) }),
  ];
  const report = failureReport("net", nodes, undefined);
  assert.ok(report);
  assert.ok(report.failures[0]!.stderrTail.endsWith("éend"));
  // deno-lint-ignore no-control-regex -- that is what must not be there
  assert.doesNotMatch(report.message, /[\x00-\x08\x0b-\x1f\x7f]/);
  for (const { stderrTail, stdoutTail } of report.failures) {
    assert.ok(stderrTail.length <= 50_000 && stdoutTail.length <= 50_000);
  }
});

Deno.test("one endless line of a bystander does not fill the report", async () => {
  const nodes = [await node("a", { exit: {} }), await node("talks", { stdout: "x".repeat(9_000) })];
  const report = failureReport("net", nodes, undefined);
  assert.ok(report!.message.length < 1_000);
  assert.equal(report!.others[0]?.lastLines[0]?.length, 301);
});

Deno.test("exit codes name their signal, and memory", async () => {
  const nodes = [await node("a", { exit: { exitCode: 137, oomKilled: true } })];
  assert.match(
    failureReport("net", nodes, undefined)?.message ?? "",
    /ended with exit code 137 \(SIGKILL\), out of memory/,
  );
});

Deno.test("a time-out lists what was waited for, and at most twenty of it", async () => {
  const nodes = await Promise.all(Array.from({ length: 30 }, (_, at) => node(`n${at}`, {})));
  const error = timeoutReport("It did not end", "net", nodes, nodes, new TimeoutError("late"));
  assert.match(error.message, /^It did not end: still waiting for "n0", "n1"/);
  assert.match(
    error.message,
    /\n {2}n19 \(running\): 0\.00 s created, 0\.20 s started\n {2}and 10 more$/,
  );
  assert.equal(error.late.length, 30);
});
