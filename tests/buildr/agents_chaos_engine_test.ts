// gate-timeout: 400 s
import assert from "node:assert/strict";
import { isFinal } from "../../lib/buildr/queue/events.ts";
import { delay, eventually } from "../../lib/retry/mod.ts";
import { IMAGE } from "./_project.ts";
import { rabbitProblem, startRabbit } from "../support/rabbit_server.ts";
import { agentTest, Scene, useRabbit } from "./_scene.ts";

// It lets a message be unacknowledged for less time than the long build takes.
useRabbit({ consumerTimeoutMs: 3_000, tickMs: 500 });

const BUILD = `
version: 2
image: ${IMAGE}
stages: [a]
a: { script: ["echo begun; sleep 0.5; echo over"] }
`;

const LONG = `
version: 2
image: ${IMAGE}
stages: [a]
a: { script: ["echo begun; sleep 10; echo over"] }
`;

agentTest("20 builds, 3 agents, kills at random: 20 results", BUILD, async (scene) => {
  const { coordinator, project } = scene;
  const agents = [
    scene.agent({ renewMs: 500 }),
    scene.agent({ renewMs: 500 }),
    scene.agent({ renewMs: 500 }),
  ];
  const ids = Array.from({ length: 20 }, () => coordinator.submit({ repo: project.path }).job.id);
  const open = () => ids.filter((id) => !isFinal(coordinator.ledger.get(id)?.status));
  const until = Date.now() + 240_000;
  let kills = 0;
  while (open().length > 0 && Date.now() < until) {
    await delay(500 + Math.random() * 2_000);
    if (kills >= 6) continue;
    const index = Math.floor(Math.random() * agents.length);
    agents[index]!.signal("SIGKILL");
    agents[index] = scene.agent({ renewMs: 500 });
    kills++;
  }
  for (const id of ids) {
    const { status, reason } = coordinator.ledger.get(id)!;
    // A build that three agents were killed with has been given up: that is its result.
    const isGivenUp = status === "error" && /Given up/.test(reason ?? "");
    assert.ok(status === "passed" || isGivenUp, `${status}: ${reason}`);
    const results = coordinator.ledger.events({ build: id, types: ["finished"] });
    assert.equal(results.length, 1);
    await scene.noContainer(id);
  }
  assert.ok(kills > 0);
});

const problem = await rabbitProblem();
Deno.test({
  name: "kill -9 of the broker while a build runs: one result (RabbitMQ" +
    `${problem === undefined ? "" : `: skipped, ${problem}`})`,
  ignore: problem !== undefined,
  fn: async () => {
    await using broker = await startRabbit();
    await using scene = await Scene.make(BUILD, "RabbitMQ", broker);
    const { coordinator, project } = scene;
    scene.agent({ renewMs: 500 });
    const first = coordinator.submit({ repo: project.path }).job.id;
    await scene.running(first, "a");
    await broker.kill();
    await broker.restart();
    assert.equal((await scene.result(first)).status, "passed");
    assert.equal(coordinator.ledger.events({ build: first, types: ["finished"] }).length, 1);
    const second = coordinator.submit({ repo: project.path }).job.id;
    assert.equal((await scene.result(second)).status, "passed");
  },
});

agentTest("a build that is longer than the broker's patience runs once", LONG, async (scene) => {
  const { coordinator, project } = scene;
  scene.agent({ renewMs: 800 });
  scene.agent({ renewMs: 800 });
  const { job: { id } } = coordinator.submit({ repo: project.path });
  const { status, attempt } = await scene.result(id);
  assert.deepEqual({ status, attempt }, { status: "passed", attempt: 1 });
  assert.equal(scene.log(id).match(/^begun$/mg)?.length, 1);
}, ["RabbitMQ"]);

agentTest(
  "a build that every agent dies of is given up, with its reason and last lines",
  LONG,
  async (scene) => {
    const { coordinator, project } = scene;
    const { job: { id } } = coordinator.submit({ repo: project.path, max_attempts: 2 });
    for (let attempt = 1; attempt <= 2; attempt++) {
      const agent = scene.agent({ renewMs: 500 });
      await eventually(() => {
        const record = coordinator.ledger.get(id)!;
        assert.ok(record.attempt >= attempt || isFinal(record.status));
      }, 60_000);
      if (isFinal(coordinator.ledger.get(id)!.status)) break;
      await eventually(() => {
        assert.equal(scene.log(id).match(/^begun$/mg)?.length, attempt);
      }, 60_000);
      agent.signal("SIGKILL");
    }
    scene.agent({ renewMs: 500 });
    const record = await scene.result(id);
    assert.equal(record.status, "error");
    assert.match(record.reason!, /^Given up: \d attempts ended without a result$/);
    let dead = await coordinator.dead();
    await eventually(async () => {
      dead = await coordinator.dead();
      assert.equal(dead.length, 1);
    }, 10_000);
    assert.equal(dead[0]!.id, id);
    assert.ok(dead[0]!.lastLines.includes("begun"), dead[0]!.lastLines.join("|"));
    const again = await coordinator.retryDead(id);
    assert.notEqual(again?.job.id, id);
    assert.deepEqual(await coordinator.dead(), []);
    await coordinator.cancel(again!.job.id);
    assert.equal((await scene.result(again!.job.id)).status, "canceled");
  },
);

agentTest("the same build submitted twice runs once", BUILD, async (scene) => {
  const { coordinator, project } = scene;
  const id = crypto.randomUUID();
  coordinator.submit({ id, repo: project.path });
  coordinator.submit({ id, repo: project.path });
  scene.agent();
  assert.equal((await scene.result(id)).status, "passed");
  coordinator.submit({ id, repo: project.path });
  const other = coordinator.submit({ repo: project.path }).job.id;
  await scene.result(other);
  assert.equal(coordinator.ledger.events({ build: id, types: ["started"] }).length, 1);
});
