import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import { container, dockerfile, hostCommand } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { delay, eventually } from "../../lib/retry/mod.ts";
import { nothingLeft, sceneTest, shell, sleeper, thrownBy, timed, within } from "./support.ts";

/** How many moments of a run an abort is tried at. */
const MOMENTS = 20;

sceneTest(
  "an abort at any moment of run() leaves nothing, and the network can be run afterwards",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(
      sleeper("a", { health: { test: ["true"], intervalMs: 50 } }),
      sleeper("b", { dependsOn: { a: "healthy" } }),
      hostCommand("h", command("sleep 1000"), { dependsOn: ["a"] }),
    );
    const { ms } = await timed(() => network.run());
    await network.terminateAll();
    for (let moment = 0; moment < MOMENTS; moment++) {
      const reason = new Error(`moment ${moment}`);
      const controller = new AbortController();
      const running = network.run(undefined, { signal: controller.signal }).catch((error) => error);
      await delay(ms * moment / MOMENTS);
      controller.abort(reason);
      const outcome = await within(20_000, running);
      assert.ok(outcome === reason || outcome === undefined, Deno.inspect(outcome));
      if (outcome === undefined) await network.terminateAll();
      await nothingLeft(engine, { [LABEL.run]: network.runId });
      assert.deepEqual(network.activeNames, []);
    }
    await network.run();
    assert.deepEqual(network.activeNames, ["a", "b", "h"]);
  },
);

sceneTest(
  "disposal at any moment of run() ends it and leaves nothing",
  async ({ network: make, engine }) => {
    for (let moment = 0; moment < 6; moment++) {
      const network = await make();
      network.add(sleeper("a"), sleeper("b", { dependsOn: { a: { log: "never" } } }));
      const running = thrownBy(DOMException, network.run());
      await delay(100 * moment);
      await within(20_000, network[Symbol.asyncDispose]());
      assert.match((await running).message, /is terminated while it starts/);
      await nothingLeft(engine, { [LABEL.run]: network.runId });
      await thrownBy(TypeError, network.run());
    }
  },
);

sceneTest(
  "an abort during a build ends it and leaves nothing",
  async ({ network: make, engine, progress }) => {
    const network = await make();
    const image = dockerfile`
    FROM ${BUSYBOX_IMAGE}
    RUN echo ${network.runId} && sleep 30
  `;
    network.add(container("a", image), sleeper("b"));
    const { ms } = await timed(async () => {
      const running = network.run(undefined, { timeoutMs: 1_500 }).catch((error) => error);
      assert.equal((await running).name, "TimeoutError");
    });
    assert.ok(ms < 10_000, `${ms} ms`);
    assert.ok(progress.some((line) => line.includes("sleep 30")), progress.join("\n"));
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest(
  "terminate() of one during run() leaves it out and lets the others start",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("a"),
      sleeper("waits", { dependsOn: { a: { log: "never" } } }),
      hostCommand("h", command("sleep 1000"), { dependsOn: ["a"] }),
    );
    const running = network.run();
    await eventually(() => network.activeNames.includes("a"), 10_000);
    await network.waitFor("a", "started", { timeoutMs: 10_000 });
    await network.terminate(["waits"]);
    await within(10_000, running);
    assert.deepEqual(network.activeNames, ["a", "h"]);
    assert.equal(network.result("waits")?.terminated, true);
  },
);

sceneTest(
  "two runs of one network at once share what both depend on",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("db"),
      sleeper("a", { dependsOn: ["db"] }),
      sleeper("b", { dependsOn: ["db"] }),
    );
    await Promise.all([network.run(["a"]), network.run(["b"])]);
    assert.deepEqual(network.activeNames, ["db", "a", "b"]);
  },
);

sceneTest("one that waits for its turn can be given up", async ({ network: make }) => {
  const network = await make();
  network.add(
    shell("slow", "sleep 1; echo up; sleep 1000"),
    sleeper("b", {
      dependsOn: { slow: { log: "up" } },
    }),
    sleeper("c"),
  );
  const first = network.run(["b"]);
  const error = await thrownBy(Error, network.run(["c"], { timeoutMs: 200 }));
  assert.equal(error.name, "TimeoutError");
  await within(20_000, first);
  assert.deepEqual(network.activeNames, ["slow", "b"]);
});

sceneTest(
  "terminateAll() and disposal may be called at once and again",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("a"), sleeper("b"));
    await network.run();
    await Promise.all([
      network.terminateAll(),
      network.terminate(["a"]),
      network.terminateAll(),
      network[Symbol.asyncDispose](),
    ]);
    await network[Symbol.asyncDispose]();
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);
