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

export { Coordinator, type CoordinatorOptions, type Submission } from "./coordinator.ts";
export {
  type Applied,
  type BuildRecord,
  Ledger,
  LedgerError,
  type LedgerEvent,
  type LedgerOptions,
  type ListOptions,
  type StageRecord,
} from "./ledger.ts";
