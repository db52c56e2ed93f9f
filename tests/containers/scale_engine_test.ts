// gate-timeout: 300 s

import assert from "node:assert/strict";
import {
  type ContainerNetwork,
  findKept,
  type KeptProject,
  removeKept,
} from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { nothingLeft, type Scene, sceneTest, shell, sleeper, within } from "./support.ts";

const CONTAINERS = 200;

/** The engine's default pools hold about 31. */
const NETWORKS = 50;

/** Nothing here may hang; how fast it is is for the benchmarks. */
const LIMIT_MS = 240_000;

sceneTest(
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

sceneTest(
  `${NETWORKS} networks at once, with the same names in each, keep apart`,
  async ({ network: make, engine }) => {
    const networks = await Promise.all(
      Array.from({ length: NETWORKS }, (_, index) => makeOne(make, index)),
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
  try {
    const first = await up();
    assert.equal(first?.containers.size, 10);
    const second = await up();
    const idsOf = (kept: KeptProject | undefined) =>
      [...kept?.containers.values() ?? []].map(({ Id }) => Id);
    assert.deepEqual(idsOf(second), idsOf(first));
  } finally {
    const { failed } = await within(LIMIT_MS, removeKept(engine, project, { graceMs: 0 }));
    assert.deepEqual(failed, []);
  }
  assert.equal(await findKept(engine, project), undefined);
});

async function makeOne(make: Scene["network"], index: number): Promise<ContainerNetwork> {
  const network = await make("equal");
  network.add(shell("node", `echo network ${index}`));
  return network;
}
