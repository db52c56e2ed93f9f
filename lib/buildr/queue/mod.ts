/**
 * What travels between a coordinator and its agents, and the ways it can take: RabbitMQ for teams,
 * or the coordinator alone.
 *
 * Messages are JSON. Permissions: `--allow-net` of the broker or the coordinator, and, for RabbitMQ,
 * `--allow-env` (its client asks for `NODE_DEBUG`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { JobRefusedError, parseJob } from "@superorch/superorch/buildr/queue";
 *
 * assert.equal(parseJob('{"repo": "https://example.org/shop.git"}').repo.length, 28);
 * assert.throws(() => parseJob('{"branch": "main"}'), JobRefusedError);
 * ```
 *
 * @module
 */

export * from "./events.ts";
export * from "./job.ts";
export * from "./repository.ts";
export * from "./transport.ts";
export { type RabbitAgentOptions, RabbitAgentTransport } from "./rabbit/agent_transport.ts";
export { RabbitCoordinatorTransport } from "./rabbit/coordinator_transport.ts";
export { brokerName, DEFAULT_URL, type RabbitOptions } from "./rabbit/connection.ts";
export { agentQueues, jobsQueue, type JobsQueueType, MAX_AGENT_TAGS } from "./rabbit/names.ts";
export { type EmbeddedAgentOptions, EmbeddedAgentTransport } from "./embedded/agent_transport.ts";
export { type DeadStore, EmbeddedCoordinatorTransport } from "./embedded/coordinator_transport.ts";
export { AGENTS_PATH, tokenOf } from "./embedded/protocol.ts";
