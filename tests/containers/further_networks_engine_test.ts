import assert from "node:assert/strict";
import { LABEL } from "../../lib/containers/labels.ts";
import { sceneTest, shell, sleeper, textOf } from "./support.ts";

sceneTest(
  "containers are in the further networks that they name, with their names and addresses, and in no other",
  async ({ network: make, engine }) => {
    const network = await make("further", {
      networks: {
        front: { subnets: [{ subnet: "10.201.77.0/24" }], labels: { side: "front" } },
        back: { internal: true },
      },
    });
    network.add(
      sleeper("db", { networks: { back: { aliases: ["database"] } } }),
      sleeper("app", {
        networks: { front: { ipv4: "10.201.77.9" }, back: {} },
        dependsOn: ["db"],
      }),
      shell("asks", "ping -c1 -W2 database >/dev/null && echo reached", {
        networks: { back: {} },
        dependsOn: ["db"],
      }),
    );
    await network.run();
    const results = await network.wait(["asks"], { timeoutMs: 20_000 });
    assert.equal(results.get("asks")?.stdoutText(), "reached\n");
    const { NetworkSettings } = await network.container("app").inspect();
    const names = Object.keys(NetworkSettings.Networks).toSorted();
    assert.deepEqual(names, [`further_back_${network.runId}`, `further_front_${network.runId}`]);
    assert.equal(NetworkSettings.Networks[names[1]!]?.IPAddress, "10.201.77.9");
    assert.equal(await network.container("app").ipAddress(), "10.201.77.9");
    const made = await engine.networks.list({ labels: { [LABEL.run]: network.runId } });
    assert.equal(made.length, 2, "the network itself is not made when nothing is in it");
    assert.equal(made.find(({ Name }) => Name === names[1])?.Labels?.["side"], "front");
    assert.equal(made.find(({ Name }) => Name === names[0])?.Internal, true);
  },
);

sceneTest(
  "an external network is used and stays; a missing one is named",
  async ({ network: make, engine }) => {
    const name = `superorch-external-${crypto.randomUUID().slice(0, 8)}`;
    const id = await engine.networks.create({ Name: name });
    try {
      const network = await make("ext", { networks: { out: { name, external: true } } });
      network.add(sleeper("one", { networks: { out: {} } }));
      await network.run();
      await network.terminateAll();
      assert.equal((await engine.networks.inspect(id)).Name, name);
      const lost = await make("lost", { networks: { out: { name: `${name}-x`, external: true } } });
      lost.add(sleeper("one", { networks: { out: {} } }));
      const error = await lost.run().then(() => assert.fail("it must fail"), (error) => error);
      assert.match(textOf(error), new RegExp(`network "${name}-x"[^]*there is none of that name`));
    } finally {
      await engine.networks.remove(id);
    }
  },
);

sceneTest(
  "a container that shares another one's network waits for it to be made",
  async ({ network: make }) => {
    const network = await make("share");
    network.add(
      sleeper("guest", { networkMode: "container:owner", dependsOn: ["owner"] }),
      sleeper("owner", { containerName: `superorch-owner-${crypto.randomUUID().slice(0, 8)}` }),
      sleeper("alone", { networkMode: "none" }),
    );
    await network.run();
    const owner = await network.container("owner").inspect();
    const guest = await network.container("guest").inspect();
    assert.match(owner.Name, /^\/superorch-owner-/);
    assert.equal(guest.HostConfig.NetworkMode, `container:${owner.Id}`);
    assert.deepEqual(
      Object.keys((await network.container("alone").inspect()).NetworkSettings.Networks),
      ["none"],
    );
  },
);

sceneTest(
  "a defined volume is made with its labels and outlives the run",
  async ({ network: make, engine }) => {
    const name = `superorch-volume-${crypto.randomUUID().slice(0, 8)}`;
    const network = await make("vol", { volumes: { data: { name, labels: { kind: "test" } } } });
    network.add(shell("writes", "echo kept > /data/x; echo on > /memory/x; mount | grep /memory", {
      volumes: [
        { volume: "data", target: "/data" },
        { volume: "", target: "/nameless" },
        { tmpfs: "/memory", options: "size=1m,noexec" },
      ],
    }));
    await network.run();
    const results = await network.wait(undefined, { timeoutMs: 20_000 });
    assert.match(results.get("writes")!.stdoutText(), /noexec/);
    await network.terminateAll();
    try {
      const { Labels } = await engine.volumes.inspect(name);
      assert.equal(Labels?.["kind"], "test");
      assert.equal(Labels?.[LABEL.project], "vol");
    } finally {
      await engine.volumes.remove(name);
    }
  },
);
