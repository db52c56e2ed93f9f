import assert from "node:assert/strict";
import { isTimeout } from "../../lib/errors/mod.ts";
import {
  container,
  ContainerStartError,
  dockerfile,
  NetworkFailedError,
} from "../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import {
  nothingLeft,
  sceneTest,
  shell,
  sleeper,
  tempDir,
  textOf,
  thrownBy,
  timed,
} from "./support.ts";

sceneTest(
  "one container gives both outputs apart, without carriage returns, and its exit code",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("one", "echo out; echo err >&2; exit 3", { allowUnsuccessful: true }));
    await network.run();
    const result = (await network.wait()).get("one");
    assert.equal(result?.stdoutText(), "out\n");
    assert.equal(result?.stderrText(), "err\n");
    assert.equal(result?.exitCode, 3);
    assert.equal(result?.successful, false);
    assert.equal(result?.terminated, false);
  },
);

sceneTest(
  "a missing binary is the daemon's words and the container's name",
  async ({ network: make }) => {
    const network = await make();
    network.add(container("lost", BUSYBOX_IMAGE, { command: ["/nope"] }));
    const error = await thrownBy(NetworkFailedError, network.run());
    assert.match(error.message, /no such file or directory/);
    assert.match(error.message, /"lost"/);
    assert.equal(error.failures[0]?.name, "lost");
    assert.ok(error.failures[0]?.error instanceof ContainerStartError);
  },
);

sceneTest("a missing image is named, and nothing is made", async ({ network: make, engine }) => {
  const network = await make();
  network.add(
    sleeper("good"),
    container("bad", "127.0.0.1:9/superorch/missing:1", { dependsOn: ["good"] }),
  );
  const error = await thrownBy(ContainerStartError, network.run());
  assert.equal(error.containerName, "bad");
  assert.match(error.message, /127\.0\.0\.1:9\/superorch\/missing:1/);
  await nothingLeft(engine, { [LABEL.run]: network.runId });
  assert.deepEqual(network.activeNames, []);
});

sceneTest("an image that must not be pulled is missing at once", async ({ network: make }) => {
  const network = await make();
  network.add(container("bad", "superorch/missing:1", { pull: "never" }));
  const error = await thrownBy(ContainerStartError, network.run());
  assert.match(textOf(error), /superorch\/missing:1/);
});

sceneTest("an entry point replaces the image's", async ({ network: make }) => {
  const network = await make();
  const image = dockerfile`
    FROM ${BUSYBOX_IMAGE}
    ENTRYPOINT ["echo", "EP"]
  `;
  network.add(
    container("ours", image, { entrypoint: ["/bin/ls", "-a"], command: ["/"] }),
    container("theirs", image, { command: ["word"] }),
    container("none", image, { entrypoint: [], command: ["echo", "plain"] }),
  );
  await network.run();
  const results = await network.wait();
  assert.match(results.get("ours")!.stdoutText(), /^\.\n\.\.\n[^]*\bbin\b/);
  assert.doesNotMatch(results.get("ours")!.stdoutText(), /EP/);
  assert.equal(results.get("theirs")!.stdoutText(), "EP word\n");
  assert.equal(results.get("none")!.stdoutText(), "plain\n");
});

sceneTest(
  "a container that takes too long is named by the time-out and can be ended",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("slow"));
    await network.run();
    const { value: error, ms } = await timed(() =>
      thrownBy(Error, network.wait(undefined, { timeoutMs: 1000 }))
    );
    assert.ok(isTimeout(error));
    assert.match(error.message, /"slow"/);
    assert.ok(ms >= 990 && ms < 2500, `${ms} ms`);
    await network.terminateAll();
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest("a relative directory of the host is mounted", async ({ network: make }) => {
  await using directory = await tempDir();
  await Deno.writeTextFile(`${directory.path}/example.txt`, "hello from example.txt");
  const up = Deno.cwd().split("/").filter((part) => part !== "").map(() => "..").join("/");
  const network = await make();
  network.add(shell("reader", "cat /mnt/example.txt; touch /mnt/x || exit 9", {
    volumes: [{ bind: `${up}${directory.path}`, target: "/mnt", readOnly: true }],
    allowUnsuccessful: true,
  }));
  await network.run();
  const result = (await network.wait()).get("reader");
  assert.equal(result?.stdoutText(), "hello from example.txt");
  assert.equal(result?.exitCode, 9, "it must be read-only");
});

sceneTest(
  "a missing directory of the host is an error before anything is made, and is not made",
  async ({ network: make, engine }) => {
    await using directory = await tempDir();
    const missing = `${directory.path}/missing`;
    const network = await make();
    network.add(
      sleeper("first"),
      sleeper("second", { volumes: [{ bind: missing, target: "/mnt" }] }),
    );
    const error = await thrownBy(Error, network.run());
    assert.match(error.message, /"second"/);
    assert.ok(error.message.includes(missing));
    await nothingLeft(engine, { [LABEL.run]: network.runId });
    await assert.rejects(Deno.stat(missing), Deno.errors.NotFound);
  },
);

sceneTest(
  "a port that cannot be one is a mistake that is found before anything is made",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(sleeper("a"), sleeper("b", { ports: [70_000] }));
    const error = await thrownBy(RangeError, network.run());
    assert.match(error.message, /port 70000 of container "b"/);
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest("namespaces of another container are shared", async ({ network: make }) => {
  const network = await make();
  network.add(
    sleeper("a"),
    shell("b", "ps | grep -c 'sleep 1000'", { pid: "container:a" }),
  );
  await network.run();
  const seen = Number((await network.wait(["b"])).get("b")?.stdoutText());
  assert.ok(seen >= 1);
});

sceneTest("mounts within one another are warned of", async ({ network: make, progress }) => {
  await using directory = await tempDir();
  const network = await make();
  network.add(shell("nested", "true", {
    volumes: [{ bind: directory.path, target: "/mnt" }, { tmpfs: "/mnt/inner/" }],
  }));
  await network.run();
  await network.wait();
  assert.ok(
    progress.includes('warning: container "nested" mounts /mnt/inner within /mnt'),
    progress.join("\n"),
  );
});
