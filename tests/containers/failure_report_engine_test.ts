import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import { container, hostCommand, NetworkFailedError } from "../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { ProgramNotFoundError } from "../../lib/engine/mod.ts";
import { findCause, renderError, reportError } from "../../lib/errors/mod.ts";
import { nothingLeft, sceneTest, shell, sleeper, tempDir, thrownBy, timed } from "./support.ts";

sceneTest(
  "the report of a failure has the guilty one and not those that only followed",
  async ({ network: make, engine }) => {
    await using shared = await tempDir();
    const volumes = [{ bind: shared.path, target: "/shared" }];
    const network = await make();
    network.add(
      shell(
        "c",
        "until test -e /shared/over; do sleep 0.02; done; " +
          'echo "Error: ProbablyNotRootCauseError" >&2; exit 1',
        { volumes },
      ),
      sleeper("b"),
      shell("a", 'sleep 1; echo "Error: boom" >&2; touch /shared/over; exit 1', { volumes }),
    );
    await network.run();
    const { value: error, ms } = await timed(() => thrownBy(NetworkFailedError, network.wait()));
    assert.ok(ms < 15_000, `${ms} ms`);
    const { message, failures, others } = error;
    const guilty = failures.find(({ name }) => name === "a");
    assert.match(message, /^Network "test" failed: container "a" ended with exit code 1\n/);
    assert.match(message, /Error: boom/);
    assert.doesNotMatch(message, /\bb\b/, "nothing about b");
    assert.doesNotMatch(message, /container "c"/);
    assert.equal(failures[0], guilty);
    assert.equal(guilty?.exitCode, 1);
    assert.equal(guilty?.stderrTail, "Error: boom\n");
    // On a busy machine its end may be noticed only after the report.
    if (failures.length > 1) {
      assert.match(message, /Failed as a consequence, by its own word or for lack of it: "c"/);
      assert.equal(failures[1]?.probablyNotRootCause, true);
    }
    assert.deepEqual(others.filter(({ name }) => name === "b"), []);
    assert.match(message, /time line: 0\.00 s created, .*started, .*exit code 1/);
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest("an exit code that is allowed is no failure", async ({ network: make }) => {
  const network = await make();
  network.add(
    shell("a", 'echo "Error: boom" >&2; exit 1', { allowUnsuccessful: true }),
    hostCommand("h", command("sh").args("-c", "exit 4"), { allowUnsuccessful: true }),
  );
  await network.run();
  const results = await network.wait();
  assert.equal(results.get("a")?.exitCode, 1);
  assert.equal(results.get("a")?.successful, false);
  assert.equal(results.get("h")?.exitCode, 4);
});

sceneTest("20 000 bytes of two-byte characters are cut without harm", async ({ network: make }) => {
  const network = await make();
  network.add(
    shell("a", "i=0; while [ $i -lt 10000 ]; do printf é; i=$((i+1)); done >&2; exit 1"),
  );
  await network.run();
  const error = await thrownBy(NetworkFailedError, network.wait());
  assert.match(error.message, /éééé/);
  assert.ok(error.message.length < 11_000, `${error.message.length}`);
  assert.ok(new TextEncoder().encode(error.failures[0]!.stderrTail).length <= 10_003);
});

sceneTest(
  "control characters do not reach the terminal of whoever reads the report",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "printf 'red \\033[31m \\007 \\r end' >&2; exit 1"));
    await network.run();
    const { message } = await thrownBy(NetworkFailedError, network.wait());
    // deno-lint-ignore no-control-regex -- that is what must not be there
    assert.doesNotMatch(message, /[\x00-\x09\x0b-\x1f\x7f]/);
    assert.match(message, /red .*end/);
  },
);

