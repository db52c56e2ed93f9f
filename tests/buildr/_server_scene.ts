import { Coordinator, type CoordinatorOptions } from "../../lib/buildr/coordinator/coordinator.ts";
import { Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import { type ServerOptions, startServer } from "../../lib/buildr/coordinator/server/mod.ts";
import type { BuildEvent } from "../../lib/buildr/queue/events.ts";
import {
  EmbeddedAgentTransport,
  EmbeddedCoordinatorTransport,
} from "../../lib/buildr/queue/mod.ts";
import type { Delivery } from "../../lib/buildr/queue/transport.ts";

/** A coordinator that is served, without any agent. */
export interface ServerScene extends AsyncDisposable {
  readonly url: string;
  readonly coordinator: Coordinator;
  readonly ledger: Ledger;
  /** Asks it for something; a body is sent as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Response>;
}

/** Serves a coordinator on a free port of the loopback interface. */
export async function serveScene(
  options: Partial<ServerOptions> = {},
  more: Partial<CoordinatorOptions> & { readonly path?: string } = {},
): Promise<ServerScene> {
  await using stack = new AsyncDisposableStack();
  const { path = ":memory:", ...coordinatorOptions } = more;
  const ledger = stack.use(await Ledger.open(path, { busyTimeoutMs: 100 }));
  const transport = new EmbeddedCoordinatorTransport(ledger);
  const coordinator = stack.use(
    await Coordinator.start({ ledger, transport, ...coordinatorOptions }),
  );
  const server = stack.use(
    await startServer({ coordinator, port: 0, agents: transport, ...options }),
  );
  const rest = stack.move();
  const { url } = server;
  return {
    url,
    coordinator,
    ledger,
    ask: (method, at, body, headers = {}) =>
      fetch(`${url}${at}`, {
        method,
        headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
        ...(body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** What an agent would say of a build. */
export class Teller {
  readonly #ledger: Ledger;
  readonly #build: string;
  readonly #attempt: number;
  #seq = 0;
  #time: number;

  constructor(ledger: Ledger, build: string, attempt = 1, startedAt = Date.now()) {
    this.#ledger = ledger;
    this.#build = build;
    this.#attempt = attempt;
    this.#time = startedAt;
  }

  event(more: Partial<BuildEvent>): BuildEvent {
    return {
      v: 1,
      build: this.#build,
      attempt: this.#attempt,
      agent: "one",
      lease: `lease${this.#attempt}`,
      seq: this.#seq++,
      ts: this.#time,
      type: "log",
      ...more,
    };
  }

  /** Notes it at once, without the coordinator hearing of it. */
  tell(more: Partial<BuildEvent>): void {
    this.#ledger.apply([this.event(more)]);
  }

  log(data: string, stage?: string): void {
    this.tell({ type: "log", data, ...(stage === undefined ? {} : { stage }) });
  }

  stage(stage: string, status: BuildEvent["status"], detail?: BuildEvent["detail"]): void {
    this.tell({
      type: "stage",
      stage,
      ...(status === undefined ? {} : { status }),
      ...(detail === undefined ? {} : { detail }),
    });
  }

  wait(ms: number): void {
    this.#time += ms;
  }
}

/** An agent that takes builds and does only what the test says. */
export class HandAgent implements AsyncDisposable {
  readonly transport: EmbeddedAgentTransport;
  readonly #stop = new AbortController();
  readonly #deliveries: AsyncIterator<Delivery>;
  readonly #name: string;
  readonly #seqs = new Map<string, number>();

  private constructor(transport: EmbeddedAgentTransport, name: string, slots: number) {
    this.transport = transport;
    this.#name = name;
    this.#deliveries = transport.deliveries({
      agent: name,
      slots,
      tags: ["linux", "x86"],
      signal: this.#stop.signal,
    })[Symbol.asyncIterator]();
  }

  static async join(url: string, name = "hand", slots = 1, token?: string): Promise<HandAgent> {
    const transport = await EmbeddedAgentTransport.open({
      url,
      ...(token === undefined ? {} : { token }),
    });
    return new HandAgent(transport, name, slots);
  }

  async take(): Promise<Delivery> {
    const { value } = await this.#deliveries.next();
    return value;
  }

  async tell({ job, attempt, lease }: Delivery, more: Partial<BuildEvent>): Promise<void> {
    const seq = this.#seqs.get(lease) ?? 0;
    this.#seqs.set(lease, seq + 1);
    await this.transport.publish({
      v: 1,
      build: job.id,
      attempt,
      agent: this.#name,
      lease,
      seq,
      ts: Date.now(),
      type: "log",
      ...more,
    });
  }

  async beat(builds: readonly string[] = [], load = 0.4): Promise<void> {
    await this.transport.heartbeat({
      v: 1,
      agent: this.#name,
      ts: Date.now(),
      slots: 2,
      builds,
      tags: ["linux", "x86"],
      draining: false,
      load,
      version: "0.1.0",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#deliveries.return?.();
    await this.transport[Symbol.asyncDispose]();
  }
}
