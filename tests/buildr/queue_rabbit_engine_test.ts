// gate-timeout: 300 s
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "../../lib/deps/amqplib.ts";
import type { BuildEvent } from "../../lib/buildr/queue/events.ts";
import type { BuildJob } from "../../lib/buildr/queue/job.ts";
import { RabbitAgentTransport } from "../../lib/buildr/queue/rabbit/agent_transport.ts";
import { RabbitCoordinatorTransport } from "../../lib/buildr/queue/rabbit/coordinator_transport.ts";
import { type Delivery, TransportError } from "../../lib/buildr/queue/transport.ts";
import { eventually, withTimeout } from "../../lib/retry/mod.ts";
import { rabbitProblem, type RabbitServer, startRabbit } from "../support/rabbit_server.ts";

const problem = await rabbitProblem();
let server: RabbitServer | undefined;
let count = 0;

Deno.test.beforeAll(async () => {
  // A short patience, so that a test can see it end.
  if (problem === undefined) server = await startRabbit({ consumerTimeoutMs: 3_000, tickMs: 500 });
});
Deno.test.afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function rabbitTest(name: string, fn: (url: string) => Promise<void>): void {
  Deno.test({
    name: problem === undefined ? name : `${name}: skipped, ${problem}`,
    ignore: problem !== undefined,
    fn: async () => await fn(await server!.vhost(`v${count++}`)),
  });
}

function job(id: string, more: Partial<BuildJob> = {}): BuildJob {
  return { v: 1, id, repo: "https://example.org/x", submitted_at: 1, ...more };
}

function finished(delivery: Delivery): BuildEvent {
  return {
    v: 1,
    build: delivery.job.id,
    attempt: delivery.attempt,
    agent: "a",
    lease: delivery.lease,
    seq: 0,
    ts: 1,
    type: "finished",
    status: "passed",
  };
}

/** An agent that takes builds until it is disposed. */
function take(
  transport: RabbitAgentTransport,
  options: { readonly slots?: number; readonly tags?: readonly string[] } = {},
) {
  const stop = new AbortController();
  const { slots = 1, tags = [] } = options;
  const iterator = transport.deliveries({ agent: "a", slots, tags, signal: stop.signal })
    [Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await withTimeout(() => iterator.next(), 30_000);
      assert.ok(!done);
      return value as Delivery;
    },
    /** Nothing comes. */
    async nothing(ms: number) {
      await assert.rejects(withTimeout(() => iterator.next(), ms), { name: "TimeoutError" });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await iterator.return?.();
    },
  };
}

async function openCoordinator(url: string, events: BuildEvent[] = []) {
  const coordinator = RabbitCoordinatorTransport.create({ url });
  coordinator.onEvent((event) => {
    events.push(event);
    return Promise.resolve();
  });
  await coordinator.connect();
  return coordinator;
}

rabbitTest("a job is taken once, held, and gone when it is done", async (url) => {
  const events: BuildEvent[] = [];
  await using coordinator = await openCoordinator(url, events);
  await using transport = await RabbitAgentTransport.open({ url });
  await coordinator.submit(job("one"));
  await using agent = take(transport);
  const delivery = await agent.next();
  assert.equal(delivery.job.id, "one");
  assert.equal(delivery.attempt, 1);
  assert.equal(await coordinator.depth(), 0);
  await transport.publish(finished(delivery));
  await delivery.done();
  await eventually(() => assert.equal(events.length, 1), 5_000);
  assert.deepEqual(events[0], finished(delivery));
  assert.equal(await coordinator.depth(), 0);
});

rabbitTest("a slot takes no second job while it has one; two agents share", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using first = await RabbitAgentTransport.open({ url });
  await using second = await RabbitAgentTransport.open({ url });
  for (const id of ["a", "b", "c"]) await coordinator.submit(job(id));
  await using one = take(first);
  const a = await one.next();
  await using other = take(second);
  const b = await other.next();
  assert.deepEqual([a.job.id, b.job.id].sort(), ["a", "b"]);
  assert.equal(await coordinator.depth(), 1);
  await a.done();
  assert.equal((await one.next()).job.id, "c");
});

