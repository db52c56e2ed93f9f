import type { BuildEvent } from "../queue/events.ts";

/** How long an event may wait for others: a write costs about as much as the disk needs to sync. */
const WAIT_MS = 10;
/** Most events of one write. */
const MAX_EVENTS = 500;

interface Waiting {
  readonly event: BuildEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes events many at a time, in their order. */
export class EventBatch {
  readonly #write: (events: readonly BuildEvent[]) => void;
  #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write Writes all of them, or throws and has written none. */
  constructor(write: (events: readonly BuildEvent[]) => void) {
    this.#write = write;
  }

  /** Adds one. @returns When it has been written. */
  add(event: BuildEvent): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ event, resolve, reject });
    if (this.#waiting.length >= MAX_EVENTS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS);
    return promise;
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    try {
      this.#write(waiting.map(({ event }) => event));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }
}
