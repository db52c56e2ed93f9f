/**
 * An agent: takes builds from a queue, runs them with the other parts of buildr, and tells about
 * them.
 *
 * Permissions: those of its transport; `--allow-run=git`; those of `runPlan`.
 *
 * @example
 * ```ts no-eval
 * import { runAgent } from "@superorch/superorch/buildr/agent";
 * import { RabbitAgentTransport } from "@superorch/superorch/buildr/queue";
 *
 * await using transport = await RabbitAgentTransport.open();
 * await runAgent({ transport, workdir: "/var/lib/buildr", tags: ["arm64"] });
 * ```
 *
 * @module
 */

export { AgentDeafError, type AgentOptions, runAgent } from "./agent.ts";
export { type Checkout, checkOut, CheckoutError, type CheckoutOptions } from "./checkout.ts";
export { type LogChunk, LogChunks, type LogChunksOptions } from "./log_chunks.ts";
