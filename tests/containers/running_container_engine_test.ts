import assert from "node:assert/strict";
import { findCause, StackedError } from "../../lib/errors/mod.ts";
import { LABEL, type LogLine } from "../../lib/containers/mod.ts";
import {
  ContainerNotFoundError,
  ContainerPathNotFoundError,
  NameInUseError,
} from "../../lib/engine/mod.ts";
import { sceneTest, shell, sleeper, textOf, thrownBy, within } from "./support.ts";

sceneTest(
  "the log is read by lines: all, the last ones, from a time on, and as it grows",
  async (scene) => {
    const network = await scene.network();
    const script =
      "echo one; echo two >&2; printf 'thrée\\n\\nfour\\n'; read line; echo $line; sleep 1000";
    network.add(shell("a", script, { stdin: true }), shell("tty", "echo term", { tty: true }));
    await network.run();
    await network.waitFor("a", { log: /four/ }, { timeoutMs: 20_000 });
    const a = network.container("a");
    const all = await Array.fromAsync(a.logs());
    const texts = (lines: readonly LogLine[], stream: string) =>
      lines.filter((line) => line.stream === stream).map(({ text }) => text);
    assert.deepEqual(texts(all, "stdout"), ["one", "thrée", "", "four"]);
    assert.deepEqual(texts(all, "stderr"), ["two"]);
    assert.equal((await Array.fromAsync(a.logs({ tail: 1 }))).length, 1);
    assert.deepEqual(texts(await Array.fromAsync(a.logs({ stdout: false })), "stderr"), ["two"]);
    const [stamped] = await Array.fromAsync(a.logs({ timestamps: true }));
    assert.match(stamped?.text ?? "", /^\d{4}-\d\d-\d\dT\S+Z \w+$/);
    assert.deepEqual(await Array.fromAsync(a.logs({ since: new Date(Date.now() + 60_000) })), []);
    const followed: string[] = [];
    const following = (async () => {
      for await (const { text } of a.logs({ follow: true, stderr: false })) {
        if (followed.push(text) === 5) break;
      }
    })();
    {
      await using attachment = await a.attach();
      await attachment.write("last\n");
      await within(20_000, following);
    }
    assert.deepEqual(followed, ["one", "thrée", "", "four", "last"]);
    await network.waitFor("tty", "completed", { timeoutMs: 20_000 });
    const [line] = await Array.fromAsync(network.container("tty").logs());
    assert.equal(line?.text.trimEnd(), "term");
    const stop = new AbortController();
    const reason = new Error("enough");
    network.add(sleeper("quiet"));
    await network.run(["quiet"]);
    const waiting = Array.fromAsync(
      network.container("quiet").logs({ follow: true, signal: stop.signal }),
    );
    stop.abort(reason);
    await assert.rejects(waiting, reason);
  },
);

sceneTest("what a container uses is told at once and second by second", async (scene) => {
  const network = await scene.network();
  network.add(shell("a", "while true; do :; done", { memoryBytes: 64 * 1024 * 1024, cpus: 0.5 }));
  await network.run();
  const a = network.container("a");
  const usage = await a.stats();
  assert.equal(usage.memoryLimitBytes, 64 * 1024 * 1024);
  assert.ok(usage.processes >= 1);
  assert.ok(usage.memoryBytes > 0 && usage.memoryBytes < usage.memoryLimitBytes);
  const samples = [];
  for await (const sample of a.watchStats()) {
    samples.push(sample);
    if (samples.length === 3) break;
  }
  const [, , last] = samples;
  assert.ok(last!.cpuTimeMs > usage.cpuTimeMs);
  assert.ok(last!.cpus !== undefined && last!.cpus > 0 && last!.cpus < 0.8, `${last!.cpus}`);
});

sceneTest("another name on the engine is taken, and everything goes on under it", async (scene) => {
  const network = await scene.network();
  await network.add(sleeper("a"), sleeper("b")).run();
  const a = network.container("a");
  const name = `superorch-renamed-${network.runId}`;
  await a.rename(name);
  assert.equal(a.engineName, name);
  assert.equal((await a.inspect()).Name, `/${name}`);
  assert.equal((await network.container("b").exec(["ping", "-c1", "a"])).exitCode, 0);
  await thrownBy(NameInUseError, network.container("b").rename(name));
  await network.terminate(["a"]);
  assert.deepEqual(await scene.engine.containers.list({ filters: { name: [name] } }), []);
});

sceneTest("what cannot be copied is told with names, and no ids", async (scene) => {
  const network = await scene.network();
  await network.add(sleeper("box")).run();
  const box = network.container("box");
  const cases = [
    [
      () => box.copyIn("/x", { source: "/no/such/file" }),
      /copy "\/no\/such\/file" to "\/x" of container "box"/,
    ],
    [() => box.copyOut("/absent", "/tmp"), /copy "\/absent" out of container "box"/],
    [() => box.readFile("/absent"), /read "\/absent" of container "box"/],
    [() => box.readFile("/etc"), /read "\/etc" of container "box"/],
    [() => box.copyIn("relative", { content: "" }), /copy to "relative" of container "box"/],
  ] as const;
  for (const [work, message] of cases) {
    const error = await thrownBy(StackedError, work());
    assert.match(error.message, message);
    assert.ok(!error.message.includes(box.id));
  }
  const missing = await thrownBy(StackedError, box.readFile("/absent"));
  assert.ok(findCause(missing, ContainerPathNotFoundError) !== undefined, textOf(missing));
  await network.terminate();
  const gone = await thrownBy(StackedError, box.readFile("/etc/passwd"));
  assert.ok(findCause(gone, ContainerNotFoundError) !== undefined, textOf(gone));
});

sceneTest(
  "named volumes are labelled with whose they are, and a sweep leaves them",
  async (scene) => {
    const network = await scene.network();
    const volume = `superorch-labelled-${network.runId}`;
    network.add(shell("a", "true", { volumes: [{ volume, target: "/data" }] }));
    await network.run();
    await network.wait();
    await network.terminateAll();
    try {
      const { Labels } = await scene.engine.volumes.inspect(volume);
      assert.equal(Labels?.[LABEL.project], "test");
      assert.equal(Labels?.[LABEL.name], volume);
      assert.equal(Labels?.[LABEL.run], undefined);
    } finally {
      await scene.engine.volumes.remove(volume);
    }
  },
);

sceneTest(
  "options that nobody would look at are refused before anything happens",
  async (scene) => {
    const wrong = (value: unknown) => value as never;
    await thrownBy(TypeError, scene.network("a", wrong({ logdir: "x" })));
    await thrownBy(TypeError, scene.network("a", { networks: { b: wrong({ subnet: "x" }) } }));
    const network = await scene.network();
    network.add(sleeper("a"));
    assert.throws(() => network.add(wrong(undefined)), /Cannot add undefined to network "test"/);
    assert.throws(() => network.add(wrong("busybox")), /Cannot add "busybox"/);
    const timeout = wrong({ timeout: 5 });
    for (
      const call of [
        () => network.run(undefined, timeout),
        () => network.wait(undefined, timeout),
        () => network.waitFor("a", "started", timeout),
        () => network.terminate(undefined, timeout),
      ]
    ) assert.match((await thrownBy(TypeError, call())).message, /has no option "timeout"/);
  },
);
