import assert from "node:assert/strict";
import { isTimeout } from "../../lib/errors/mod.ts";
import { command } from "../../lib/commands/mod.ts";
import { hostCommand } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { onEngine, sceneTest, shell, sleeper, thrownBy, timed, within } from "./support.ts";

sceneTest("a wait for some leaves the others active", async ({ network: make }) => {
  const network = await make();
  network.add(shell("a", "true"), shell("b", "sleep 2"), shell("c", "sleep 2"));
  const { ms } = await timed(async () => {
    await network.run();
    assert.deepEqual([...(await network.wait(["a"])).keys()], ["a"]);
    assert.deepEqual(network.activeNames, ["b", "c"]);
    assert.deepEqual(network.inactiveNames, ["a"]);
    const again = await thrownBy(TypeError, network.wait(["a"]));
    assert.match(again.message, /already inactive/);
    const unknown = await thrownBy(TypeError, network.wait(["nobody"]));
    assert.match(unknown.message, /"nobody"/);
    const results = await within(8_000, network.wait(["b", "b"]));
    assert.deepEqual([...results.keys()], ["b"]);
    assert.deepEqual([...(await network.wait()).keys()], ["c"]);
  });
  assert.ok(ms < 8_000, `${ms} ms`);
  assert.deepEqual([...(await network.wait()).keys()], [], "nothing is left to wait for");
});

sceneTest(
  "a name that has ended can be run again, and what depends on nothing else stays",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "echo once; sleep 0.1"), sleeper("b"));
    await network.run();
    await network.wait(["a"]);
    const b = network.container("b").id;
    await network.run(["a"]);
    assert.equal((await network.wait(["a"])).get("a")?.stdoutText(), "once\n");
    assert.equal(network.container("b").id, b);
    const twice = await thrownBy(TypeError, network.run(["b"]));
    assert.match(twice.message, /already active/);
  },
);

sceneTest("a terminated network can be run again", async ({ network: make, engine }) => {
  const network = await make();
  network.add(shell("a", "echo again"), sleeper("b"));
  for (let round = 0; round < 2; round++) {
    await network.run();
    assert.equal((await network.wait(["a"])).get("a")?.stdoutText(), "again\n");
    await network.terminateAll();
    assert.deepEqual(await onEngine(engine, { [LABEL.run]: network.runId }), []);
    assert.deepEqual(network.activeNames, []);
    assert.equal(network.result("b")?.terminated, true);
    assert.equal(network.result("b")?.exitCode, undefined);
  }
});

sceneTest(
  "remove() ends one, gives its result, and frees its name",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(shell("a", "echo words; sleep 1000"), sleeper("b"));
    await network.run();
    await network.waitFor("a", { log: "words" }, { timeoutMs: 10_000 });
    const result = await network.remove("a");
    assert.equal(result?.terminated, true);
    assert.equal(result?.stdoutText(), "words\n");
    assert.deepEqual(
      await onEngine(engine, { [LABEL.run]: network.runId, [LABEL.name]: "a" }),
      [],
    );
    assert.deepEqual(network.activeNames, ["b"]);
    network.add(shell("a", "echo other"));
    await network.run(["a"]);
    assert.equal((await network.wait(["a"])).get("a")?.stdoutText(), "other\n");
    assert.equal(await network.remove("a").then((one) => one?.exitCode), 0);
    await thrownBy(TypeError, network.remove("a"));
  },
);

sceneTest("terminate() during a wait ends the wait", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("a"), hostCommand("h", command("sleep 1000")));
  await network.run();
  const waiting = network.wait();
  await network.terminate();
  const results = await within(5_000, waiting);
  assert.equal(results.get("a")?.terminated, true);
  assert.equal(results.get("h")?.terminated, true);
  assert.equal(results.get("h")?.exitCode, undefined);
});

sceneTest(
  "terminate() with a grace lets a program end in its own way",
  async ({ network: make }) => {
    const network = await make();
    const script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    network.add(
      shell("polite", script),
      sleeper("deaf"),
      hostCommand("h", command("sh").args("-c", script)),
    );
    await network.run();
    for (const name of ["polite", "h"]) {
      await network.waitFor(name, { log: "ready" }, { timeoutMs: 10_000 });
    }
    const { ms } = await timed(() => network.terminate(undefined, { graceMs: 1_000 }));
    assert.ok(ms < 10_000, `${ms} ms`);
    for (const name of ["polite", "h"]) {
      const result = network.result(name);
      assert.equal(result?.stdoutText(), "ready\nbye\n", name);
      assert.equal(result?.exitCode, 5, name);
    }
    assert.equal(network.result("deaf")?.terminated, true);
  },
);

sceneTest("a wait can be given up without ending anything", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("a"));
  await network.run();
  const controller = new AbortController();
  const waiting = network.wait(undefined, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assert.equal(await waiting.catch((error) => error), reason);
  assert.ok(isTimeout(await network.wait(["a"], { timeoutMs: 20 }).catch((error) => error)));
  assert.equal((await network.container("a").inspect()).State.Running, true);
});
