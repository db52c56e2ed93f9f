import { delay } from "../../../retry/mod.ts";
import type { AgentHeartbeat, BuildEvent, ControlMessage } from "../events.ts";
import {
  type AgentTransport,
  type Delivery,
  type DeliveryOptions,
  TransportError,
} from "../transport.ts";
import {
  type AgentMessage,
  AGENTS_PATH,
  type CoordinatorMessage,
  subprotocols,
} from "./protocol.ts";

/** How a coordinator is reached. */
export interface EmbeddedAgentOptions {
  /** Its address, for example `http://127.0.0.1:8420`. */
  readonly url: string;
  /** The token that it wants. Default none. */
  readonly token?: string;
  /** How long a connection may take, each time. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** A coordinator that has said nothing for this long is gone. Default 15 s. */
  readonly silenceMs?: number;
}

/** Pauses between attempts to reach a coordinator that is gone. */
const RECONNECT_MS = [100, 200, 500, 1_000, 2_000] as const;

type Numbered = Extract<AgentMessage, { readonly n: number }>;
type WithoutNumber<T> = T extends Numbered ? Omit<T, "n"> : never;

class RefusedError extends TransportError {}

interface Request {
  readonly resolve: () => void;
  readonly reject: (error: TransportError) => void;
}

/** An agent's way to a coordinator that hands out builds itself. */
export class EmbeddedAgentTransport implements AgentTransport {
  readonly name: string;
  readonly #options: EmbeddedAgentOptions;
  readonly #controlListeners: ((message: ControlMessage) => void)[] = [];
  readonly #requests = new Map<number, Request>();
  readonly #held = new Map<string, AbortController>();
  readonly #closing = new AbortController();
  #socket: WebSocket | undefined;
  #failure: TransportError | undefined;
  #hello: (AgentMessage & { readonly type: "hello" }) | undefined;
  #onDelivery: (delivery: Delivery) => void = () => {};
  #onFailure: () => void = () => {};
  #running: Promise<void> | undefined;
  #lastHeard = 0;
  #n = 0;

  private constructor(options: EmbeddedAgentOptions) {
    this.#options = options;
    this.name = `the coordinator at ${options.url}`;
  }

  /**
   * Connects.
   *
   * @throws {TransportError} when it cannot be reached, or does not let this agent in.
   */
  static async open(options: EmbeddedAgentOptions): Promise<EmbeddedAgentTransport> {
    const transport = new EmbeddedAgentTransport(options);
    const { down } = await transport.#connect();
    transport.#running = transport.#keepUp(down);
    return transport;
  }

