import assert from "node:assert/strict";
import { NameInUseError, PortInUseError } from "../../lib/engine/mod.ts";
import { findCause } from "../../lib/errors/mod.ts";
import { NetworkFailedError } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { eventually } from "../../lib/retry/mod.ts";
import {
  freePort,
  nothingLeft,
  onEngine,
  sceneTest,
  shell,
  sleeper,
  textOf,
  thrownBy,
} from "./support.ts";

sceneTest(
  "containers find each other by name, host name and alias",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(
      sleeper("target", { hostname: "other-name", aliases: ["alias"] }),
      shell("pinger", "for n in target other-name alias; do ping -c1 -W5 $n || exit 1; done", {
        dependsOn: ["target"],
      }),
    );
    await network.run();
    await network.wait(["pinger"]);
    const target = network.container("target");
    const inspect = await engine.containers.inspect(target.id);
    const address = inspect.NetworkSettings.Networks[network.engineName]?.IPAddress;
    assert.ok(address);
    assert.equal(await target.ipAddress(), address);
  },
);

sceneTest(
  "a static address is honoured, and without a subnet the daemon's words are shown",
  async ({ network: make, engine }) => {
    const network = await make("static", { subnets: [{ subnet: "10.213.7.0/24" }] });
    network.add(sleeper("a", { ipv4: "10.213.7.9" }));
    await network.run();
    assert.equal(await network.container("a").ipAddress(), "10.213.7.9");

    const without = await make();
    without.add(sleeper("a", { ipv4: "10.213.7.9" }));
    const error = await thrownBy(TypeError, without.run());
    assert.match(error.message, /"a": its ipv4 .* networks with user configured subnets/);
    assert.deepEqual(await onEngine(engine, { [LABEL.run]: without.runId }), []);
  },
);

sceneTest(
  "a published port is reachable on 127.0.0.1, and a second user of it is told so",
  async ({ network: make, engine }) => {
    const port = freePort();
    const serve = "while :; do echo hello | nc -l -p 80 -w 5; done";
    const network = await make();
    network.add(
      shell("server", serve, { ports: [{ container: 80, host: port }, 81] }),
    );
    await network.run();
    await network.waitFor("server", { port: 80 }, { timeoutMs: 10_000 });
    const published = await network.container("server").publishedPort(80);
    assert.deepEqual(published, { host: "127.0.0.1", port });
    const text = await eventually(async () => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      return new TextDecoder().decode(await readAll(connection)) || false;
    }, 10_000);
    assert.equal(text, "hello\n");
    assert.ok((await network.container("server").publishedPort(81)).port > 0);

    const second = await make();
    second.add(sleeper("other", { ports: [{ container: 80, host: port }] }));
    const error = await thrownBy(NetworkFailedError, second.run());
    assert.match(error.message, /port is already allocated/);
    assert.match(error.message, /"other"/);
    assert.ok(findCause(error, PortInUseError), textOf(error));
    await nothingLeft(engine, { [LABEL.run]: second.runId });
    assert.equal((await network.container("server").inspect()).State.Running, true);
  },
);

sceneTest(
  "two runs at once with equal names pass side by side",
  async ({ network: make, engine }) => {
    const [one, two] = await Promise.all([make("same"), make("same")]);
    for (const network of [one, two]) {
      network.add(sleeper("a"), shell("b", "ping -c1 -W5 a", { dependsOn: ["a"] }));
    }
    await Promise.all([one.run(), two.run()]);
    await Promise.all([one.wait(["b"]), two.wait(["b"])]);
    await one.terminateAll();
    await nothingLeft(engine, { [LABEL.run]: one.runId });
    assert.equal((await onEngine(engine, { [LABEL.run]: two.runId })).length, 3);
    assert.equal((await two.container("a").inspect()).State.Running, true);
  },
);

sceneTest(
  "with fixed names the loser is told who has the name and the winner lives",
  async ({ network: make, engine }) => {
    const name = `fixed-${crypto.randomUUID().slice(0, 8)}`;
    const container = `c-${name}`;
    const winner = await make(name, { unique: false });
    winner.add(sleeper(container));
    await winner.run();
    assert.equal(winner.engineName, name);
    const { id } = winner.container(container);

    const loser = await make(name, { unique: false });
    loser.add(sleeper(container));
    const error = await thrownBy(NameInUseError, loser.run());
    assert.match(error.message, /already in use/);
    assert.ok(error.message.includes(id));
    // Containers of other names: then the network's own name is the one that is taken.
    const other = await make(name, { unique: false });
    other.add(sleeper(`d-${name}`));
    const taken = await thrownBy(Error, other.run());
    assert.ok(findCause(taken, NameInUseError), textOf(taken));
    for (const { runId } of [loser, other]) await nothingLeft(engine, { [LABEL.run]: runId });
    assert.equal((await winner.container(container).inspect()).State.Running, true);
  },
);

sceneTest(
  "two racing for fixed names: one wins, the other gets an error, nothing is mixed up",
  async ({ network: make, engine }) => {
    const name = `race-${crypto.randomUUID().slice(0, 8)}`;
    const networks = await Promise.all([
      make(name, { unique: false }),
      make(name, { unique: false }),
    ]);
    for (const network of networks) network.add(sleeper(`c-${name}`));
    const settled = await Promise.allSettled(networks.map((network) => network.run()));
    const states = settled.map(({ status }) => status).toSorted();
    assert.deepEqual(states, ["fulfilled", "rejected"]);
    const winner = networks[settled.findIndex(({ status }) => status === "fulfilled")]!;
    assert.equal((await winner.container(`c-${name}`).inspect()).State.Running, true);
    assert.equal((await onEngine(engine, { [LABEL.run]: winner.runId })).length, 2);
  },
);

sceneTest(
  "an internal network has no way out, and its labels are ours and the user's",
  async ({ network: make, engine }) => {
    const network = await make("inner", { internal: true, labels: { colour: "red" } });
    network.add(sleeper("a", { labels: { size: "small", [LABEL.run]: "forged" } }));
    await network.run();
    const [found] = await engine.networks.list({ labels: { [LABEL.run]: network.runId } });
    assert.equal(found?.Internal, true);
    assert.equal(found?.Labels?.["colour"], "red");
    const { Labels } = (await network.container("a").inspect()).Config;
    assert.equal(Labels?.["size"], "small");
    assert.equal(Labels?.[LABEL.run], network.runId);
    assert.equal(Labels?.[LABEL.name], "a");
    assert.match(Labels?.[LABEL.spec] ?? "", /^[0-9a-f]{64}$/);
  },
);

async function readAll(connection: Deno.Conn): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of connection.readable) chunks.push(chunk);
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}
