// gate-timeout: 240 s
import assert from "node:assert/strict";
import { NetworkFailedError } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { nothingLeft, sceneTest, shell, sleeper, textOf, thrownBy, within } from "./support.ts";

sceneTest(
  "a container that a stranger removes is a failure that names it",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("a"), sleeper("b"));
    await network.run();
    const waiting = thrownBy(NetworkFailedError, network.wait());
    await engine.containers.remove(network.container("a").id, { force: true });
    const error = await waiting;
    assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

for (
  const [what, act, code] of [
    ["kills", "kill", 137],
    ["stops", "stop", 137],
  ] as const
) {
  sceneTest(
    `a container that a stranger ${what} has ended with ${code}`,
    async ({ network: make, engine }) => {
      const network = await make();
      network.add(sleeper("a"));
      await network.run();
      const { id } = network.container("a");
      const waiting = thrownBy(NetworkFailedError, network.wait());
      const acting = engine.containers[act](id, { timeoutMs: 1000 }).catch(() => {});
      const error = await waiting;
      await acting;
      assert.equal(error.failures[0]?.exitCode, code);
      assert.equal(network.result("a")?.terminated, false);
      await nothingLeft(engine, { [LABEL.run]: network.runId });
    },
  );
}

sceneTest(
  "a container that is restarted goes on, by a stranger's hand as by ours",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(
      shell("a", "echo begin; sleep 1000", { health: { test: ["true"], intervalMs: 100 } }),
    );
    await network.run();
    const a = network.container("a");
    await network.waitFor("a", "healthy", { timeoutMs: 10_000 });
    await engine.containers.restart(a.id, { timeoutMs: 0 });
    await network.waitFor("a", { log: "begin", times: 2 }, { timeoutMs: 10_000 });
    await a.restart({ timeoutMs: 0 });
    await network.waitFor("a", { log: "begin", times: 3 }, { timeoutMs: 10_000 });
    await network.waitFor("a", "healthy", { timeoutMs: 10_000 });
    assert.deepEqual(network.activeNames, ["a"]);
    const waiting = network.wait();
    await a.stop({ timeoutMs: 0 });
    const result = (await within(10_000, waiting)).get("a");
    assert.equal(result?.stdoutText(), "begin\nbegin\nbegin\n");
  },
);

sceneTest(
  "a network that a stranger has taken away does not keep ours from ending",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("a"));
    await network.run();
    const { id } = network.container("a");
    await engine.status({
      method: "POST",
      path: `/networks/${network.engineName}/disconnect`,
      json: { Container: id, Force: true },
    });
    await engine.networks.remove(network.engineName);
    const exec = await network.container("a").exec(["true"]);
    assert.equal(exec.exitCode, 0);
    network.add(sleeper("b"));
    const error = await thrownBy(NetworkFailedError, network.run(["b"]));
    assert.match(textOf(error), /"b"/);
    await nothingLeft(engine, { [LABEL.run]: network.runId });
    await network.run();
    assert.deepEqual(network.activeNames, ["a", "b"]);
  },
);

sceneTest(
  "a container that is just being removed by somebody else is waited for",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("a"), sleeper("b"), sleeper("c"));
    await network.run();
    const ids = ["a", "b", "c"].map((name) => network.container(name).id);
    const theirs = ids.map((id) => engine.containers.remove(id, { force: true }));
    await network.terminateAll();
    await nothingLeft(engine, { [LABEL.run]: network.runId });
    await Promise.all(theirs);
  },
);

sceneTest("a paused container can be ended", async ({ network: make, engine }) => {
  const network = await make();
  network.add(sleeper("a"));
  await network.run();
  await engine.containers.pause(network.container("a").id);
  await within(10_000, network.terminateAll());
  await nothingLeft(engine, { [LABEL.run]: network.runId });
});

sceneTest(
  "restart policies: a failing container is started again, and its last code is the one that counts",
  async ({ network: make }) => {
    const network = await make();
    const script = "echo try; n=$(cat /n 2>/dev/null || echo 0); echo $((n+1)) > /n; exit $((n+3))";
    network.add(shell("a", script, {
      restart: { onFailure: { maxRetries: 2 } },
      allowUnsuccessful: true,
    }));
    await network.run();
    const result = (await within(30_000, network.wait())).get("a");
    assert.equal(result?.exitCode, 5);
    assert.equal(result?.stdoutText(), "try\ntry\ntry\n");
  },
);

sceneTest(
  "restart policies: a container that ends well at last has ended well",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("a", "echo try >&2; test -e /n && exit 0; touch /n; exit 1", { restart: "on-failure" }),
    );
    await network.run();
    const result = (await within(30_000, network.wait())).get("a");
    assert.equal(result?.exitCode, 0);
    assert.equal(result?.stderrText(), "try\ntry\n");
  },
);

sceneTest(
  "restart policies: one that always starts again runs until it is ended",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(shell("a", "echo try", { restart: "always" }));
    await network.run();
    await network.waitFor("a", { log: "try", times: 3 }, { timeoutMs: 20_000 });
    assert.deepEqual(network.activeNames, ["a"]);
    const { id } = network.container("a");
    await eventually(async () => {
      assert.ok((await engine.containers.inspect(id)).RestartCount >= 2);
    }, 10_000);
    await within(10_000, network.terminateAll());
    assert.equal(network.result("a")?.terminated, true);
  },
);
