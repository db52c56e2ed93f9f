import type {
  Channel,
  ChannelModel,
  ConfirmChannel,
  ConsumeMessage,
} from "../../../deps/amqplib.ts";
import type { AgentHeartbeat, BuildEvent, ControlMessage } from "../events.ts";
import { parseEvent } from "../events.ts";
import {
  type BuildJob,
  DEFAULT_PRIORITY,
  isBuildJob,
  type JobRefusedError,
  parseJob,
} from "../job.ts";
import {
  type CoordinatorTransport,
  type DeadJob,
  type SeedSubmission,
  type SubmitOptions,
  TransportError,
} from "../transport.ts";
import { delay } from "../../../retry/mod.ts";
import { json, publishConfirmed } from "./_messages.ts";
import { brokerName, closeChannel, RabbitLink, type RabbitOptions } from "./connection.ts";
import { bury, readDead } from "./dead.ts";
import {
  ATTEMPT_HEADER,
  CONTROL_EXCHANGE,
  DEAD_QUEUE,
  declareJobsQueue,
  declareTopology,
  EVENTS_EXCHANGE,
  jobsQueue,
  LEDGER_QUEUE,
  SEED_QUEUE,
} from "./names.ts";

/** How many events may be on their way to the ledger. */
const EVENT_PREFETCH = 500;

/** Pause before a ledger that could not write is asked again. */
const LEDGER_PAUSE_MS = 1_000;

/** Most dead jobs that are listed. */
const MAX_DEAD = 10_000;

/** The coordinator's way to a RabbitMQ, 3.8 or later. */
export class RabbitCoordinatorTransport implements CoordinatorTransport {
  readonly name: string;
  readonly keepsBuilds = true;
  readonly #options: RabbitOptions;
  readonly #link: RabbitLink;
  readonly #queues = new Set([jobsQueue([])]);
  #onEvent: ((event: BuildEvent) => Promise<void>) | undefined;
  #onHeartbeat: ((beat: AgentHeartbeat) => void) | undefined;
  #onSeedJob: ((job: SeedSubmission) => Promise<void>) | undefined;
  #channel: ConfirmChannel | undefined;

  private constructor(options: RabbitOptions) {
    this.#options = options;
    this.name = brokerName(options.url);
    this.#link = new RabbitLink(options, (model) => this.#setUp(model));
  }

  /**
   * Prepares; nothing is consumed before {@linkcode connect}, so that no event finds no listener.
   *
   * @param options The broker.
   */
  static create(options: RabbitOptions = {}): RabbitCoordinatorTransport {
    return new RabbitCoordinatorTransport(options);
  }

  /**
   * Connects, after the listeners are there.
   *
   * @throws {TransportError} when the broker cannot be reached or refuses.
   */
  async connect(): Promise<void> {
    await this.#link.open();
  }

  isHealthy(): boolean {
    return this.#link.model !== undefined;
  }

  onEvent(listener: (event: BuildEvent) => Promise<void>): void {
    this.#onEvent = listener;
  }

  onHeartbeat(listener: (beat: AgentHeartbeat) => void): void {
    this.#onHeartbeat = listener;
  }

  onSeedJob(listener: (job: SeedSubmission) => Promise<void>): void {
    this.#onSeedJob = listener;
  }

  async submit(job: BuildJob, options: SubmitOptions = {}): Promise<void> {
    const { replyTo, correlationId, attemptsSeen = 0 } = options;
    const channel = this.#connectedChannel();
    const queue = jobsQueue(job.tags ?? []);
    if (!this.#queues.has(queue)) {
      await declareJobsQueue(channel, queue, this.#options.queueType);
      this.#queues.add(queue);
    }
    await publishConfirmed(channel, { key: queue }, json(job), {
      persistent: true,
      mandatory: true,
      contentType: "application/json",
      messageId: job.id,
      priority: job.priority ?? DEFAULT_PRIORITY,
      replyTo,
      correlationId,
      headers: { [ATTEMPT_HEADER]: attemptsSeen },
    });
  }

  async control(message: ControlMessage): Promise<void> {
    const channel = this.#connectedChannel();
    await publishConfirmed(channel, { exchange: CONTROL_EXCHANGE, key: "" }, json(message));
  }

  async depth(): Promise<number> {
    const channel = this.#connectedChannel();
    let count = 0;
    for (const queue of this.#queues) count += (await channel.checkQueue(queue)).messageCount;
    return count;
  }

  async dead(): Promise<readonly DeadJob[]> {
    return await this.#walkDead(() => false);
  }

  async removeDead(id: string): Promise<boolean> {
    let isRemoved = false;
    await this.#walkDead((job) => {
      if (job.id !== id || isRemoved) return false;
      return isRemoved = true;
    });
    return isRemoved;
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  #connectedChannel(): ConfirmChannel {
    if (this.#channel === undefined || this.#link.model === undefined) {
      throw new TransportError(`${this.name} is not connected`);
    }
    return this.#channel;
  }

