import { errorMessage } from "../../../errors/mod.ts";
import type { AgentHeartbeat, BuildEvent, ControlMessage } from "../events.ts";
import { parseEvent } from "../events.ts";
import { type BuildJob, DEFAULT_PRIORITY } from "../job.ts";
import type { CoordinatorTransport, DeadJob, SubmitOptions } from "../transport.ts";
import { type AgentMessage, type CoordinatorMessage, SUBPROTOCOL } from "./protocol.ts";

/** Where dead builds are kept. */
export interface DeadStore {
  /** Keeps one. */
  addDead(job: DeadJob): void;
  /** All of them, oldest first. */
  listDead(): readonly DeadJob[];
  /** Takes one out. @returns Whether it was there. */
  removeDead(id: string): boolean;
}

interface Waiting {
  readonly job: BuildJob;
  readonly attemptsSeen: number;
  readonly order: number;
}

interface Held {
  readonly job: BuildJob;
  readonly attempt: number;
}

/** An agent without an answer for this long, in seconds, is gone. */
const IDLE_TIMEOUT_S = 10;

/**
 * The coordinator as its own broker: agents connect to it with a WebSocket.
 *
 * What waits is in the coordinator's ledger, from where it comes again after a restart; a
 * connection that ends gives its builds back at once. The same guarantees as with a broker, for as
 * long as one machine is enough.
 */
export class EmbeddedCoordinatorTransport implements CoordinatorTransport {
  readonly name = "agents of this coordinator";
  readonly keepsBuilds = false;
  readonly #dead: DeadStore;
  readonly #waiting: Waiting[] = [];
  readonly #agents = new Set<Agent>();
  #order = 0;
  #onEvent: ((event: BuildEvent) => Promise<void>) | undefined;
  #onHeartbeat: ((beat: AgentHeartbeat) => void) | undefined;
  #isClosed = false;

  /**
   * Makes one; agents come by `handleUpgrade`.
   *
   * @param dead Where dead builds are kept: the ledger.
   */
  constructor(dead: DeadStore) {
    this.#dead = dead;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  isHealthy(): boolean {
    return !this.#isClosed;
  }

  onEvent(listener: (event: BuildEvent) => Promise<void>): void {
    this.#onEvent = listener;
  }

  onHeartbeat(listener: (beat: AgentHeartbeat) => void): void {
    this.#onHeartbeat = listener;
  }

  /** There is no queue of the first program's here. */
  onSeedJob(): void {}

  submit(job: BuildJob, { attemptsSeen = 0 }: SubmitOptions = {}): Promise<void> {
    this.#waiting.push({ job, attemptsSeen, order: this.#order++ });
    this.#assign();
    return Promise.resolve();
  }

