import type { AgentHeartbeat, BuildEvent, ControlMessage, SeedReply } from "./events.ts";
import type { BuildJob } from "./job.ts";

/** The way between an agent and whoever hands out builds: a broker, or a coordinator alone. */
export interface AgentTransport extends AsyncDisposable {
  /** What it is, for people: `RabbitMQ at 127.0.0.1:5672`. */
  readonly name: string;

  /**
   * Takes builds as long as there is a free slot. The iteration ends when `signal` is aborted;
   * builds that have been taken stay taken. Interruptions of the connection are mended inside.
   *
   * @throws {TransportError} when there is no hope: refused credentials, a queue of another kind.
   */
  deliveries(options: DeliveryOptions): AsyncIterable<Delivery>;

  /**
   * Tells everybody who follows builds. Resolved when it cannot be lost any more.
   *
   * @throws {TransportError} when the connection is gone: the event may or may not have arrived.
   */
  publish(event: BuildEvent): Promise<void>;

  /** Tells that this agent is there. Lost ones do not matter. */
  heartbeat(beat: AgentHeartbeat): Promise<void>;

  /** Calls back for what the coordinator tells all agents. */
  onControl(listener: (message: ControlMessage) => void): void;

  /**
   * Whether the other side has been heard of lately and would hand out builds now. An agent that
   * is not healthy for long ends itself: it would look alive and do nothing.
   */
  isHealthy(): boolean;
}

/** How an agent takes builds. */
export interface DeliveryOptions {
  /** Name of the agent. */
  readonly agent: string;
  /** How many at a time. */
  readonly slots: number;
  /** What the agent carries. */
  readonly tags: readonly string[];
  /** Ends the iteration; nothing more is taken. */
  readonly signal?: AbortSignal;
}

/**
 * A build that this agent alone has, for as long as it lives and is connected. It is given back by
 * exactly one of `done`, `requeue` and `refuse`; if the agent dies, by the other side.
 */
export interface Delivery {
  /** What to build. */
  readonly job: BuildJob;
  /** Which start of it, from 1. */
  readonly attempt: number;
  /** What it is known by: `lease` of its events. */
  readonly lease: string;
  /** Aborted when it is not ours any more: stop at once, and publish nothing. */
  readonly lost: AbortSignal;
  /** Sends a line of the first program's back-channel, where the message asked for that. */
  reply(reply: SeedReply): Promise<void>;
  /** It has a result, whose event has been published. */
  done(): Promise<void>;
  /** Not here, not now: somebody else takes it, as another attempt unless `sameAttempt`. */
  requeue(options?: { readonly sameAttempt?: boolean }): Promise<void>;
  /** It will never work: among the dead ones, with the reason and the last lines. */
  bury(reason: string, lastLines?: readonly string[]): Promise<void>;
}

/** The same way seen from the coordinator. */
export interface CoordinatorTransport extends AsyncDisposable {
  /** What it is, for people. */
  readonly name: string;
  /** Whether builds that it has taken survive an end of the coordinator. */
  readonly keepsBuilds: boolean;
  /**
   * Begins, once the listeners are there.
   *
   * @throws {TransportError} when there is nobody to talk to.
   */
  connect(): Promise<void>;
  /** Whether a build would be taken now. */
  isHealthy(): boolean;
  /**
   * Puts a build where agents take it from. Resolved when it cannot be lost any more.
   *
   * @throws {TransportError} when it was not taken, for example because no queue has its tags.
   */
  submit(job: BuildJob, options?: SubmitOptions): Promise<void>;
  /**
   * Calls back for every event, in the order of each build, without waiting for the one before; it
   * comes again, and all later ones with it, until the listener has resolved.
   */
  onEvent(listener: (event: BuildEvent) => Promise<void>): void;
  /** Calls back for what agents say of themselves. */
  onHeartbeat(listener: (beat: AgentHeartbeat) => void): void;
  /** Calls back for messages of the first program's users: a build without an id. */
  onSeedJob(listener: (job: SeedSubmission) => Promise<void>): void;
  /** Tells all agents. */
  control(message: ControlMessage): Promise<void>;
  /** How many builds wait. */
  depth(): Promise<number>;
  /** Builds that are among the dead ones, oldest first. */
  dead(): Promise<readonly DeadJob[]>;
  /** Takes one from the dead ones. */
  removeDead(id: string): Promise<boolean>;
}

/** How a build is submitted. */
export interface SubmitOptions {
  /** Queue that gets the first program's back-channel. */
  readonly replyTo?: string;
  /** What is sent back with each reply. */
  readonly correlationId?: string;
  /** How many attempts there were before. Default 0. */
  readonly attemptsSeen?: number;
}

/** A message of the first program's users. */
export interface SeedSubmission extends SubmitOptions {
  /** Address of the repository. */
  readonly repo: string;
  /** Branch. */
  readonly branch?: string;
}

/** A build that nobody runs any more. */
export interface DeadJob {
  /** Its id; a made-up one for a message that was no build. */
  readonly id: string;
  /** The build; `undefined` for a message that was none. */
  readonly job?: BuildJob;
  /** The message as it came, at most 4 KiB of it. */
  readonly content: string;
  /** Why, in words. */
  readonly reason: string;
  /** The last lines of its last attempt. */
  readonly lastLines: readonly string[];
  /** When: milliseconds since 1970. */
  readonly diedAt: number;
}

/** The way is closed. */
export class TransportError extends Error {
  /** The name of the class. */
  override readonly name = "TransportError";
}
