/**
 * The way between agents and a coordinator that needs no broker.
 *
 * @module
 */

export { type EmbeddedAgentOptions, EmbeddedAgentTransport } from "./agent_transport.ts";
export { type DeadStore, EmbeddedCoordinatorTransport } from "./coordinator_transport.ts";
export { AGENTS_PATH, tokenOf } from "./protocol.ts";