rabbitTest("two slots of an agent run two jobs", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url });
  for (const id of ["a", "b", "c"]) await coordinator.submit(job(id));
  await using agent = take(transport, { slots: 2 });
  const ids = [(await agent.next()).job.id, (await agent.next()).job.id];
  assert.deepEqual(ids.sort(), ["a", "b"]);
  assert.equal(await coordinator.depth(), 1);
});

rabbitTest("a job with tags goes to agents that carry them all", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using plain = await RabbitAgentTransport.open({ url });
  await using tagged = await RabbitAgentTransport.open({ url });
  await using poor = take(plain, { tags: ["arm64"] });
  await using rich = take(tagged, { tags: ["gpu", "arm64", "deploy"] });
  await coordinator.submit(job("x", { tags: ["deploy", "arm64"] }));
  const delivery = await rich.next();
  assert.equal(delivery.job.id, "x");
  await delivery.requeue({ sameAttempt: true });
  const again = await rich.next();
  assert.equal(again.attempt, 1);
  await again.done();
  await poor.nothing(300);
});

rabbitTest(
  "an agent whose connection breaks loses its job, which is another attempt",
  async (url) => {
    await using coordinator = await openCoordinator(url);
    const dying = await RabbitAgentTransport.open({ url });
    await coordinator.submit(job("x"));
    const doomed = take(dying);
    const delivery = await doomed.next();
    await dying[Symbol.asyncDispose]();
    assert.ok(delivery.lost.aborted);
    await assert.rejects(delivery.done(), TransportError);
    await assert.rejects(dying.publish(finished(delivery)), TransportError);
    await doomed[Symbol.asyncDispose]();
    await using living = await RabbitAgentTransport.open({ url });
    await using agent = take(living);
    const second = await agent.next();
    assert.equal(second.job.id, "x");
    assert.equal(second.attempt, 2);
    await second.done();
    await agent.nothing(300);
  },
);

rabbitTest("a build is held for longer than the broker lets a message wait", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url, renewMs: 500 });
  await using other = await RabbitAgentTransport.open({ url });
  await coordinator.submit(job("long"));
  await using agent = take(transport);
  const delivery = await agent.next();
  await using idle = take(other);
  await idle.nothing(8_000); // more than twice the broker's patience
  assert.ok(!delivery.lost.aborted);
  await delivery.done();
});

rabbitTest("without renewal the broker takes it away, and the agent hears of it", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url });
  await coordinator.submit(job("long"));
  await using agent = take(transport);
  const delivery = await agent.next();
  await eventually(() => assert.ok(delivery.lost.aborted), 20_000);
  assert.equal((await agent.next()).attempt, 2);
});

rabbitTest("what is no build is among the dead ones, and the next job runs", async (url) => {
  await using coordinator = await openCoordinator(url);
  const refused: string[] = [];
  await using transport = await RabbitAgentTransport.open({
    url,
    onRefused: (reason) => refused.push(reason),
  });
  await using agent = take(transport);
  const model = await connect(url);
  try {
    const channel = await model.createConfirmChannel();
    channel.sendToQueue("buildr.jobs", Buffer.from("{"));
    await channel.waitForConfirms();
  } finally {
    await model.close();
  }
  await coordinator.submit(job("next"));
  const delivery = await agent.next();
  assert.equal(delivery.job.id, "next");
  await delivery.bury("No agent survives it", ["last", "words"]);
  await eventually(() => assert.equal(refused.length, 1), 10_000);
  assert.deepEqual(refused, ["The message is not a build: it is not JSON"]);
  const dead = await coordinator.dead();
  assert.deepEqual(dead.map(({ reason, content }) => [reason, content.slice(0, 2)]), [
    ["No agent survives it", '{"'],
    ["The message is not a build: it is not JSON", "{"],
  ]);
  assert.deepEqual(dead[0]!.lastLines, ["last", "words"]);
  assert.deepEqual(dead[0]!.job, job("next"));
  assert.equal(await coordinator.removeDead("next"), true);
  assert.equal(await coordinator.removeDead("next"), false);
  assert.equal((await coordinator.dead()).length, 1);
});

