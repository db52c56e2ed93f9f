// gate-timeout: 300 s
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Coordinator } from "../../lib/buildr/coordinator/coordinator.ts";
import { type BuildRecord, Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import { isFinal } from "../../lib/buildr/queue/events.ts";
import {
  EmbeddedCoordinatorTransport,
  RabbitCoordinatorTransport,
} from "../../lib/buildr/queue/mod.ts";
import { BUILDR_LABEL } from "../../lib/buildr/run/labels.ts";
import { connect } from "../../lib/deps/amqplib.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { rabbitProblem, type RabbitServer, startRabbit } from "../support/rabbit_server.ts";
import { IMAGE, Project } from "./_project.ts";

const problem = await rabbitProblem();
let server: RabbitServer | undefined;
let count = 0;

Deno.test.beforeAll(async () => {
  if (problem === undefined) server = await startRabbit();
});
Deno.test.afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** An agent in a process of its own. */
class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #text: Promise<string>;
  #isReaped = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#text = new Response(child.stdout).text();
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Its end: exit code and what it said. */
  async ended(): Promise<{ readonly code: number; readonly text: string }> {
    const { code } = await this.#child.status;
    this.#isReaped = true;
    return { code, text: await this.#text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isReaped) return;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // a test has killed it
    }
    await this.ended();
  }
}

/** A repository, a coordinator and agents on a virtual host of the broker. */
class Scene implements AsyncDisposable {
  readonly project: Project;
  readonly coordinator: Coordinator;
  readonly url: string;
  readonly #stack: AsyncDisposableStack;
  #agents = 0;

  private constructor(
    project: Project,
    coordinator: Coordinator,
    url: string,
    stack: AsyncDisposableStack,
  ) {
    this.project = project;
    this.coordinator = coordinator;
    this.url = url;
    this.#stack = stack;
  }

  static async make(manifest: string, kind: Kind): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const project = stack.use(await Project.make({ ".buildr.yml": manifest }));
    await project.commit();
    const ledger = stack.use(await Ledger.open(`${project.home}/ledger.db`));
    let url = "";
    let transport: RabbitCoordinatorTransport | EmbeddedCoordinatorTransport;
    if (kind === "RabbitMQ") {
      url = await server!.vhost(`s${count++}`);
      transport = RabbitCoordinatorTransport.create({ url });
    } else {
      const embedded = transport = new EmbeddedCoordinatorTransport(ledger);
      const http = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        (request) => embedded.handleUpgrade(request),
      );
      stack.defer(async () => await http.shutdown());
      url = `http://127.0.0.1:${http.addr.port}`;
    }
    const coordinator = stack.use(
      await Coordinator.start({
        ledger,
        transport,
        repositories: { allowedPaths: [project.path] },
      }),
    );
    return new Scene(project, coordinator, url, stack.move());
  }

  agent(): AgentProcess {
    const program = new URL("./programs/agent.ts", import.meta.url).pathname;
    const name = `agent${this.#agents++}`;
    const agent = new AgentProcess(
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "-A", program, name, this.url, `${this.project.home}/${name}`],
        env: { ...this.project.env },
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    return this.#stack.use(agent);
  }

  async result(id: string, limitMs = 60_000): Promise<BuildRecord> {
    let record: BuildRecord | undefined;
    await eventually(() => {
      record = this.coordinator.ledger.get(id);
      assert.ok(isFinal(record?.status), `the build is ${record?.status}`);
    }, limitMs);
    return record!;
  }

  async running(id: string, stage: string): Promise<void> {
    await eventually(() => {
      const found = this.coordinator.ledger.stages(id).find((one) => one.stage === stage);
      assert.equal(found?.status, "running");
    }, 60_000);
  }

  log(id: string): string {
    const events = this.coordinator.ledger.events({ build: id, types: ["log"] });
    return events.map(({ data }) => data).join("");
  }

  async noContainer(id: string): Promise<void> {
    await eventually(async () => {
      const labels = { [BUILDR_LABEL.build]: id };
      assert.deepEqual(await this.project.engine.containers.list({ all: true, labels }), []);
    }, 20_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

type Kind = "RabbitMQ" | "embedded";

function agentTest(
  name: string,
  manifest: string,
  fn: (scene: Scene) => Promise<void>,
  kinds: readonly Kind[] = ["RabbitMQ", "embedded"],
): void {
  for (const kind of kinds) {
    const skip = kind === "RabbitMQ" ? problem : undefined;
    Deno.test({
      name: `${name} (${kind}${skip === undefined ? "" : `: skipped, ${skip}`})`,
      ignore: skip !== undefined,
      fn: async () => {
        await using scene = await Scene.make(manifest, kind);
        await fn(scene);
      },
    });
  }
}

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
