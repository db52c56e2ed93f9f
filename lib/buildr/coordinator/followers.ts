import { isFinal } from "../queue/events.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerEvent } from "./ledger_records.ts";

/** Which events are followed. */
export interface FollowOptions {
  /** Those with a larger number. Default only new ones. */
  readonly after?: number;
  /** Those of this build; then it ends after the result. */
  readonly build?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** How many events are read at a time. */
const PAGE = 500;

/** Those who want to know when something has changed. */
export class Followers {
  readonly #ledger: Ledger;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  /** @param ledger Where they look then. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Calls back whenever something may have changed. @returns Ends that. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells all of them. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Ends whoever follows events. */
  close(): void {
    this.#isClosed = true;
    this.notify();
  }

  /** As `Coordinator.follow`. */
  async *follow(options: FollowOptions): AsyncIterable<LedgerEvent> {
    const { build, signal } = options;
    let after = options.after ?? this.#ledger.lastEventId();
    let wake = () => {};
    let isDirty = true;
    const listener = () => {
      isDirty = true;
      wake();
    };
    this.#listeners.add(listener);
    signal?.addEventListener("abort", listener);
    try {
      while (signal?.aborted !== true && !this.#isClosed) {
        if (!isDirty) await new Promise<void>((resolve) => wake = resolve);
        isDirty = false;
        for (;;) {
          const events = this.#ledger.events({
            after,
            limit: PAGE,
            ...(build === undefined ? {} : { build }),
          });
          for (const event of events) {
            if (signal?.aborted) return;
            after = event.id;
            yield event;
          }
          if (events.length < PAGE) break;
        }
        if (build !== undefined) {
          const status = this.#ledger.get(build)?.status;
          if (status === undefined || (isFinal(status) && !isDirty)) return;
        }
      }
    } finally {
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", listener);
    }
  }
}
