/**
 * The coordinator over HTTP: a JSON API with server-sent events, pages for people, webhooks, and
 * the WebSocket of agents that need no broker.
 *
 * It is not a place for strangers: there is no encryption and there are no users, only a token that
 * lets write. Beyond the loopback interface it belongs behind a proxy that speaks HTTPS.
 *
 * Permissions: `--allow-net` of its address, and those of the coordinator.
 *
 * @example
 * ```ts no-eval
 * import { Coordinator, Ledger } from "@superorch/superorch/buildr/coordinator";
 * import { startServer } from "@superorch/superorch/buildr/coordinator/server";
 * import { EmbeddedCoordinatorTransport } from "@superorch/superorch/buildr/queue";
 *
 * using ledger = await Ledger.open("ledger.db");
 * const transport = new EmbeddedCoordinatorTransport(ledger);
 * await using coordinator = await Coordinator.start({ ledger, transport });
 * await using server = await startServer({ coordinator, agents: transport });
 * console.log(server.url); // http://127.0.0.1:8420
 * ```
 *
 * @module
 */

export {
  type CoordinatorServer,
  DEFAULT_PORT,
  type ServerOptions,
  startServer,
  UnguardedError,
} from "./server.ts";
export type { RateLimitOptions } from "./rate_limit.ts";
export type { WebhookOptions } from "./webhooks.ts";
export { type LogLine, LogLines } from "./log_lines.ts";
export { type AnsiSpan, ansiSpans, type AnsiStyle } from "./ansi.ts";