sceneTest("a host command that fails is reported as a container is", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("b"), hostCommand("h", command("sh").args("-c", "echo why >&2; exit 9")));
  await network.run();
  const error = await thrownBy(NetworkFailedError, network.wait(["h"]));
  assert.match(error.message, /^Network "test" failed: host command "h" ended with exit code 9\n/);
  assert.equal(error.failures[0]?.kind, "command");
  assert.equal(error.failures[0]?.stderrTail, "why\n");
});

sceneTest("a failure of one that nobody waits for ends the wait", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("b"), shell("a", "sleep 0.3; exit 2"));
  await network.run();
  const error = await thrownBy(NetworkFailedError, network.wait(["b"], { timeoutMs: 10_000 }));
  assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
});

sceneTest(
  "without termination a failure is told once and the others go on",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "exit 2"), shell("b", "sleep 1; echo b"));
    await network.run();
    const error = await thrownBy(
      NetworkFailedError,
      network.wait(["a"], { terminateOnFailure: false }),
    );
    assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
    assert.deepEqual(network.activeNames, ["b"]);
    assert.equal((await network.wait(["b"])).get("b")?.stdoutText(), "b\n");
  },
);

sceneTest("an end for lack of memory is called so", async ({ network: make }) => {
  const network = await make();
  network.add(shell("hungry", "head -c 100000000 /dev/zero | tail", {
    memoryBytes: 16 << 20,
    memorySwapBytes: 16 << 20,
    init: false,
    entrypoint: ["tail"],
    command: ["/dev/zero"],
  }));
  await network.run();
  const error = await thrownBy(NetworkFailedError, network.wait());
  assert.equal(error.failures[0]?.exitCode, 137);
  assert.equal(error.failures[0]?.oomKilled, true);
  assert.match(error.message, /exit code 137 \(SIGKILL\), out of memory/);
});

sceneTest(
  "a dependency that fails is the guilty one, those that waited for it are not",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("migrate", "echo broken >&2; exit 3"),
      sleeper("app", { dependsOn: { migrate: "completed" } }),
      sleeper("web", { dependsOn: { app: "healthy" } }),
    );
    const error = await thrownBy(NetworkFailedError, network.run());
    assert.match(
      error.message,
      /^Network "test" failed: container "migrate" ended with exit code 3\n/,
    );
    assert.equal(error.failures[0]?.name, "migrate");
    assert.equal(error.failures[0]?.stderrTail, "broken\n");
    assert.ok(error.failures.slice(1).every(({ probablyNotRootCause }) => probablyNotRootCause));
    assert.deepEqual(network.activeNames, []);
  },
);

sceneTest("what the others wrote last is in the report", async ({ network: make }) => {
  const network = await make();
  network.add(
    shell("talker", "for i in 1 2 3 4 5; do echo line $i; done; sleep 1000"),
    shell("a", "exit 1", { dependsOn: { talker: { log: "line 5" } } }),
  );
  await network.run();
  const error = await thrownBy(NetworkFailedError, network.wait());
  assert.deepEqual(error.others.map(({ name, lastLines }) => ({ name, lastLines })), [
    { name: "talker", lastLines: ["line 3", "line 4", "line 5"] },
  ]);
  assert.match(error.message, /Last lines of the others:\n {2}talker \(running\).*\n {4}line 3\n/);
});

sceneTest("why a container does not start is said once", async ({ network: make }) => {
  const network = await make();
  network.add(container("bad", BUSYBOX_IMAGE, { command: ["/nope"] }));
  const error = await thrownBy(NetworkFailedError, network.run());
  const text = renderError(error);
  assert.equal(text.split("/nope: no such file").length, 2, text);
  assert.match(
    text,
    /Cannot start container "bad" .*\(POST \/containers\/[0-9a-f]{12}\/start: 400\)/,
  );
  // It is all there for programs.
  const cause = findCause(error, ProgramNotFoundError);
  assert.match(cause?.path ?? "", /^\/containers\/[0-9a-f]{64}\/start$/);
  assert.ok(reportError(error).entries.length > 1);
});