  control(message: ControlMessage): Promise<void> {
    if (message.type === "cancel" && message.lease === undefined) {
      const index = this.#waiting.findIndex(({ job }) => job.id === message.build);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
    for (const agent of this.#agents) agent.send({ type: "control", message });
    return Promise.resolve();
  }

  depth(): Promise<number> {
    return Promise.resolve(this.#waiting.length);
  }

  dead(): Promise<readonly DeadJob[]> {
    return Promise.resolve(this.#dead.listDead());
  }

  removeDead(id: string): Promise<boolean> {
    return Promise.resolve(this.#dead.removeDead(id));
  }

  /**
   * Answers an agent that wants to connect. Whether it may has been decided by the caller.
   *
   * @param request Its request, at `AGENTS_PATH`.
   */
  handleUpgrade(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Agents connect with a WebSocket\n", { status: 426 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: SUBPROTOCOL,
      idleTimeout: IDLE_TIMEOUT_S,
    });
    const agent = new Agent(socket);
    socket.addEventListener("open", () => this.#agents.add(agent));
    socket.addEventListener("message", ({ data }) => this.#hear(agent, data));
    socket.addEventListener("close", () => this.#lose(agent));
    socket.addEventListener("error", () => {}); // told by the close
    return response;
  }

  /** Closes the connections of all agents. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#agents].map((agent) => agent.close()));
  }

  #hear(agent: Agent, data: unknown): void {
    let message: AgentMessage;
    try {
      message = JSON.parse(String(data));
    } catch {
      return agent.refuse("not JSON");
    }
    switch (message?.type) {
      case "hello":
        if (typeof message.agent !== "string" || !Number.isSafeInteger(message.slots)) {
          return agent.refuse("a hello without a name or slots");
        }
        agent.greet(message.agent, message.slots, message.tags ?? []);
        return this.#assign();
      case "drain":
        agent.slots = 0;
        return;
      case "heartbeat":
        this.#onHeartbeat?.(message.beat);
        return agent.send({ type: "alive" });
      case "event":
        return this.#pass(agent, message.n, message.event);
      case "done":
      case "requeue":
      case "bury":
        return this.#settle(agent, message);
      default:
        return agent.refuse("an unknown message");
    }
  }

  #pass(agent: Agent, n: number, content: unknown): void {
    let event: BuildEvent;
    try {
      event = parseEvent(JSON.stringify(content));
    } catch (error) {
      return agent.send({ type: "ack", n, problem: errorMessage(error) });
    }
    (this.#onEvent?.(event) ?? Promise.resolve()).then(
      () => agent.send({ type: "ack", n }),
      // The ledger cannot write: without its events the build cannot go on.
      (error) => agent.send({ type: "ack", n, problem: errorMessage(error) }),
    );
  }

  #settle(
    agent: Agent,
    message: AgentMessage & { readonly type: "done" | "requeue" | "bury" },
  ): void {
    const { n, lease } = message;
    const held = agent.held.get(lease);
    if (held === undefined) return agent.send({ type: "ack", n, problem: "It is not yours" });
    try {
      if (message.type === "bury") {
        this.#dead.addDead({
          id: held.job.id,
          job: held.job,
          content: JSON.stringify(held.job),
          reason: message.reason,
          lastLines: message.lastLines,
          diedAt: Date.now(),
        });
      }
    } catch (error) {
      return agent.send({ type: "ack", n, problem: errorMessage(error) });
    }
    agent.held.delete(lease);
    if (message.type === "requeue") this.#giveBack(held, message.sameAttempt);
    agent.send({ type: "ack", n });
    this.#assign();
  }

  /** The connection is gone, and with it the agent's right to its builds. */
  #lose(agent: Agent): void {
    this.#agents.delete(agent);
    for (const held of agent.held.values()) this.#giveBack(held, false);
    agent.held.clear();
    if (!this.#isClosed) this.#assign();
  }

  #giveBack({ job, attempt }: Held, sameAttempt: boolean): void {
    const attemptsSeen = sameAttempt ? attempt - 1 : attempt;
    // It has waited before: in front of those of its priority.
    this.#waiting.push({ job, attemptsSeen, order: -this.#order++ });
  }

  #assign(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting.sort((a, b) =>
      (b.job.priority ?? DEFAULT_PRIORITY) - (a.job.priority ?? DEFAULT_PRIORITY) ||
      a.order - b.order
    );
    for (let index = 0; index < this.#waiting.length;) {
      const { job, attemptsSeen } = this.#waiting[index]!;
      const agent = this.#agentFor(job);
      if (agent === undefined) {
        index++;
        continue;
      }
      this.#waiting.splice(index, 1);
      const lease = crypto.randomUUID();
      const attempt = attemptsSeen + 1;
      agent.held.set(lease, { job, attempt });
      agent.send({ type: "job", job, attempt, lease });
    }
  }

  /** The agent that has most room, of those that carry all tags of a job. */
  #agentFor({ tags = [] }: BuildJob): Agent | undefined {
    let best: Agent | undefined;
    for (const agent of this.#agents) {
      if (agent.free <= 0 || !tags.every((tag) => agent.tags.includes(tag))) continue;
      if (best === undefined || agent.free > best.free) best = agent;
    }
    return best;
  }
}

/** A connected agent. */
class Agent {
  readonly held = new Map<string, Held>();
  slots = 0;
  tags: readonly string[] = [];
  name = "";
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get free(): number {
    return this.slots - this.held.size;
  }

  greet(name: string, slots: number, tags: readonly string[]): void {
    this.name = name;
    this.slots = slots;
    this.tags = tags;
  }

  send(message: CoordinatorMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  refuse(reason: string): void {
    this.#socket.close(1008, reason);
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.addEventListener("close", () => resolve());
    this.#socket.close(1001, "the coordinator ends");
    // One that does not answer is left to the end of the process.
    const timer = setTimeout(resolve, CLOSE_MS);
    await promise;
    clearTimeout(timer);
  }
}

/** How long an agent may take to close its connection. */
const CLOSE_MS = 1_000;
