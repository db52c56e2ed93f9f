import type { ConfirmChannel, ConsumeMessage } from "../../../deps/amqplib.ts";
import { withTimeout } from "../../../retry/mod.ts";
import { TransportError } from "../transport.ts";
import { copyProperties, publishConfirmed } from "./_messages.ts";
import { holdQueue } from "./names.ts";

/** How long a copy may wait for its consumer; after an agent's death it goes back at once. */
const COPY_TTL_MS = 1_000;
/** How long it may take to come back; a broker under load delivers late, but not this late. */
const ARRIVAL_MS = 10_000;
/** The broker removes the queue of a build that nobody holds after this long. */
const QUEUE_EXPIRES_MS = 3_600_000;

/** What a lease is about. */
export interface LeaseOptions {
  /** A channel of this build alone. */
  readonly channel: ConfirmChannel;
  /** The message as it was delivered. */
  readonly message: ConsumeMessage;
  /** Id of the build. */
  readonly build: string;
  /** Which start of it this is. */
  readonly attempt: number;
  /** Queue that it goes back to when the agent dies. */
  readonly origin: string;
  /** How often it is renewed. */
  readonly renewMs: number;
  /** Called when it cannot be renewed: the build is somebody else's soon. */
  readonly onLost: () => void;
}

/**
 * Holds a build for longer than a broker lets a message be unacknowledged (`consumer_timeout`, 30
 * minutes by default, cannot be set for one queue before RabbitMQ 3.12).
 *
 * A copy of the job goes into a queue of this build alone, is taken from there without being
 * acknowledged, and only then is the message before it acknowledged; and so on before the time is
 * up. A copy that nobody holds any more, because its agent died, is older than the queue lets
 * messages be and goes back to where the job came from. The count of starts in it is the only one
 * there is: it survives every way back.
 */
export class JobLease {
  readonly #options: LeaseOptions;
  /** What it is known by. */
  readonly id: string = crypto.randomUUID();
  readonly #queue: string;
  #arrived: ((message: ConsumeMessage) => void) | undefined;
  #held: ConsumeMessage;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #isOver = false;

  private constructor(options: LeaseOptions) {
    this.#options = options;
    this.#held = options.message;
    // Never shared: after a crash in the worst moment there are two copies of a job, and each goes
    // its own way. The ledger lets one of the results count.
    this.#queue = holdQueue(options.build, this.id.slice(0, 8));
  }

  /**
   * Takes the first copy; the message that was delivered is acknowledged.
   *
   * @throws {TransportError} when the broker does not let it.
   */
  static async take(options: LeaseOptions): Promise<JobLease> {
    const lease = new JobLease(options);
    const { channel, origin } = options;
    await channel.assertQueue(lease.#queue, {
      durable: true,
      arguments: {
        "x-message-ttl": COPY_TTL_MS,
        "x-expires": QUEUE_EXPIRES_MS,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": origin,
      },
    });
    await channel.prefetch(2); // the copy that is held and the one that replaces it
    await channel.consume(lease.#queue, (message) => {
      if (message === null) options.onLost(); // the queue was deleted under us
      else lease.#arrived?.(message);
    });
    await lease.#renew();
    lease.#schedule();
    return lease;
  }

  /** Lets go for good: the build has a result. */
  async finish(): Promise<void> {
    await this.#end();
    this.#options.channel.ack(this.#held);
    await this.#options.channel.deleteQueue(this.#queue);
  }

  /**
   * Gives the job back.
   *
   * @param attemptsSeen How many starts count.
   */
  async giveBack(attemptsSeen: number): Promise<void> {
    await this.#end();
    const { channel, origin, message } = this.#options;
    await publishConfirmed(
      channel,
      { key: origin },
      message.content,
      copyProperties(message, attemptsSeen),
    );
    channel.ack(this.#held);
    await channel.deleteQueue(this.#queue);
  }

  /** Stops renewing; the channel is gone. */
  abandon(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #end(): Promise<void> {
    this.abandon();
    await this.#renewing.catch(() => {}); // told by onLost
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew();
      this.#renewing.then(() => {
        if (!this.#isOver) this.#schedule();
      }, () => this.#options.onLost());
    }, this.#options.renewMs);
  }

  async #renew(): Promise<void> {
    const { channel, build, message, attempt } = this.#options;
    const { promise: arrival, resolve } = Promise.withResolvers<ConsumeMessage>();
    this.#arrived = resolve;
    await publishConfirmed(
      channel,
      { key: this.#queue },
      message.content,
      copyProperties(message, attempt),
    );
    // Unacknowledged messages do not expire, so one that has come stays ours.
    const copy = await withTimeout(() => arrival, ARRIVAL_MS).catch((cause) => {
      throw new TransportError(`The broker did not hand back the copy of build "${build}"`, {
        cause,
      });
    });
    channel.ack(this.#held);
    this.#held = copy;
    // The answer to this comes after the acknowledgement: a connection that breaks now leaves one
    // copy of the job and not two.
    await channel.checkQueue(this.#queue);
  }
}