  /** Looks at every dead job; all of them go back, in their order, but for those to remove. */
  async #walkDead(isRemoved: (job: DeadJob) => boolean): Promise<readonly DeadJob[]> {
    const model = this.#link.model;
    if (model === undefined) throw new TransportError(`${this.name} is not connected`);
    const channel = await model.createChannel();
    channel.on("error", () => {});
    try {
      const found: DeadJob[] = [];
      while (found.length < MAX_DEAD) {
        const message = await channel.get(DEAD_QUEUE);
        if (message === false) break;
        const job = readDead(message);
        if (isRemoved(job)) channel.ack(message);
        else found.push(job);
      }
      return found;
    } finally {
      await channel.close(); // gives back what is not acknowledged, in place
    }
  }

  async #setUp(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on("error", () => {}); // told by the close of what was waiting
    await declareTopology(channel);
    for (const queue of this.#queues) {
      await declareJobsQueue(channel, queue, this.#options.queueType);
    }
    await channel.assertQueue(LEDGER_QUEUE, { durable: true });
    await channel.bindQueue(LEDGER_QUEUE, EVENTS_EXCHANGE, "build.#");
    this.#channel = channel;
    await this.#consumeEvents(model);
    await this.#consumeHeartbeats(model);
    await this.#consumeSeedJobs(model);
  }

  async #consumeEvents(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on("error", () => {});
    await channel.prefetch(EVENT_PREFETCH);
    // Events are handed over in their order without waiting for each: the ledger writes many at a
    // time.
    const handle = async (message: ConsumeMessage) => {
      let event: BuildEvent;
      try {
        event = parseEvent(message.content);
      } catch {
        return channel.ack(message); // not ours; kept, it would come for ever
      }
      await this.#onEvent?.(event);
      channel.ack(message);
    };
    let isPaused = false;
    await channel.consume(LEDGER_QUEUE, (message) => {
      if (message === null || isPaused) return;
      handle(message).catch(() => {
        // The ledger cannot write. With the channel everything that it has not taken goes back to
        // its place, so that the order is kept.
        if (isPaused) return;
        isPaused = true;
        this.#resume(model, channel).catch(() => {}); // the connection broke: it is set up again
      });
    });
  }

  async #resume(model: ChannelModel, channel: Channel): Promise<void> {
    await closeChannel(channel);
    await delay(LEDGER_PAUSE_MS);
    if (this.#link.model === model) await this.#consumeEvents(model);
  }

  async #consumeHeartbeats(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on("error", () => {});
    const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true });
    await channel.bindQueue(queue, EVENTS_EXCHANGE, "agent.#");
    await channel.consume(queue, (message) => {
      if (message === null) return;
      try {
        const beat: AgentHeartbeat = JSON.parse(message.content.toString());
        if (beat.v === 1 && typeof beat.agent === "string") this.#onHeartbeat?.(beat);
      } catch {
        // not ours
      }
    }, { noAck: true });
  }

  async #consumeSeedJobs(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on("error", () => {});
    await channel.prefetch(10);
    const handle = async (message: ConsumeMessage) => {
      let seed: SeedSubmission;
      try {
        const job = parseJob(message.content);
        const { replyTo, correlationId } = message.properties;
        if (isBuildJob(job)) {
          await this.submit(job, { replyTo, correlationId });
          return channel.ack(message);
        }
        seed = { ...job, replyTo, correlationId };
      } catch (error) {
        if (error instanceof TransportError) return; // the connection broke: it comes again
        const reason = (error as JobRefusedError).message;
        await bury(channel, message, { reason });
        await this.#replyRefused(channel, message, reason);
        return channel.ack(message);
      }
      try {
        await this.#onSeedJob?.(seed);
      } catch {
        await delay(LEDGER_PAUSE_MS);
        return channel.nack(message, false, true); // the ledger cannot write
      }
      channel.ack(message);
    };
    await channel.consume(SEED_QUEUE, (message) => {
      if (message !== null) handle(message).catch(() => {}); // the connection broke
    });
  }

  async #replyRefused(
    channel: ConfirmChannel,
    message: ConsumeMessage,
    reason: string,
  ): Promise<void> {
    const { replyTo, correlationId } = message.properties;
    if (typeof replyTo !== "string" || replyTo === "") return;
    for (
      const reply of [
        { message: reason, result: "Pending" },
        { message: "Build Finished", result: "Error" },
      ]
    ) await publishConfirmed(channel, { key: replyTo }, json(reply), { correlationId });
  }
}
