import assert from "node:assert/strict";
import { loadComposeProject, toNetwork } from "../../lib/compose/mod.ts";
import { removeKept } from "../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { sceneTest, tempDir } from "../containers/support.ts";

sceneTest(
  "a kept project with several networks goes on as it is when nothing has changed",
  async ({ network: make, engine }) => {
    await using directory = await tempDir();
    const projectName = `kept${crypto.randomUUID().slice(0, 8)}`;
    await Deno.writeTextFile(
      `${directory.path}/compose.yaml`,
      `services:
  a: { image: ${BUSYBOX_IMAGE}, command: sleep 1000, networks: [x, y] }
  b: { image: ${BUSYBOX_IMAGE}, command: sleep 1000 }
networks: { x: {}, y: { name: ${projectName}-own } }
`,
    );
    const project = await loadComposeProject({ cwd: directory.path, projectName, env: {} });
    const runs: string[][] = [];
    try {
      for (let run = 0; run < 2; run++) {
        const { name, options, specs } = toNetwork(project, { names: "project" });
        const network = await make(name, { ...options, lifetime: "kept" });
        network.add(...specs);
        await network.run(undefined, { timeoutMs: 30_000 });
        runs.push([network.container("a").id, network.container("b").id]);
        await network[Symbol.asyncDispose]();
      }
      assert.deepEqual(runs[1], runs[0]);
    } finally {
      const { removed } = await removeKept(engine, projectName, { graceMs: 0 });
      assert.deepEqual(removed.map(({ name }) => name).toSorted(), [
        `${projectName}-a-1`,
        `${projectName}-b-1`,
        `${projectName}-own`,
        `${projectName}_default`,
        `${projectName}_x`,
      ]);
    }
  },
);
