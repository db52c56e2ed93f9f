// What a network does when its connections to the engine break in the middle.
import assert from "node:assert/strict";
import {
  container,
  ContainerNetwork,
  LABEL,
  NetworkFailedError,
  UnhealthyError,
} from "../../lib/containers/mod.ts";
import { connectEngine, EngineConnectionError, FrameError } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { findCause } from "../../lib/errors/mod.ts";
import { type Cut, cuttingProxy } from "./_cutting_proxy.ts";
import { nothingLeft, sceneTest, shell, sleeper, textOf, thrownBy, within } from "./support.ts";

/** Runs a network through a socket that breaks some of its connections. */
async function broken(
  cut: Cut,
  body: (network: ContainerNetwork) => Promise<void>,
): Promise<void> {
  await using direct = await connectEngine();
  await busyboxImage(direct);
  await using proxy = await cuttingProxy(direct.host.replace("unix://", ""));
  let runId = "";
  {
    await using engine = await connectEngine({ host: proxy.host });
    await using network = await ContainerNetwork.create("cut", {
      engine,
      forward: false,
      handleSignals: false,
      onProgress: () => {},
    });
    runId = network.runId;
    proxy.cut(cut);
    await body(network);
  }
  await nothingLeft(direct, { [LABEL.run]: runId });
}

Deno.test("an output that breaks off in the middle of a frame is a failure of its container", () =>
  broken({
    request: /\/attach\?/,
    after: /half of it\n/,
    instead: new Uint8Array([1, 0, 0, 0, 0, 0, 0, 100, 65, 66]),
  }, async (network) => {
    network.add(shell("a", "echo half of it; sleep 1; echo the rest"));
    await network.run(undefined, { timeoutMs: 60_000 });
    const error = await thrownBy(NetworkFailedError, network.wait(), 60_000);
    assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
    assert.ok(findCause(error, FrameError) !== undefined, textOf(error));
    assert.match(error.failures[0]?.stdoutTail ?? "", /^half of it\n/);
  }));

Deno.test("an output that is not made of frames is a failure of its container", () =>
  broken({
    request: /\/attach\?/,
    after: /\r\n\r\n/,
    instead: new TextEncoder().encode("<html>no engine</html>"),
  }, async (network) => {
    network.add(shell("a", "sleep 1"));
    await network.run(undefined, { timeoutMs: 60_000 });
    const error = await thrownBy(NetworkFailedError, network.wait(), 60_000);
    assert.ok(findCause(error, FrameError) !== undefined, textOf(error));
  }));

for (
  const [what, request] of [
    ["the stream of events", /\/events\?/],
    ["the wait for an exit", /\/wait\?/],
  ] as const
) {
  Deno.test(`${what} that breaks is a typed error at once, and no hang`, () =>
    broken({ request, after: /\r\n\r\n/ }, async (network) => {
      network.add(sleeper("a"));
      const error = await thrownBy(
        NetworkFailedError,
        (async () => {
          await network.run(undefined, { timeoutMs: 60_000 });
          await network.wait(undefined, { timeoutMs: 60_000 });
        })(),
        60_000,
      );
      assert.ok(findCause(error, EngineConnectionError) !== undefined, textOf(error));
      assert.deepEqual(error.failures.map(({ name }) => name), ["a"]);
    }));
}

for (
  const [what, request] of [
    ["created", /\/containers\/create\?/],
    ["started", /\/start/],
    ["put into its network", /\/networks\/create/],
  ] as const
) {
  Deno.test(`a connection that breaks while a container is ${what} leaves nothing`, () =>
    broken({ request }, async (network) => {
      network.add(sleeper("a"));
      const error = await thrownBy(Error, network.run(undefined, { timeoutMs: 60_000 }), 60_000);
      const cause = findCause(error, EngineConnectionError);
      assert.ok(cause !== undefined, textOf(error));
      assert.match(cause.request, /^POST \/(containers|networks)\//);
      assert.match(textOf(error), /"a"|Cannot create network/);
    }));
}

sceneTest(
  "a health check that never passes ends everything, and is told with its words",
  async (scene) => {
    const network = await scene.network();
    const test = ["sh", "-c", "echo not yet; exit 1"];
    network.add(
      sleeper("db", { health: { test, intervalMs: 100, retries: 2, startPeriodMs: 0 } }),
      sleeper("app", { dependsOn: { db: "healthy" } }),
    );
    const error = await thrownBy(NetworkFailedError, network.run(), 60_000);
    const unhealthy = findCause(error, UnhealthyError);
    assert.ok(unhealthy !== undefined, textOf(error));
    assert.match(error.message, /"db" is unhealthy.*not yet/);
    assert.deepEqual(network.activeNames, []);
  },
);

sceneTest(
  "a copy that the engine refuses is a failure of that container, and leaves nothing",
  async (scene) => {
    const network = await scene.network();
    network.add(
      sleeper("good"),
      sleeper("sealed", { readOnly: true, files: [{ target: "/etc/file", content: "x" }] }),
    );
    const error = await thrownBy(NetworkFailedError, network.run(), 60_000);
    assert.deepEqual(error.failures.map(({ name }) => name), ["sealed"]);
    assert.match(error.message, /Cannot create container "sealed".*read-only/);
  },
);

sceneTest(
  "arguments with quotes, line ends and JSON arrive as they were written",
  async (scene) => {
    const words = [`{"a":["b'c"]}`, `"`, `\\`, "a\nb", "$HOME `id`", "", "é🦀", " "];
    const network = await scene.network();
    network.add(container("a", BUSYBOX_IMAGE, {
      entrypoint: ["sh", "-c", 'for word; do printf "%s\\0" "$word"; done', "sh"],
      command: words,
      env: { TEXT: words[0]! },
    }));
    await network.run();
    const results = await within(60_000, network.wait());
    assert.deepEqual(results.get("a")?.stdoutText().split("\0").slice(0, -1), words);
  },
);