  isHealthy(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  onControl(listener: (message: ControlMessage) => void): void {
    this.#controlListeners.push(listener);
  }

  async publish(event: BuildEvent): Promise<void> {
    await this.#request({ type: "event", event });
  }

  heartbeat(beat: AgentHeartbeat): Promise<void> {
    const { silenceMs = 15_000 } = this.#options;
    // A coordinator that was stopped, or is cut off, closes nothing.
    if (this.isHealthy() && performance.now() - this.#lastHeard > silenceMs) this.#socket?.close();
    this.#send({ type: "heartbeat", beat });
    return Promise.resolve();
  }

  async *deliveries({ agent, slots, tags, signal }: DeliveryOptions): AsyncIterable<Delivery> {
    const taken: Delivery[] = [];
    let wake = () => {};
    this.#onDelivery = (delivery) => {
      taken.push(delivery);
      wake();
    };
    this.#onFailure = () => wake();
    this.#hello = { type: "hello", agent, slots, tags };
    if (this.isHealthy()) this.#send(this.#hello);
    const onStop = () => {
      this.#hello = undefined;
      if (this.isHealthy()) this.#send({ type: "drain" });
      wake();
    };
    signal?.addEventListener("abort", onStop);
    if (signal?.aborted) onStop();
    try {
      for (;;) {
        const next = taken.shift();
        if (next !== undefined) {
          if (next.lost.aborted) continue;
          yield next;
        } else if (this.#failure !== undefined) throw this.#failure;
        else if (signal?.aborted) return;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", onStop);
      this.#hello = undefined;
    }
  }

  /** Closes the connection; builds that are held are lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#socket?.close();
    await this.#running;
  }

  /** Opens a connection; `down` is resolved when it ends. */
  async #connect(): Promise<{ readonly down: Promise<void> }> {
    const { url, token, connectTimeoutMs = 10_000 } = this.#options;
    let address: URL;
    try {
      address = new URL(AGENTS_PATH, url);
    } catch (cause) {
      throw new TransportError("The coordinator's address is not a URL", { cause });
    }
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address.href, subprotocols(token));
    const opened = Promise.withResolvers<void>();
    const down = Promise.withResolvers<void>();
    let reason = "no answer";
    const timer = setTimeout(() => socket.close(), connectTimeoutMs);
    socket.addEventListener("open", () => opened.resolve());
    socket.addEventListener("error", (event) => {
      reason = (event as ErrorEvent).message || reason;
    });
    socket.addEventListener("close", (event) => {
      reason = event.reason || reason;
      // What it answers in place of a connection.
      if (/\b(?:401|403)\b/.test(reason)) {
        const why = token === undefined ? "it wants a token" : "it does not know the token";
        opened.reject(new RefusedError(`Cannot connect to ${this.name}: ${why}`));
      }
      opened.reject(new TransportError(`Cannot connect to ${this.name}: ${reason}`));
      down.resolve();
    });
    socket.addEventListener("message", ({ data }) => this.#hear(String(data)));
    try {
      await opened.promise;
    } finally {
      clearTimeout(timer);
    }
    this.#lastHeard = performance.now();
    this.#socket = socket;
    if (this.#hello !== undefined) this.#send(this.#hello);
    return { down: down.promise };
  }

  async #keepUp(down: Promise<void>): Promise<void> {
    for (;;) {
      await down;
      this.#lose();
      for (let attempt = 0;; attempt++) {
        if (this.#closing.signal.aborted) return;
        try {
          down = (await this.#connect()).down;
          break;
        } catch (error) {
          // A coordinator that does not know us will not know us tomorrow.
          if (error instanceof RefusedError) {
            this.#failure = error;
            return this.#onFailure();
          }
        }
        const pauseMs = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)] ?? 2_000;
        await delay(pauseMs, { signal: this.#closing.signal }).catch(() => {}); // it is closed
      }
      if (this.#closing.signal.aborted) this.#socket?.close();
    }
  }

  #lose(): void {
    this.#socket = undefined;
    const error = new TransportError(`The connection to ${this.name} is gone`);
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
    for (const lost of this.#held.values()) lost.abort(error);
    this.#held.clear();
  }

  #hear(text: string): void {
    this.#lastHeard = performance.now();
    const message: CoordinatorMessage = JSON.parse(text);
    if (message.type === "control") {
      for (const listener of this.#controlListeners) listener(message.message);
    } else if (message.type === "job") this.#onDelivery(this.#delivery(message));
    else if (message.type === "ack") {
      const request = this.#requests.get(message.n);
      this.#requests.delete(message.n);
      if (message.problem === undefined) request?.resolve();
      else request?.reject(new TransportError(`${this.name} refuses: ${message.problem}`));
    }
  }

  #delivery({ job, attempt, lease }: CoordinatorMessage & { readonly type: "job" }): Delivery {
    const lost = new AbortController();
    this.#held.set(lease, lost);
    const settle = async (message: WithoutNumber<Numbered>) => {
      lost.signal.throwIfAborted();
      await this.#request(message);
      this.#held.delete(lease);
    };
    return {
      job,
      attempt,
      lease,
      lost: lost.signal,
      reply: () => Promise.resolve(),
      done: () => settle({ type: "done", lease }),
      requeue: ({ sameAttempt = false } = {}) => settle({ type: "requeue", lease, sameAttempt }),
      bury: (reason, lastLines = []) => settle({ type: "bury", lease, reason, lastLines }),
    };
  }

  async #request(message: WithoutNumber<Numbered>): Promise<void> {
    const n = this.#n++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#requests.set(n, { resolve, reject });
    try {
      this.#send({ ...message, n } as Numbered);
    } catch (error) {
      this.#requests.delete(n);
      throw error;
    }
    await promise;
  }

  #send(message: AgentMessage): void {
    if (!this.isHealthy()) throw new TransportError(`The connection to ${this.name} is gone`);
    this.#socket!.send(JSON.stringify(message));
  }
}
