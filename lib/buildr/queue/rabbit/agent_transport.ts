import { errorMessage } from "../../../errors/mod.ts";
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from "../../../deps/amqplib.ts";
import type { AgentHeartbeat, BuildEvent, ControlMessage, SeedReply } from "../events.ts";
import {
  type BuildJob,
  DEFAULT_PRIORITY,
  isBuildJob,
  JobRefusedError,
  parseJob,
  type SeedJob,
} from "../job.ts";
import {
  type AgentTransport,
  type Delivery,
  type DeliveryOptions,
  TransportError,
} from "../transport.ts";
import { attemptOf, json, publishConfirmed } from "./_messages.ts";
import {
  answered,
  brokerName,
  closeChannel,
  RabbitLink,
  type RabbitOptions,
} from "./connection.ts";
import { bury } from "./dead.ts";
import { JobLease } from "./lease.ts";
import {
  agentQueues,
  CONTROL_EXCHANGE,
  declareJobsQueue,
  declareTopology,
  EVENTS_EXCHANGE,
  jobsQueue,
  type JobsQueueType,
  SEED_QUEUE,
} from "./names.ts";

/** How an agent uses a broker. */
export interface RabbitAgentOptions extends RabbitOptions {
  /**
   * How often the lease of a running build is renewed: less than half of the broker's
   * `consumer_timeout`. Default 10 minutes.
   */
  readonly renewMs?: number;
  /**
   * Whether messages of the first program's users are given an id and taken on. Default `true`;
   * with a coordinator either of them does it.
   */
  readonly takeSeedJobs?: boolean;
  /** Told about messages that are no builds. Default nobody. */
  readonly onRefused?: (reason: string) => void;
}

const DEFAULT_RENEW_MS = 600_000;

/**
 * The way to a RabbitMQ, 3.8 or later.
 *
 * Each slot of the agent has a channel of its own that takes one job at a time, so that nothing
 * waits behind a build while another agent is idle.
 */
export class RabbitAgentTransport implements AgentTransport {
  readonly name: string;
  readonly #options: RabbitAgentOptions;
  readonly #link: RabbitLink;
  readonly #controlListeners: ((message: ControlMessage) => void)[] = [];
  #events: ConfirmChannel | undefined;

  private constructor(options: RabbitAgentOptions) {
    this.#options = options;
    this.name = brokerName(options.url);
    this.#link = new RabbitLink(options, (model) => this.#setUp(model));
  }

  /**
   * Connects.
   *
   * @throws {TransportError} when the broker cannot be reached or refuses.
   */
  static async open(options: RabbitAgentOptions = {}): Promise<RabbitAgentTransport> {
    const transport = new RabbitAgentTransport(options);
    await transport.#link.open();
    return transport;
  }

  onControl(listener: (message: ControlMessage) => void): void {
    this.#controlListeners.push(listener);
  }

  isHealthy(): boolean {
    return this.#link.model !== undefined;
  }

  async publish(event: BuildEvent): Promise<void> {
    await this.#send(`build.${event.build}.${event.type}`, event);
  }

  async heartbeat(beat: AgentHeartbeat): Promise<void> {
    await this.#send(`agent.${beat.agent.replaceAll(".", "-")}.heartbeat`, beat);
  }

