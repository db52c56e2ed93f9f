import assert from "node:assert/strict";
import { isTimeout } from "../../lib/errors/mod.ts";
import { command } from "../../lib/commands/mod.ts";
import { hostCommand, NetworkFailedError } from "../../lib/containers/mod.ts";
import { ContainerNetwork } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { privateEngineProblem, startPrivateEngine } from "../support/private_engine.ts";
import {
  nothingLeftWithin,
  shell,
  sleeper,
  textOf,
  thrownBy,
  timed,
  within,
  withScene,
} from "./support.ts";

const problem = await privateEngineProblem();
const privately = (name: string, body: () => Promise<void>) =>
  Deno.test({
    name: problem === undefined ? name : `${name} (skipped: ${problem})`,
    ignore: problem !== undefined,
    fn: body,
  });

privately("a daemon that dies in the middle is a failure at once, and no hang", async () => {
  await using daemon = await startPrivateEngine();
  await using engine = await daemon.connect();
  await busyboxImage(engine);
  const progress: string[] = [];
  const network = await ContainerNetwork.create("dies", {
    engine,
    forward: false,
    onProgress: (line) => progress.push(line),
  });
  network.add(
    shell("a", "echo words; sleep 1000"),
    hostCommand("h", command("sleep 1000")),
  );
  await network.run();
  await network.waitFor("a", { log: "words" }, { timeoutMs: 10_000 });
  const waiting = thrownBy(NetworkFailedError, network.wait(), 30_000);
  await daemon.kill("SIGKILL");
  const { value: error, ms } = await timed(() => waiting);
  assert.ok(ms < 10_000, `${ms} ms`);
  assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
  assert.equal(error.failures[0]?.stdoutTail, "words\n");
  assert.match(textOf(error), /docker\.sock/);
  assert.deepEqual(network.activeNames, [], "the host command is ended too");
  assert.ok(progress.some((line) => line.startsWith("warning: ")), progress.join("\n"));
  await assert.rejects(within(10_000, network.run()));
  await assert.rejects(within(10_000, network[Symbol.asyncDispose]()));
});

privately("a daemon that stops answering does not hold up a deadline", async () => {
  await using daemon = await startPrivateEngine();
  await using engine = await daemon.connect();
  await withScene(async ({ network: make }) => {
    const network = await make();
    network.add(sleeper("a"), sleeper("b"));
    await network.run(["a"]);
    await daemon.kill("SIGSTOP");
    try {
      for (
        const wait of [
          () => network.wait(["a"], { timeoutMs: 300 }),
          () => network.waitFor("a", { exec: ["true"] }, { timeoutMs: 300 }),
          () => network.waitFor("a", { file: "/x" }, { timeoutMs: 300 }),
          () => network.waitFor("a", { port: 1 }, { timeoutMs: 300 }),
        ]
      ) {
        const { value: error, ms } = await timed(() => thrownBy(Error, wait()));
        assert.ok(isTimeout(error), textOf(error));
        assert.ok(ms < 3_000, `${ms} ms`);
      }
    } finally {
      await daemon.kill("SIGCONT");
    }
    await network.run(["b"]);
    await network.terminateAll();
    await nothingLeftWithin(1_000, engine, { [LABEL.run]: network.runId });

    // Deadlines of run() include the removal of what was made; that is bounded on its own.
    const other = await make();
    other.add(sleeper("a"));
    await daemon.kill("SIGSTOP");
    const waking = new Promise((resolve) => setTimeout(resolve, 2_500))
      .then(() => daemon.kill("SIGCONT"));
    const error = await thrownBy(Error, other.run(undefined, { timeoutMs: 500 }), 40_000);
    assert.ok(isTimeout(error), textOf(error));
    await waking;
    await nothingLeftWithin(5_000, engine, { [LABEL.run]: other.runId });
  }, engine);
});
