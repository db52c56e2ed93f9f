import assert from "node:assert/strict";
import { loadManifest, type PlanNode, planRun } from "../../lib/buildr/mod.ts";
import type { NodeResult, NodeStatus } from "../../lib/buildr/run/result.ts";
import { schedule } from "../../lib/buildr/run/schedule.ts";

/** The nodes of a manifest whose stages have these keys. */
async function nodesOf(stages: Readonly<Record<string, string>>): Promise<readonly PlanNode[]> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  try {
    const lines = Object.entries(stages).map(([name, keys]) =>
      `${name}: { script: ["true"], ${keys} }\n`
    );
    await Deno.writeTextFile(
      `${directory}/.buildr.yml`,
      `version: 2\nimage: x\nstages: [${Object.keys(stages).join(", ")}]\n${lines.join("")}`,
    );
    return planRun(await loadManifest({ path: directory })).nodes;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function resultOf(node: PlanNode, status: NodeStatus, reason?: string): NodeResult {
  const base = { id: node.id, stage: node.stage.name, status, attempts: 1, queuedMs: 0, wallMs: 0 };
  return reason === undefined ? base : { ...base, reason };
}

interface Scene {
  readonly order: string[];
  readonly most: number;
  readonly results: Readonly<Record<string, string>>;
}

/** Schedules nodes that end as they are told, one turn of the loop after they began. */
async function run(
  nodes: readonly PlanNode[],
  ends: Readonly<Record<string, NodeStatus>> = {},
  jobs = 4,
  signal: AbortSignal = new AbortController().signal,
): Promise<Scene> {
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const results = await schedule(nodes, {
    jobs,
    signal,
    skip: (node, reason) => resultOf(node, "skipped", reason),
    fail: (node, error) => resultOf(node, "error", `${error}`),
    run: async (node) => {
      order.push(node.id);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 0));
      running--;
      return resultOf(node, ends[node.id] ?? "passed");
    },
  });
  const shown = [...results].map((
    [id, { status, reason }],
  ) => [id, reason === undefined ? status : `${status}: ${reason}`]);
  return { order, most, results: Object.fromEntries(shown) };
}

Deno.test("stages of a list run one after the other; a failure passes over all that follow", async () => {
  const nodes = await nodesOf({ a: "", b: "", c: "" });
  const good = await run(nodes);
  assert.deepEqual([good.order, good.most], [["a", "b", "c"], 1]);
  const bad = await run(nodes, { b: "failed" });
  assert.deepEqual(bad.order, ["a", "b"]);
  assert.equal(bad.results["c"], 'skipped: "b" failed');
});

Deno.test("no more than that many run at a time, in the order of the list", async () => {
  const nodes = await nodesOf({ a: "needs: []", b: "needs: []", c: "needs: []", d: "needs: []" });
  assert.equal((await run(nodes)).most, 4);
  const two = await run(nodes, {}, 2);
  assert.deepEqual([two.order, two.most], [["a", "b", "c", "d"], 2]);
});

Deno.test("what needs something that was passed over is passed over too, the others run", async () => {
  const nodes = await nodesOf({ a: "needs: []", b: "needs: [a]", c: "needs: [b]", d: "needs: []" });
  const { results } = await run(nodes, { a: "timeout" });
  assert.deepEqual(results, {
    a: "timeout",
    b: 'skipped: "a" timed out',
    c: 'skipped: "b" was skipped',
    d: "passed",
  });
});

Deno.test("when.status decides after failures, and one that waits for a failure holds nobody up", async () => {
  const nodes = await nodesOf({
    a: "",
    mend: "when: { status: failure }",
    tell: "when: { status: always }",
    last: "",
  });
  const good = await run(nodes);
  assert.deepEqual(good.order, ["a", "tell", "last"]);
  assert.match(good.results["mend"] ?? "", /nothing that it needs has failed/);
  assert.deepEqual((await run(nodes, { a: "error" })).order, ["a", "mend", "tell"]);
  assert.deepEqual((await run(nodes, { a: "allowed" })).order, ["a", "tell", "last"]);
});

Deno.test("an abort passes over what has not begun", async () => {
  const nodes = await nodesOf({ a: "", b: "", c: "needs: []" });
  const stop = new AbortController();
  stop.abort();
  const { order, results } = await run(nodes, {}, 4, stop.signal);
  assert.deepEqual(order, []);
  assert.deepEqual(Object.values(results), Array(3).fill("skipped: the run was ended"));
});

Deno.test("what needs a stage that was passed over is passed over, unless it may be missing", async () => {
  const nodes = await nodesOf({
    a: "needs: []",
    mend: "needs: [a], when: { status: failure }",
    strict: "needs: [mend]",
    further: "needs: [strict]",
    lenient: "needs: [{ stage: mend, optional: true }]",
    always: "needs: [mend], when: { status: always }",
    chain: "",
  });
  const { results } = await run(nodes);
  assert.deepEqual(results, {
    a: "passed",
    mend: "skipped: nothing that it needs has failed (when.status: failure)",
    strict: 'skipped: it needs "mend", which was skipped',
    further: 'skipped: it needs "strict", which was skipped',
    lenient: "passed",
    always: "passed",
    chain: "passed",
  });
});

Deno.test("a stage that cannot wait for the others of its group fails, and is not passed over", async () => {
  const nodes = await nodesOf({ a: "needs: [], concurrency: one", b: "needs: [a]" });
  const results = await schedule(nodes, {
    jobs: 1,
    signal: new AbortController().signal,
    skip: (node, reason) => resultOf(node, "skipped", reason),
    run: (node) => Promise.resolve(resultOf(node, "passed")),
    enter: () => Promise.reject(new Error("no place for a lock")),
    fail: (node, error) => resultOf(node, "error", (error as Error).message),
  });
  assert.deepEqual([...results].map(([id, { status, reason }]) => [id, status, reason]), [
    ["a", "error", "no place for a lock"],
    ["b", "skipped", '"a" failed'],
  ]);
});