  async *deliveries(options: DeliveryOptions): AsyncIterable<Delivery> {
    const queues = agentQueues(options.tags);
    const stop = new AbortController();
    const signal = options.signal === undefined
      ? stop.signal
      : AbortSignal.any([options.signal, stop.signal]);
    const taken: Delivery[] = [];
    let wake = () => {};
    const slots = Array.from({ length: options.slots }, () => {
      const slot = { isBusy: false, end: Promise.resolve() };
      slot.end = this.#serveSlot(queues, signal, slot, (delivery) => {
        taken.push(delivery);
        wake();
      });
      return slot;
    });
    let failure: unknown;
    let isOver = false;
    Promise.all(slots.map(({ end }) => end)).catch((error) => failure = error).finally(() => {
      isOver = true;
      wake();
    });
    try {
      for (;;) {
        const next = taken.shift();
        if (next !== undefined) {
          yield next;
          continue;
        }
        if (isOver) break;
        await new Promise<void>((resolve) => wake = resolve);
      }
      if (failure !== undefined) throw failure;
    } finally {
      stop.abort();
      // Builds that have been handed over go on; whoever has them gives them back.
      await Promise.allSettled(slots.filter(({ isBusy }) => !isBusy).map(({ end }) => end));
    }
  }

  /** Closes the connection; builds that are held are lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  async #setUp(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on("error", () => {}); // told by the close of what was waiting
    await declareTopology(channel);
    this.#events = channel;
    const control = await model.createChannel();
    control.on("error", () => {});
    const { queue } = await control.assertQueue("", { exclusive: true, autoDelete: true });
    await control.bindQueue(queue, CONTROL_EXCHANGE, "");
    await control.consume(queue, (message) => {
      if (message !== null) this.#hearControl(message);
    }, { noAck: true });
    if (this.#options.takeSeedJobs !== false) await this.#consumeSeedJobs(model);
  }

  #hearControl(message: ConsumeMessage): void {
    let control: Partial<ControlMessage>;
    try {
      control = JSON.parse(message.content.toString());
    } catch {
      return; // from somebody else; there is nobody to answer
    }
    if (control?.v !== 1 || !["cancel", "drain", "ping"].includes(control.type ?? "")) return;
    for (const listener of this.#controlListeners) listener(control as ControlMessage);
  }

  /** Gives jobs of the first program's users an id before they run: a way back must keep it. */
  async #consumeSeedJobs(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on("error", () => {});
    await channel.prefetch(10);
    await declareJobsQueue(channel, jobsQueue([]), this.#options.queueType);
    await channel.consume(SEED_QUEUE, (message) => {
      if (message === null) return;
      this.#adopt(channel, message).then(
        () => channel.ack(message),
        () => {}, // the connection broke: it comes again
      );
    });
  }

  async #adopt(channel: ConfirmChannel, message: ConsumeMessage): Promise<void> {
    let job: BuildJob | SeedJob;
    try {
      job = parseJob(message.content);
    } catch (error) {
      return await this.#refuse(channel, message, error as JobRefusedError);
    }
    const whole: BuildJob = isBuildJob(job)
      ? job
      : { v: 1, id: crypto.randomUUID(), ...job, submitted_at: Date.now() };
    const { replyTo, correlationId } = message.properties;
    const queue = jobsQueue(whole.tags ?? []);
    await declareJobsQueue(channel, queue, this.#options.queueType);
    await publishConfirmed(channel, { key: queue }, json(whole), {
      persistent: true,
      contentType: "application/json",
      messageId: whole.id,
      priority: whole.priority ?? DEFAULT_PRIORITY,
      replyTo,
      correlationId,
      mandatory: true,
    });
  }

  async #refuse(channel: ConfirmChannel, message: ConsumeMessage, error: Error): Promise<void> {
    this.#options.onRefused?.(error.message);
    await bury(channel, message, { reason: error.message });
    const seconds: readonly SeedReply[] = [
      { message: error.message, result: "Pending" },
      { message: "Build Finished", result: "Error" },
    ];
    for (const reply of seconds) await sendReply(channel, message, reply);
  }

  async #send(key: string, value: unknown): Promise<void> {
    const channel = this.#events;
    if (channel === undefined || this.#link.model === undefined) {
      throw new TransportError(`${this.name} is not connected`);
    }
    await publishConfirmed(channel, { exchange: EVENTS_EXCHANGE, key }, json(value), {
      persistent: true,
      contentType: "application/json",
    });
  }

  /** Takes one job after the other, until `signal` is aborted or there is no hope. */
  async #serveSlot(
    queues: readonly string[],
    signal: AbortSignal,
    slot: { isBusy: boolean },
    hand: (delivery: Delivery) => void,
  ): Promise<void> {
    while (!signal.aborted) {
      const model = this.#link.model;
      if (model === undefined) {
        if (this.#link.failure !== undefined) throw this.#link.failure;
        await this.#connected(signal);
        continue;
      }
      let channel: ConfirmChannel | undefined;
      try {
        channel = await answered("open a channel", model.createConfirmChannel());
        channel.on("error", () => {});
        const message = await takeOne(channel, queues, signal, this.#options.queueType);
        if (message === undefined) continue;
        await this.#hold(channel, message, (delivery) => {
          slot.isBusy = true;
          hand(delivery);
        });
      } catch (error) {
        // The connection or the channel broke before anything was promised: the broker still has
        // the job. Anything else would be a mistake of ours, and has to be seen.
        if (!isBroken(error)) throw error;
      } finally {
        slot.isBusy = false;
        if (channel !== undefined) await closeChannel(channel);
      }
    }
  }

  /** Hands a job over and waits until it has been given back, or lost. */
  async #hold(
    channel: ConfirmChannel,
    message: ConsumeMessage,
    hand: (delivery: Delivery) => void,
  ): Promise<void> {
    let job: BuildJob | SeedJob;
    try {
      job = parseJob(message.content);
      if (!isBuildJob(job)) throw new JobRefusedError(['"v" is missing']);
    } catch (error) {
      await this.#refuse(channel, message, error as JobRefusedError);
      channel.ack(message);
      return;
    }
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const lost = new AbortController();
    const lose = (reason: string) => {
      lost.abort(new TransportError(reason));
      settle();
    };
    channel.once("close", () => lose(`${this.name} closed the channel of build "${job.id}"`));
    const attempt = attemptOf(message);
    const held = await JobLease.take({
      channel,
      message,
      build: job.id,
      attempt,
      origin: jobsQueue(job.tags ?? []),
      renewMs: this.#options.renewMs ?? DEFAULT_RENEW_MS,
      onLost: () => lose(`The lease of build "${job.id}" was lost`),
    });
    lost.signal.addEventListener("abort", () => held.abandon());
    const giveBack = async (work: () => Promise<void>) => {
      lost.signal.throwIfAborted();
      await work();
      settle();
    };
    hand({
      job,
      attempt,
      lease: held.id,
      lost: lost.signal,
      reply: async (reply) => await sendReply(channel, message, reply),
      done: () => giveBack(() => held.finish()),
      requeue: ({ sameAttempt = false } = {}) =>
        giveBack(() => held.giveBack(sameAttempt ? attempt - 1 : attempt)),
      bury: (reason, lastLines) =>
        giveBack(async () => {
          await bury(channel, message, { reason, lastLines });
          await held.finish();
        }),
    });
    await settled;
  }

  async #connected(signal: AbortSignal): Promise<void> {
    const { delay } = await import("../../../retry/mod.ts");
    // The link connects by itself; this only looks whether it has.
    await delay(LOOK_MS, { signal }).catch(() => {});
  }
}

