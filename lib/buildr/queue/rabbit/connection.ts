import { errorMessage } from "../../../errors/mod.ts";
import type { Channel, ChannelModel } from "../../../deps/amqplib.ts";
import { delay, withTimeout } from "../../../retry/mod.ts";
import { TransportError } from "../transport.ts";
import type { JobsQueueType } from "./names.ts";

/** How a broker is reached. */
export interface RabbitOptions {
  /**
   * Address: `amqp://user:password@host:5672/vhost`, or `amqps:`. Default
   * `amqp://guest:guest@127.0.0.1:5672`.
   */
  readonly url?: string;
  /** After this long without a sign of life the other side counts as dead. Default 5 s. */
  readonly heartbeatMs?: number;
  /** How long a connection may take, each time. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /**
   * Kind of the queues that jobs wait in, the same for everybody at one broker: `quorum` for a
   * cluster. Default `classic`.
   */
  readonly queueType?: JobsQueueType;
}

/** Where the broker is by default. */
export const DEFAULT_URL = "amqp://guest:guest@127.0.0.1:5672";

/** Pauses between attempts to reach a broker that is gone. */
const RECONNECT_MS = [100, 200, 500, 1_000, 2_000] as const;

/** The address without the password. */
export function brokerName(url: string = DEFAULT_URL): string {
  try {
    const { hostname, port, pathname, protocol } = new URL(url);
    const standard = protocol === "amqps:" ? "5671" : "5672";
    const vhost = pathname.length > 1 ? ` (${decodeURIComponent(pathname.slice(1))})` : "";
    return `RabbitMQ at ${hostname}:${port || standard}${vhost}`;
  } catch {
    return "RabbitMQ";
  }
}

/** How long the broker may take for an answer. */
const ANSWER_MS = 15_000;
/** How long a channel may take to close; one that waits for a queue without a leader never does. */
const CLOSE_MS = 2_000;

/** Waits for the broker, but not for ever. @throws {TransportError} */
export async function answered<T>(what: string, answer: Promise<T>): Promise<T> {
  answer.catch(() => {}); // it may fail later, when nobody waits any more
  return await withTimeout(() => answer, ANSWER_MS).catch((cause) => {
    throw cause instanceof TransportError
      ? cause
      : new TransportError(`The broker does not ${what}: ${errorMessage(cause)}`, { cause });
  });
}

/** Closes a channel, or a whole connection, that may be broken. */
export async function closeChannel(channel: Channel | ChannelModel): Promise<void> {
  await withTimeout(() => channel.close(), CLOSE_MS).catch(() => {}); // it is broken
}

/** Opens one connection. @throws {TransportError} */
export async function openConnection(options: RabbitOptions): Promise<ChannelModel> {
  const { url = DEFAULT_URL, heartbeatMs = 5_000, connectTimeoutMs = 10_000 } = options;
  let address: URL;
  try {
    address = new URL(url);
  } catch (cause) {
    throw new TransportError("The broker's address is not a URL", { cause });
  }
  if (!["amqp:", "amqps:"].includes(address.protocol)) {
    throw new TransportError(`The broker's address must begin with amqp: or amqps:`);
  }
  address.searchParams.set("heartbeat", String(Math.max(1, Math.round(heartbeatMs / 1_000))));
  const { connect } = await import("../../../deps/amqplib.ts");
  try {
    const model = await connect(address.href, { timeout: connectTimeoutMs, noDelay: true });
    // Every end is told by "close"; without a listener Node ends the program at an "error".
    model.on("error", () => {});
    return model;
  } catch (cause) {
    throw new TransportError(`Cannot connect to ${brokerName(url)}: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

/**
 * Keeps a connection up: calls `setUp` after each connect, and connects again when it breaks.
 *
 * A broker that is away is waited for; credentials that it refuses are not.
 */
export class RabbitLink implements AsyncDisposable {
  readonly #options: RabbitOptions;
  readonly #setUp: (model: ChannelModel) => Promise<void>;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #model: ChannelModel | undefined;
  #failure: TransportError | undefined;
  #running: Promise<void> | undefined;

  /**
   * @param options The broker.
   * @param setUp Declares and consumes; a failure closes the connection, and it is tried again.
   */
  constructor(options: RabbitOptions, setUp: (model: ChannelModel) => Promise<void>) {
    this.#options = options;
    this.#setUp = setUp;
  }

  /** The connection; `undefined` while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why there will be none any more. */
  get failure(): TransportError | undefined {
    return this.#failure;
  }

  /** Calls back when the connection breaks or the link is closed. */
  onDown(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Connects for the first time and stays connected.
   *
   * @throws {TransportError} when the broker cannot be reached now.
   */
  async open(): Promise<void> {
    const { down } = await this.#connect();
    this.#running = this.#keepUp(down);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#model !== undefined) await closeChannel(this.#model);
    await this.#running;
  }

  /** Connects and sets up; `down` is resolved when the connection ends. */
  async #connect(): Promise<{ readonly down: Promise<void> }> {
    const model = await openConnection(this.#options);
    const down = new Promise<void>((resolve) => model.on("close", () => resolve()));
    try {
      await answered("set up what buildr needs", this.#setUp(model));
    } catch (cause) {
      await closeChannel(model); // it may have broken while it was set up
      if (cause instanceof TransportError) throw cause;
      const name = brokerName(this.#options.url);
      throw new TransportError(`${name} refuses what buildr needs: ${errorMessage(cause)}`, {
        cause,
      });
    }
    this.#model = model;
    return { down };
  }

  async #keepUp(down: Promise<void>): Promise<void> {
    for (;;) {
      await down;
      this.#model = undefined;
      for (const listener of [...this.#listeners]) listener();
      let attempt = 0;
      for (;;) {
        if (this.#stop.signal.aborted) return;
        try {
          down = (await this.#connect()).down;
          break;
        } catch (error) {
          if (isHopeless(error)) {
            this.#failure = error as TransportError;
            for (const listener of [...this.#listeners]) listener();
            return;
          }
        }
        const pauseMs = RECONNECT_MS[Math.min(attempt++, RECONNECT_MS.length - 1)] ?? 2_000;
        await delay(pauseMs, { signal: this.#stop.signal }).catch(() => {}); // closed meanwhile
      }
    }
  }
}

// What the broker says when trying again would not help (AMQP 0-9-1, reply codes).
function isHopeless(error: unknown): boolean {
  const text = errorMessage(error);
  return /ACCESS[-_]REFUSED|NOT[-_]ALLOWED|PRECONDITION[-_]FAILED/.test(text);
}
