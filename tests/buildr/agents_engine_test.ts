// gate-timeout: 300 s
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "../../lib/deps/amqplib.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { IMAGE } from "./_project.ts";
import { agentTest, useRabbit } from "./_scene.ts";

useRabbit();

const QUICK = `
version: 2
image: ${IMAGE}
stages: [build, test]
build: { script: [echo building] }
test: { script: [echo "commit $BUILDR_COMMIT of $BUILDR_BUILD_ID"] }
`;

const SLOW = `
version: 2
image: ${IMAGE}
stages: [first, slow]
first: { script: [echo one] }
slow: { script: ["echo begun; sleep 5; echo over"] }
`;

agentTest("a build is cloned, run and told about, stage by stage", QUICK, async (scene) => {
  scene.agent();
  const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
  const record = await scene.result(id);
  assert.equal(record.status, "passed", record.reason);
  assert.equal(record.agent, "agent0");
  assert.equal(record.lostEvents, 0);
  const log = scene.log(id);
  assert.match(log, /^building$/m);
  assert.match(log, new RegExp(`^commit ${record.detail!["commit"]} of ${id}$`, "m"));
  assert.deepEqual(
    scene.coordinator.ledger.stages(id).map(({ stage, status }) => [stage, status]),
    [["build", "passed"], ["test", "passed"]],
  );
  await scene.noContainer(id);
});

agentTest(
  "a build that fails has its result, and is not tried again",
  `{ version: 2, image: "${IMAGE}", stages: [a], a: { script: [exit 7] } }`,
  async (scene) => {
    scene.agent();
    const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
    const record = await scene.result(id);
    assert.equal(record.status, "failed");
    assert.equal(record.attempt, 1);
    assert.match(record.reason!, /^a: /);
  },
);

agentTest("what cannot be built is an error with its reason", QUICK, async (scene) => {
  scene.agent();
  const { project: { path }, coordinator } = scene;
  const branch = coordinator.submit({ repo: path, branch: "none" });
  const commit = coordinator.submit({ repo: path, commit: "0123456" });
  const stage = coordinator.submit({ repo: path, stages: ["biuld"] });
  const directory = coordinator.submit({ repo: path, path: "nowhere" });
  const reasons: Record<string, RegExp> = {
    [branch.job.id]: /Cannot get branch "none"/,
    [commit.job.id]: /Cannot get commit 0123456 .*: there is no such commit/,
    [stage.job.id]: /biuld/,
    [directory.job.id]: /nowhere/,
  };
  for (const [id, reason] of Object.entries(reasons)) {
    const record = await scene.result(id);
    assert.equal(record.status, "error");
    assert.match(record.reason!, reason);
    assert.equal(record.attempt, 1);
  }
});

agentTest(
  "kill -9 of an agent: another one runs the build, one result counts",
  SLOW,
  async (scene) => {
    const first = scene.agent();
    const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
    await scene.running(id, "slow");
    scene.agent();
    first.signal("SIGKILL");
    const record = await scene.result(id);
    assert.equal(record.status, "passed", record.reason);
    assert.equal(record.agent, "agent1");
    assert.ok(record.attempt >= 2);
    assert.match(scene.log(id), /^over$/m);
    assert.equal(scene.coordinator.ledger.events({ build: id, types: ["finished"] }).length, 1);
    await scene.noContainer(id);
  },
);

agentTest(
  "an agent that was stopped and wakes up does not spoil the result",
  SLOW,
  async (scene) => {
    const first = scene.agent();
    const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
    await scene.running(id, "slow");
    scene.agent();
    first.signal("SIGSTOP");
    try {
      const record = await scene.result(id);
      assert.equal(record.status, "passed", record.reason);
      assert.equal(record.agent, "agent1");
    } finally {
      first.signal("SIGCONT");
    }
    await scene.noContainer(id);
    assert.equal(scene.coordinator.ledger.get(id)!.agent, "agent1");
    assert.equal(scene.coordinator.ledger.events({ build: id, types: ["finished"] }).length, 1);
  },
);

agentTest(
  "a build is cancelled while it runs, and one that waits never starts",
  SLOW,
  async (scene) => {
    scene.agent();
    const { project: { path }, coordinator } = scene;
    const running = coordinator.submit({ repo: path }).job.id;
    const waiting = coordinator.submit({ repo: path }).job.id;
    await scene.running(running, "slow");
    await coordinator.cancel(waiting, "not wanted");
    assert.equal(coordinator.ledger.get(waiting)!.status, "canceled");
    const begin = Date.now();
    await coordinator.cancel(running, "enough");
    const record = await scene.result(running, 10_000);
    assert.ok(Date.now() - begin < 5_000);
    assert.equal(record.status, "canceled");
    assert.equal(record.reason, "enough");
    await scene.noContainer(running);
    const last = coordinator.submit({ repo: path, stages: ["first"] }).job.id;
    await scene.result(last);
    assert.equal(coordinator.ledger.get(waiting)!.attempt, 0);
    assert.equal(scene.log(waiting), "");
  },
);

