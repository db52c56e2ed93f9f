import assert from "node:assert/strict";
import { Coordinator } from "../../lib/buildr/coordinator/coordinator.ts";
import { Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import type { BuildRecord } from "../../lib/buildr/coordinator/ledger_records.ts";
import { isFinal } from "../../lib/buildr/queue/events.ts";
import {
  EmbeddedCoordinatorTransport,
  RabbitCoordinatorTransport,
} from "../../lib/buildr/queue/mod.ts";
import { BUILDR_LABEL } from "../../lib/buildr/run/labels.ts";
import { eventually } from "../../lib/retry/mod.ts";
import {
  rabbitProblem,
  type RabbitServer,
  type RabbitServerOptions,
  startRabbit,
} from "../support/rabbit_server.ts";
import { Project } from "./_project.ts";

const problem = await rabbitProblem();
let server: RabbitServer | undefined;
let count = 0;

/** Starts a broker for all tests of a file. */
export function useRabbit(options: RabbitServerOptions = {}): void {
  Deno.test.beforeAll(async () => {
    if (problem === undefined) server = await startRabbit(options);
  });
  Deno.test.afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
}

/** An agent in a process of its own. */
export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #text: Promise<string>;
  #isReaped = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#text = new Response(child.stdout).text();
  }

  /** Sends it a signal. */
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

/** How an agent is started. */
export interface AgentSettings {
  /** How often the lease of a build is renewed. Default 10 minutes. */
  readonly renewMs?: number;
  /** What it carries, separated by commas. Default nothing. */
  readonly tags?: string;
}

/** A repository, a coordinator and agents on a virtual host of the broker. */
export class Scene implements AsyncDisposable {
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

  /** Makes one for a project with a manifest. */
  static async make(manifest: string, kind: Kind, broker?: RabbitServer): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const project = stack.use(await Project.make({ ".buildr.yml": manifest }));
    await project.commit();
    const ledger = stack.use(await Ledger.open(`${project.home}/ledger.db`));
    let url = "";
    let transport: RabbitCoordinatorTransport | EmbeddedCoordinatorTransport;
    if (kind === "RabbitMQ") {
      url = broker?.url ?? await server!.vhost(`s${count++}`);
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

  /** Starts an agent; the lease of a build is renewed every `renewMs`. */
  agent({ renewMs = 600_000, tags = "" }: AgentSettings = {}): AgentProcess {
    const program = new URL("./programs/agent.ts", import.meta.url).pathname;
    const name = `agent${this.#agents++}`;
    const agent = new AgentProcess(
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-q",
          "-A",
          program,
          name,
          this.url,
          `${this.project.home}/${name}`,
          `${renewMs}`,
          tags,
        ],
        env: { ...this.project.env },
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    return this.#stack.use(agent);
  }

  /** Waits for a result. */
  async result(id: string, limitMs = 60_000): Promise<BuildRecord> {
    let record: BuildRecord | undefined;
    await eventually(() => {
      record = this.coordinator.ledger.get(id);
      assert.ok(isFinal(record?.status), `the build is ${record?.status}`);
    }, limitMs);
    return record!;
  }

  /** Waits until a stage runs. */
  async running(id: string, stage: string): Promise<void> {
    await eventually(() => {
      const found = this.coordinator.ledger.stages(id).find((one) => one.stage === stage);
      assert.equal(found?.status, "running");
    }, 60_000);
  }

  /** What a build has written. */
  log(id: string): string {
    const events = this.coordinator.ledger.events({ build: id, types: ["log"] });
    return events.map(({ data }) => data).join("");
  }

  /** Waits until no container of a build is left. */
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

/** The way between coordinator and agents. */
export type Kind = "RabbitMQ" | "embedded";

/** A test with a coordinator, once for each way. */
export function agentTest(
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
