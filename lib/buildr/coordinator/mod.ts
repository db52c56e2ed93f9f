/**
 * A coordinator: hands builds to agents in the right order, knows what became of them, and tells
 * whoever asks.
 *
 * Permissions: those of its transport; `--allow-read` and `--allow-write` of the ledger's directory.
 *
 * @example
 * ```ts no-eval
 * import { Coordinator, Ledger } from "@superorch/superorch/buildr/coordinator";
 * import { RabbitCoordinatorTransport } from "@superorch/superorch/buildr/queue";
 *
 * using ledger = await Ledger.open("ledger.db");
 * await using coordinator = await Coordinator.start({
 *   ledger,
 *   transport: RabbitCoordinatorTransport.create(),
 * });
 * const { job } = coordinator.submit({ repo: "https://example.org/shop.git" });
 * for await (const event of coordinator.follow({ build: job.id, after: 0 })) console.log(event);
 * ```
 *
 * @module
 */

export { Coordinator, type CoordinatorOptions } from "./coordinator.ts";
export type { FollowOptions } from "./followers.ts";
export { Ledger } from "./ledger.ts";
export { LedgerError, type LedgerOptions } from "./ledger_database.ts";
export type {
  Applied,
  BuildRecord,
  LedgerEvent,
  ListOptions,
  StageRecord,
} from "./ledger_records.ts";
export type { Submission, Submitted } from "./submissions.ts";
