import assert from "node:assert/strict";
import {
  container,
  ContainerStartError,
  Dockerfile,
  dockerfile,
} from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { nothingLeft, onEngine, sceneTest, shell, tempDir, textOf, thrownBy } from "./support.ts";

sceneTest("ten containers of one Dockerfile are one build", async ({ network: make, engine }) => {
  const network = await make();
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  for (const name of names) {
    network.add(container(
      name,
      dockerfile`
        FROM ${BUSYBOX_IMAGE}
        RUN echo hi ${network.runId} > /x
      `,
      { command: ["cat", "/x"] },
    ));
  }
  await network.run();
  const results = await network.wait();
  for (const name of names) {
    assert.equal(results.get(name)?.stdoutText(), `hi ${network.runId}\n`, name);
  }
  const images = await engine.images.list({ labels: { [LABEL.run]: network.runId } });
  assert.equal(images.length, 1);
  await network.terminateAll();
  await nothingLeft(engine, { [LABEL.run]: network.runId });
});

sceneTest(
  "hosts, caches and further names of a build are given to it",
  async ({ network: make, engine }) => {
    const network = await make();
    const tags = ["1", "1.2"].map((tag) => `superorch/test-${network.runId}:${tag}`);
    const text = `FROM ${BUSYBOX_IMAGE}\nRUN cp /etc/hosts /hosts # ${network.runId}\n`;
    const image = Dockerfile.contents(text, {
      extraHosts: { "registry.local": "192.0.2.7" },
      // One that cannot be had costs its steps, and not the build.
      cacheFrom: ["127.0.0.1:1/app:cache"],
      tags,
    });
    network.add(container("a", image, { command: ["cat", "/hosts"] }));
    await network.run();
    const built = (await network.wait()).get("a");
    assert.match(built?.stdoutText() ?? "", /^192\.0\.2\.7\s+registry\.local$/m);
    const [first, second] = await Promise.all(tags.map((tag) => engine.images.inspect(tag)));
    assert.equal(first?.Id, second?.Id);
    await network.terminateAll();
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest(
  "a step that fails shows its output and code, and names the container",
  async ({ network: make, engine }) => {
    const network = await make();
    const image = dockerfile`
    FROM ${BUSYBOX_IMAGE}
    RUN echo hi-${network.runId} && false
  `;
    network.add(container("broken", image));
    const error = await thrownBy(ContainerStartError, network.run(), 60_000);
    const text = textOf(error);
    assert.match(text, /"broken"/);
    assert.ok(text.includes(`hi-${network.runId}`), text);
    assert.match(text, /returned a non-zero code: 1|exit code: 1/);
    const all = await engine.json<readonly { Id: string; Command: string }[]>({
      method: "GET",
      path: "/containers/json",
      query: { all: true },
    });
    const left = all.filter(({ Command }) => Command.includes(network.runId));
    assert.deepEqual(left, [], "no intermediate container");
    await nothingLeft(engine, { [LABEL.run]: network.runId });
  },
);

sceneTest(
  "files of the context and of memory arrive with their modes, and no file is left",
  async ({ network: make }) => {
    await using directory = await tempDir();
    await Deno.mkdir(`${directory.path}/sub`);
    await Deno.writeTextFile(`${directory.path}/sub/file`, "from disk\n");
    const network = await make();
    const image = Dockerfile.contents(
      `FROM ${BUSYBOX_IMAGE}\nCOPY sub/file /file\nCOPY tool /tool\nRUN echo ${network.runId}\n`,
      {
        context: directory.path,
        files: [{ path: "tool", content: "#!/bin/sh\necho from memory\n", mode: 0o755 }],
      },
    );
    network.add(container("c", image, {
      command: ["sh", "-c", "cat /file; /tool; stat -c %a /tool"],
    }));
    await network.run();
    const result = (await network.wait()).get("c");
    assert.equal(result?.stdoutText(), "from disk\nfrom memory\n755\n");
    const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name);
    assert.deepEqual(names, ["sub"]);
  },
);

sceneTest(
  "a Dockerfile on disk is built from its directory, and steps can be added to it",
  async ({ network: make }) => {
    await using directory = await tempDir();
    const path = `${directory.path}/My.dockerfile`;
    await Deno.writeTextFile(path, `FROM ${BUSYBOX_IMAGE}\nCOPY word /word\n`);
    await Deno.writeTextFile(`${directory.path}/word`, "word\n");
    const network = await make();
    const cat = { command: ["sh", "-c", "cat /word /more"], allowUnsuccessful: true };
    network.add(
      container("plain", Dockerfile.path(path), cat),
      container(
        "added",
        Dockerfile.addBuildSteps(Dockerfile.path(path), "RUN echo more > /more"),
        cat,
      ),
      container(
        "onto",
        Dockerfile.addBuildSteps(
          Dockerfile.nameTag(BUSYBOX_IMAGE),
          "RUN echo a > /word",
          "RUN echo b > /more",
        ),
        cat,
      ),
    );
    await network.run();
    const results = await network.wait();
    assert.equal(results.get("plain")?.stdoutText(), "word\n");
    assert.equal(results.get("added")?.stdoutText(), "word\nmore\n");
    assert.equal(results.get("onto")?.stdoutText(), "a\nb\n");
  },
);

sceneTest("progress tells what is built for whom", async ({ network: make, progress }) => {
  const network = await make();
  network.add(container(
    "c",
    dockerfile`
      FROM ${BUSYBOX_IMAGE}
      RUN echo word-${network.runId}
    `,
    { command: ["true"] },
  ));
  await network.run();
  await network.wait();
  assert.ok(progress.includes(`c: word-${network.runId}`), progress.join("\n"));
});

sceneTest(
  "an image is removed although a container of it was run again",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(
      container(
        "c",
        dockerfile`
        FROM ${BUSYBOX_IMAGE}
        RUN echo ${network.runId}
      `,
        { command: ["true"] },
      ),
      shell("d", "true"),
    );
    for (let round = 0; round < 2; round++) {
      await network.run();
      await network.wait();
    }
    const labels = { [LABEL.run]: network.runId };
    assert.equal(
      (await onEngine(engine, labels)).filter((line) => line.startsWith("image")).length,
      1,
    );
  },
);

sceneTest(
  "a step reads a secret that is in no layer of the image",
  async ({ network: make }) => {
    const network = await make();
    const image = Dockerfile.contents(
      `FROM ${BUSYBOX_IMAGE}
RUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = "s-${network.runId}" && echo read > /x
`,
      { secrets: { token: `s-${network.runId}` } },
    );
    network.add(container("reader", image, {
      command: ["sh", "-c", "cat /x; ls /run/secrets 2>&1 || true"],
    }));
    await network.run();
    const text = (await network.wait()).get("reader")!.stdoutText();
    assert.match(text, /^read\n/);
    assert.ok(!text.includes("token"), text);
  },
);
