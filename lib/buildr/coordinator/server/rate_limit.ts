/** How many requests a client may make. */
export interface RateLimitOptions {
  /** Requests a second, in the long run. */
  readonly perSecond: number;
  /** Requests at once, after a pause. */
  readonly burst: number;
}

/** Most clients that are told apart; the oldest one is forgotten then, which favours it. */
const MAX_CLIENTS = 10_000;

/** Counts the requests of each client: a bucket that fills up again. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param options How many. */
  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /**
   * Counts a request.
   *
   * @param client Who makes it.
   * @param now Milliseconds of a clock that only goes forward.
   * @returns 0 when it may be made; else after how many seconds.
   */
  take(client: string, now: number = performance.now()): number {
    const { perSecond, burst } = this.#options;
    const known = this.#buckets.get(client);
    const filled = known === undefined
      ? burst
      : Math.min(burst, known.tokens + ((now - known.at) / 1_000) * perSecond);
    // The order of a Map is that of insertion: whoever was seen last goes last.
    this.#buckets.delete(client);
    const isTaken = filled >= 1;
    this.#buckets.set(client, { tokens: isTaken ? filled - 1 : filled, at: now });
    if (this.#buckets.size > MAX_CLIENTS) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest!);
    }
    return isTaken ? 0 : Math.max(1, Math.ceil((1 - filled) / perSecond));
  }
}
