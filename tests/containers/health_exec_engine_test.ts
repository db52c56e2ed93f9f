import assert from "node:assert/strict";
import { isTimeout } from "../../lib/errors/mod.ts";
import {
  container,
  dockerfile,
  NetworkFailedError,
  NetworkTimeoutError,
  NodeEndedError,
  UnhealthyError,
} from "../../lib/containers/mod.ts";
import { findCause } from "../../lib/errors/mod.ts";
import { ProgramNotFoundError } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { sceneTest, shell, sleeper, textOf, thrownBy, timed } from "./support.ts";

sceneTest("a check that passes makes healthy soon", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("a", { health: { test: ["true"], intervalMs: 300 } }));
  await network.run();
  const { ms } = await timed(() => network.waitFor("a", "healthy", { timeoutMs: 10_000 }));
  assert.ok(ms < 5_000, `${ms} ms`);
  assert.equal(network.summary()[0]?.state, "healthy");
});

sceneTest(
  "a check that never passes is an error with its output, and no hang",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("a", {
        health: { test: "echo nope; exit 1", intervalMs: 100, retries: 2, startPeriodMs: 0 },
      }),
    );
    await network.run();
    const error = await thrownBy(UnhealthyError, network.waitFor("a", "healthy"));
    assert.equal(error.nodeName, "a");
    assert.match(error.message, /"a" is unhealthy: .*exit code 1, "nope"/);
    assert.equal(error.checks.at(-1)?.output, "nope\n");
    assert.ok(error.context.timeline.some(({ what }) => what === "unhealthy"));
  },
);

sceneTest(
  "run() fails when a dependency stays unhealthy, and says why",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("db", {
        health: { test: "echo nope; exit 1", intervalMs: 100, retries: 2, startPeriodMs: 0 },
      }),
      sleeper("app", { dependsOn: { db: "healthy" } }),
    );
    const error = await thrownBy(NetworkFailedError, network.run());
    assert.match(error.message, /"db" is unhealthy/);
    assert.match(error.message, /nope/);
    assert.match(error.message, /"app"/);
    assert.ok(findCause(error, UnhealthyError));
  },
);

sceneTest(
  "an end while health is awaited is told with its exit code and last words",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("a", "echo last words >&2; sleep 0.5; exit 5", {
        health: { test: ["false"], intervalMs: 100, retries: 1000 },
        allowUnsuccessful: true,
      }),
      shell("b", "echo I am b; sleep 1000"),
    );
    await network.run();
    await network.waitFor("b", { log: "I am b" });
    const error = await thrownBy(NodeEndedError, network.waitFor("a", "healthy"));
    assert.equal(error.exitCode, 5);
    assert.equal(error.oomKilled, false);
    assert.equal(error.context.stderrTail, "last words\n");
    assert.deepEqual(error.context.others.map(({ name }) => name), ["b"]);
    assert.match(
      error.message,
      /^"a" ended with exit code 5\n {2}time line: .*\n {2}stderr ends with:\n {4}last words\nLast lines of the others:\n {2}b \(running\).*\n {4}I am b$/,
    );
  },
);

sceneTest(
  "without a check, or with the image's switched off, running is healthy",
  async ({ network: make }) => {
    const network = await make();
    const image = dockerfile`
    FROM ${BUSYBOX_IMAGE}
    HEALTHCHECK --interval=100ms --retries=1000 CMD test -e /ready
  `;
    const command = ["sleep", "1000"];
    network.add(
      sleeper("none"),
      container("off", image, { command, health: [] }),
      container("inherited", image, { command }),
    );
    await network.run();
    for (const name of ["none", "off"]) {
      await network.waitFor(name, "healthy", { timeoutMs: 1_000 });
    }
    const waiting = network.waitFor("inherited", "healthy", { timeoutMs: 10_000 });
    await network.container("inherited").exec(["touch", "/ready"]);
    await waiting;
  },
);

sceneTest("the time-out of a wait for health says what was seen", async ({ network: make }) => {
  const network = await make();
  network.add(
    shell("a", "echo starting; sleep 1000", {
      health: { test: ["false"], intervalMs: 100, retries: 1000 },
    }),
  );
  await network.run();
  await network.waitFor("a", { log: "starting" });
  const { value: error, ms } = await timed(() =>
    thrownBy(NetworkTimeoutError, network.waitFor("a", "healthy", { timeoutMs: 500 }))
  );
  assert.ok(ms < 3_000, `${ms} ms`);
  assert.ok(isTimeout(error));
  assert.match(error.message, /^"a" did not become healthy/);
  assert.deepEqual(error.late.map(({ name, lastLines }) => ({ name, lastLines })), [
    { name: "a", lastLines: ["starting"] },
  ]);
});

sceneTest(
  "exec gives both outputs and the exit code, with input, user, directory and environment",
  async ({ network: make }) => {
    const network = await make();
    network.add(sleeper("a", { env: { OUTER: "1" } }));
    await network.run();
    const a = network.container("a");
    const failing = await a.exec(["sh", "-c", "echo hi; echo no >&2; exit 4"]);
    assert.equal(failing.stdoutText(), "hi\n");
    assert.equal(failing.stderrText(), "no\n");
    assert.equal(failing.exitCode, 4);
    const all = await a.exec(["sh", "-c", "cat; id -u; pwd; echo $OUTER$INNER"], {
      stdin: "input\n",
      user: "1234",
      workdir: "/tmp",
      env: { INNER: "2" },
    });
    assert.equal(all.stdoutText(), "input\n1234\n/tmp\n12\n");
    await thrownBy(ProgramNotFoundError, a.exec(["/nope"]));
    const late = await thrownBy(Error, a.exec(["sleep", "1000"], { timeoutMs: 200 }));
    assert.ok(isTimeout(late), textOf(late));
  },
);
