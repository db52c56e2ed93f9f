import type { Channel } from "../../../deps/amqplib.ts";

/** Queue of the first program: JSON `{repo, branch?}`. Durable, and without any argument. */
export const SEED_QUEUE = "build_queue";
/** Events of builds and agents; a topic exchange. */
export const EVENTS_EXCHANGE = "buildr.events";
/** What the coordinator tells all agents; a fanout exchange. */
export const CONTROL_EXCHANGE = "buildr.control";
/** Where dead jobs go; a fanout exchange. */
export const DEAD_EXCHANGE = "buildr.dlx";
/** Where dead jobs are. */
export const DEAD_QUEUE = "buildr.dead";
/** Events of builds for the coordinator's ledger. */
export const LEDGER_QUEUE = "buildr.ledger";

/** Most tags of an agent: it takes from a queue for each of their 2^n sets. */
export const MAX_AGENT_TAGS = 6;

/** How many starts of a build its messages have seen. */
export const ATTEMPT_HEADER = "x-buildr-attempt";

/**
 * Queue of the jobs that ask for a set of tags.
 *
 * @param tags The tags, in any order.
 */
export function jobsQueue(tags: readonly string[]): string {
  const set = [...new Set(tags)].sort();
  return set.length === 0 ? "buildr.jobs" : `buildr.jobs.${set.join("+")}`;
}

/**
 * Queues that an agent takes from: those of every set of its tags.
 *
 * @throws {RangeError} when it has more than {@linkcode MAX_AGENT_TAGS}.
 */
export function agentQueues(tags: readonly string[]): readonly string[] {
  const set = [...new Set(tags)].sort();
  if (set.length > MAX_AGENT_TAGS) {
    throw new RangeError(`An agent carries at most ${MAX_AGENT_TAGS} tags, not ${set.length}`);
  }
  const sets = set.reduce<string[][]>(
    (all, tag) => [...all, ...all.map((one) => [...one, tag])],
    [[]],
  );
  return sets.map(jobsQueue).sort();
}

/** Queue that holds a copy of a running build's job: see `lease.ts`. */
export function holdQueue(build: string, lease: string): string {
  return `buildr.hold.${build}.${lease}`;
}

/** Declares what agents and coordinator share. Everybody does so: who is first does not matter. */
export async function declareTopology(channel: Channel): Promise<void> {
  await channel.assertExchange(EVENTS_EXCHANGE, "topic", { durable: true });
  await channel.assertExchange(CONTROL_EXCHANGE, "fanout", { durable: true });
  await channel.assertExchange(DEAD_EXCHANGE, "fanout", { durable: true });
  await channel.assertQueue(DEAD_QUEUE, { durable: true });
  await channel.bindQueue(DEAD_QUEUE, DEAD_EXCHANGE, "");
  // Declared with arguments the broker would refuse it: users of the first program have it.
  await channel.assertQueue(SEED_QUEUE, { durable: true });
}

/** Kinds of queues that jobs may wait in. */
export type JobsQueueType = "classic" | "quorum";

/**
 * Declares a queue of jobs.
 *
 * A classic queue knows priorities and is there again as soon as its broker is, even one that was
 * killed. A quorum queue is on several machines of a cluster; the broker counts its deliveries and
 * gives up after 50, as a race between two queues that is lost counts too. (RabbitMQ 3.10 does not
 * recover one whose broker is killed within seconds of its first declaration.)
 */
export async function declareJobsQueue(
  channel: Channel,
  queue: string,
  type: JobsQueueType = "classic",
): Promise<void> {
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      "x-queue-type": type,
      ...(type === "quorum" ? { "x-delivery-limit": 50 } : { "x-max-priority": 9 }),
      "x-dead-letter-exchange": DEAD_EXCHANGE,
    },
  });
}