agentTest(
  "after tells of a build that was cancelled or took too long, not of one that was given back",
  `
version: 2
image: ${IMAGE}
stages: [slow]
slow: { script: ["echo begun; sleep 60"] }
after: { script: ['echo "after: $BUILDR_STATUS"'] }
`,
  async (scene) => {
    const first = scene.agent();
    const { project: { path: repo }, coordinator } = scene;
    const late = coordinator.submit({ repo, timeout: 5 }).job.id;
    assert.equal((await scene.result(late)).status, "timeout");
    assert.match(scene.log(late), /^after: timeout$/m);
    const unwanted = coordinator.submit({ repo }).job.id;
    await scene.running(unwanted, "slow");
    first.signal("SIGINT");
    await first.ended();
    scene.agent();
    await eventually(
      () => assert.equal(coordinator.ledger.get(unwanted)!.agent, "agent1"),
      30_000,
    );
    await scene.running(unwanted, "slow");
    await coordinator.cancel(unwanted);
    assert.equal((await scene.result(unwanted, 20_000)).status, "canceled");
    assert.deepEqual(scene.log(unwanted).match(/^after: .*/gm), ["after: canceled"]);
    await scene.noContainer(unwanted);
  },
);

agentTest(
  "stages with tags run when the build asks for them, whoever takes it",
  `
version: 2
image: ${IMAGE}
stages: [all, deploy]
all: { script: [echo all] }
deploy: { tags: [deploy], script: [echo deploying] }
`,
  async (scene) => {
    const agent = scene.agent({ tags: "deploy,other" });
    const { project: { path: repo }, coordinator } = scene;
    const plain = coordinator.submit({ repo }).job.id;
    const asked = coordinator.submit({ repo, tags: ["deploy"] }).job.id;
    const outcomes = async (id: string) => {
      const { status, reason } = await scene.result(id);
      assert.equal(status, "passed", reason);
      return coordinator.ledger.stages(id).map((one) => [one.stage, one.status]);
    };
    assert.deepEqual(await outcomes(plain), [["all", "passed"], ["deploy", "skipped"]]);
    assert.deepEqual(await outcomes(asked), [["all", "passed"], ["deploy", "passed"]]);
    agent.signal("SIGTERM");
    await agent.ended();
    scene.agent();
    const named = coordinator.submit({ repo, stages: ["deploy"] }).job.id;
    const { status, reason } = await scene.result(named);
    assert.equal(status, "error");
    assert.match(reason!, /Stage "deploy" wants an agent with "deploy"/);
  },
);

agentTest("SIGTERM drains: the build that runs ends, no other begins", SLOW, async (scene) => {
  const agent = scene.agent();
  const { project: { path }, coordinator } = scene;
  const first = coordinator.submit({ repo: path }).job.id;
  const second = coordinator.submit({ repo: path }).job.id;
  await scene.running(first, "slow");
  agent.signal("SIGTERM");
  assert.equal((await agent.ended()).code, 0);
  assert.equal((await scene.result(first, 5_000)).status, "passed");
  assert.equal(coordinator.ledger.get(second)!.status, "queued");
  scene.agent();
  assert.equal((await scene.result(second)).attempt, 1);
});

agentTest("a message of the first program's users is built, and answered", QUICK, async (scene) => {
  scene.agent();
  const model = await connect(scene.url);
  try {
    const channel = await model.createConfirmChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const replies: { readonly message: string; readonly result: string }[] = [];
    await channel.consume(queue, (message) => {
      assert.equal(message?.properties.correlationId, "mine");
      replies.push(JSON.parse(message!.content.toString()));
    }, { noAck: true });
    const ask = async (text: string) => {
      replies.length = 0;
      channel.sendToQueue("build_queue", Buffer.from(text), {
        replyTo: queue,
        correlationId: "mine",
      });
      await eventually(() => assert.equal(replies.at(-1)?.message, "Build Finished"), 60_000);
      return replies;
    };
    const passed = [...await ask(JSON.stringify({ repo: `file://${scene.project.path}` }))];
    assert.equal(passed[0]!.message, "Starting new build");
    assert.ok(passed.slice(0, -1).every(({ result }) => result === "Pending"));
    assert.ok(passed.some(({ message }) => message.includes("building")));
    assert.equal(passed.at(-1)!.result, "Pass");
    assert.equal((await ask("{")).at(-1)!.result, "Error");
    const bad = { repo: scene.project.path, branch: "none" };
    assert.equal((await ask(JSON.stringify(bad))).at(-1)!.result, "Error");
  } finally {
    await model.close();
  }
}, ["RabbitMQ"]);

agentTest(
  "a manifest that asks for what is the agent's is refused with a reason",
  `{ version: 2, image: "${IMAGE}", environment: { inherit: true }, stages: [a], a: { script: [env] } }`,
  async (scene) => {
    scene.agent();
    const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
    const record = await scene.result(id);
    assert.equal(record.status, "error");
    assert.match(record.reason!, /asks for the variables of this machine/);
  },
);