/** How often a slot looks whether the connection is back; the link pauses 100 ms and more. */
const LOOK_MS = 50;

/** Sends a line of the first program's back-channel, where the message asked for that. */
async function sendReply(
  channel: ConfirmChannel,
  message: ConsumeMessage,
  reply: SeedReply,
): Promise<void> {
  const { replyTo, correlationId, messageId } = message.properties;
  if (typeof replyTo !== "string" || replyTo === "") return;
  // Whoever asked may be gone, and its queue with it: that is no reason to stop a build.
  await publishConfirmed(channel, { key: replyTo }, json(reply), {
    correlationId,
    messageId,
    contentType: "application/json",
  });
}

/** Waits for one message of several queues; what comes from another one goes back. */
async function takeOne(
  channel: ConfirmChannel,
  queues: readonly string[],
  signal: AbortSignal,
  type: JobsQueueType | undefined,
): Promise<ConsumeMessage | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<ConsumeMessage | undefined>();
  promise.catch(() => {}); // it may break while the queues are still being declared
  const tags: string[] = [];
  let first: ConsumeMessage | undefined;
  const stop = () => resolve(undefined);
  const broke = () => reject(new TransportError("The channel was closed"));
  channel.once("close", broke);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop(); // while the channel was opened
  try {
    await channel.prefetch(1);
    for (const queue of queues) {
      await answered(`declare "${queue}"`, declareJobsQueue(channel, queue, type));
      const onMessage = (message: ConsumeMessage | null) => {
        if (message === null) return broke(); // the queue was deleted
        if (first !== undefined || signal.aborted) return channel.nack(message, false, true);
        first = message;
        resolve(message);
      };
      const consumer = await answered(`serve "${queue}"`, channel.consume(queue, onMessage));
      tags.push(consumer.consumerTag);
      if (first !== undefined) break;
    }
    const message = await promise;
    for (const tag of tags) await channel.cancel(tag);
    // One that came while the consumers were cancelled is given back by the callback above.
    return first ?? message;
  } finally {
    channel.off("close", broke);
    signal.removeEventListener("abort", stop);
  }
}

function isBroken(error: unknown): boolean {
  if (error instanceof TransportError) return true;
  return /channel|connection|closed|socket|ECONN|EPIPE/i.test(errorMessage(error));
}
