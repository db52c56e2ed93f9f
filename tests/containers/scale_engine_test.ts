// gate-timeout: 300 s
// gate-alone

import assert from "node:assert/strict";
import { findKept, type KeptProject, removeKept } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { privateEngineProblem, startPrivateEngine } from "../support/private_engine.ts";
import {
  nothingLeft,
  type Scene,
  sceneTest,
  shell,
  sleeper,
  within,
  withScene,
} from "./support.ts";

const CONTAINERS = 200;

/** The engine's default pools hold about 31. */
const NETWORKS = 50;

/** Nothing here may hang; how fast it is is for the benchmarks. */
const LIMIT_MS = 240_000;

const problem = await privateEngineProblem();

/**
 * Registers a test on an engine of its own: one that uses up the address ranges would fail whoever
 * else makes a network at the same time without choosing its addresses.
 */
function scaleTest(name: string, body: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: problem === undefined ? name : `${name} (skipped: ${problem})`,
    ignore: problem !== undefined,
    fn: async () => {
      await using daemon = await startPrivateEngine();
      await using engine = await daemon.connect();
      await withScene(body, engine);
    },
  });
}

scaleTest(
  `${CONTAINERS} containers in one network are created, started and removed`,
  async ({ network: make, engine }) => {
    const network = await make("scale", { startWidth: 4 });
    const names = Array.from({ length: CONTAINERS }, (_, index) => `node-${index}`);
    for (const name of names) network.add(sleeper(name, { recordLimitBytes: 4096 }));
    await within(LIMIT_MS, network.run());
    assert.equal(network.activeNames.length, CONTAINERS);
    const labels = { [LABEL.run]: network.runId };
    const there = await engine.containers.list({ labels });
    assert.deepEqual(there.map(({ State }) => State), names.map(() => "running"));
    // The first reaches the last by its name in the network.
    const last = names.at(-1)!;
    const found = await network.container("node-0").exec(["nslookup", last]);
    assert.equal(found.exitCode, 0, found.stdoutText() + found.stderrText());
    await within(LIMIT_MS, network.terminateAll());
    await nothingLeft(engine, labels);
  },
);

scaleTest(
  `${NETWORKS} networks at once, with the same names in each, keep apart`,
  async ({ network: make, engine }) => {
    const networks = await Promise.all(
      Array.from({ length: NETWORKS }, async (_, index) => {
        const network = await make("equal");
        return network.add(shell("node", `echo network ${index}`));
      }),
    );
    assert.equal(new Set(networks.map(({ engineName }) => engineName)).size, NETWORKS);
    await within(LIMIT_MS, Promise.all(networks.map((network) => network.run())));
    const subnets = (await Promise.all(networks.map(async ({ engineName }) => {
      const { IPAM } = await engine.networks.inspect(engineName);
      return IPAM?.Config?.map(({ Subnet }) => Subnet) ?? [];
    }))).flat();
    assert.equal(new Set(subnets).size, NETWORKS);
    const outputs = await within(
      LIMIT_MS,
      Promise.all(networks.map(async (network) => {
        return (await network.wait()).get("node")?.stdoutText();
      })),
    );
    assert.deepEqual(outputs, networks.map((_, index) => `network ${index}\n`));
    await within(LIMIT_MS, Promise.all(networks.map((network) => network.terminateAll())));
  },
);

sceneTest("ten services go up, are found again and go down", async ({ network: make, engine }) => {
  const project = `scale-${crypto.randomUUID().slice(0, 8)}`;
  const up = async () => {
    const network = await make(project, { lifetime: "kept" });
    for (let index = 0; index < 10; index++) network.add(sleeper(`service-${index}`));
    await within(LIMIT_MS, network.run());
    await network[Symbol.asyncDispose]();
    return await findKept(engine, project);
  };
  const idsOf = (kept: KeptProject | undefined) =>
    [...kept?.containers.values() ?? []].map(({ Id }) => Id).sort();
  try {
    const first = idsOf(await up());
    assert.equal(first.length, 10);
    assert.deepEqual(idsOf(await up()), first);
  } finally {
    const { failed } = await within(LIMIT_MS, removeKept(engine, project, { graceMs: 0 }));
    assert.deepEqual(failed, []);
  }
  assert.equal(await findKept(engine, project), undefined);
});