rabbitTest(
  "a message of the first program's users gets an id, and its back-channel",
  async (url) => {
    await using transport = await RabbitAgentTransport.open({ url });
    await using agent = take(transport);
    const model = await connect(url);
    try {
      const channel = await model.createConfirmChannel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      const replies: { text: string; correlationId: unknown }[] = [];
      await channel.consume(queue, (message) => {
        if (message === null) return;
        const { correlationId } = message.properties;
        replies.push({ text: message.content.toString(), correlationId });
      }, { noAck: true });
      const ask = (text: string) =>
        channel.sendToQueue("build_queue", Buffer.from(text), {
          replyTo: queue,
          correlationId: "mine",
        });
      ask('{"repo": "https://example.org/y", "branch": "topic"}');
      const delivery = await agent.next();
      assert.match(delivery.job.id, /^[0-9a-f-]{36}$/);
      assert.equal(delivery.job.branch, "topic");
      await delivery.reply({ message: "Build Finished", result: "Pass" });
      await delivery.done();
      ask('{"branch": "no repository"}');
      await eventually(() => assert.equal(replies.length, 3), 10_000);
      assert.deepEqual(replies.map(({ text }) => JSON.parse(text).result), [
        "Pass",
        "Pending",
        "Error",
      ]);
      assert.ok(replies.every(({ correlationId }) => correlationId === "mine"));
    } finally {
      await model.close();
    }
  },
);

rabbitTest("builds with a higher priority are taken first", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url });
  const priorities: readonly (number | undefined)[] = [0, undefined, 9, 5, undefined];
  for (const [index, priority] of priorities.entries()) {
    await coordinator.submit(job(`b${index}`, priority === undefined ? {} : { priority }));
  }
  await using agent = take(transport);
  const order: string[] = [];
  while (order.length < priorities.length) {
    const delivery = await agent.next();
    order.push(delivery.job.id);
    await delivery.done();
  }
  assert.deepEqual(order, ["b2", "b3", "b1", "b4", "b0"]);
});

rabbitTest("quorum queues work as well, and a broker with another kind says so", async (url) => {
  const options = { url, queueType: "quorum" } as const;
  const coordinator = RabbitCoordinatorTransport.create(options);
  await coordinator.connect();
  await using _ = coordinator;
  await coordinator.submit(job("x"));
  await using transport = await RabbitAgentTransport.open(options);
  await using agent = take(transport);
  const delivery = await agent.next();
  await delivery.requeue();
  const again = await agent.next();
  assert.equal(again.attempt, 2);
  await again.done();
  await assert.rejects(RabbitAgentTransport.open({ url }), (error: unknown) => {
    assert.ok(error instanceof TransportError);
    assert.match(error.message, /inequivalent arg 'x-queue-type' for queue 'buildr\.jobs'/);
    return true;
  });
});

rabbitTest("agents hear what the coordinator tells all, and it hears them", async (url) => {
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url });
  const heard: unknown[] = [];
  transport.onControl((message) => heard.push(message));
  await coordinator.control({ v: 1, type: "cancel", build: "x" });
  await eventually(() => assert.equal(heard.length, 1), 5_000);
  assert.deepEqual(heard, [{ v: 1, type: "cancel", build: "x" }]);
});

rabbitTest("an agent says at once when there is no broker", async () => {
  await assert.rejects(
    RabbitAgentTransport.open({ url: "amqp://guest:secret@127.0.0.1:1" }),
    (error: unknown) => {
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /^Cannot connect to RabbitMQ at 127\.0\.0\.1:1: /);
      assert.ok(!error.message.includes("secret"));
      return true;
    },
  );
});

rabbitTest("a broker that is killed and starts again has lost nothing", async () => {
  await using broker = await startRabbit();
  const { url } = broker;
  await using coordinator = await openCoordinator(url);
  await using transport = await RabbitAgentTransport.open({ url });
  for (const id of ["a", "b"]) await coordinator.submit(job(id));
  await using agent = take(transport);
  const held = await agent.next();
  assert.equal(held.job.id, "a");
  await broker.kill();
  await eventually(() => assert.ok(held.lost.aborted), 10_000);
  await broker.restart();
  const seen = new Map<string, number>();
  while (seen.size < 2) {
    const delivery = await agent.next();
    seen.set(delivery.job.id, delivery.attempt);
    await delivery.done();
  }
  assert.deepEqual([...seen.keys()].sort(), ["a", "b"]);
  assert.ok(seen.get("a")! >= 2, `attempt ${seen.get("a")}`);
});
