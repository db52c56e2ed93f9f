import { TimeoutError } from "../errors/mod.ts";
import { abortable } from "./abortable.ts";
import { requireDuration, startTimer } from "./_timer.ts";

/** What else a {@linkcode Deadline} listens to, and what it says. */
export interface DeadlineOptions {
  /** Ends the deadline early, with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** What has to be done by then, for the error: `"start of the engine"`. */
  readonly what?: string;
}

/**
 * One point in time that all steps of a piece of work share.
 *
 * The outermost function turns its `timeoutMs` and `signal` into a deadline and hands it, or its
 * `signal`, to every step; a step that may use only part of the time takes a {@linkcode child}.
 * It has a timer from the first read of `signal` on, so dispose of it: `using deadline = …`.
 *
 * @example
 * ```ts
 * import { Deadline, delay } from "@superorch/superorch/retry";
 *
 * async function work(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
 *   using deadline = Deadline.after(options.timeoutMs, { signal: options.signal, what: "work" });
 *   await delay(1, { signal: deadline.signal });
 *   using half = deadline.child(deadline.remainingMs / 2, { what: "second step" });
 *   await delay(1, { signal: half.signal });
 * }
 * await work({ timeoutMs: 60_000 });
 * ```
 */
export class Deadline implements Disposable {
  /** How long it was when it was made, in milliseconds; `Infinity` for none. */
  readonly timeoutMs: number;
  readonly #endsAt: number;
  readonly #what: string | undefined;
  /** The outer deadline that this one ends with, if that is sooner than its own time. */
  readonly #governor: Deadline | undefined;
  readonly #outer: readonly AbortSignal[];
  #controller: AbortController | undefined;
  #disarm: (() => void) | undefined;
  #disposed = false;

  private constructor(
    timeoutMs: number,
    outer: readonly (AbortSignal | undefined)[],
    what: string | undefined,
    governor?: Deadline,
  ) {
    requireDuration("a time-out in ms", timeoutMs);
    this.timeoutMs = timeoutMs;
    this.#endsAt = governor === undefined ? performance.now() + timeoutMs : governor.#endsAt;
    this.#governor = governor;
    this.#outer = outer.filter((signal) => signal !== undefined);
    this.#what = what;
  }

  /**
   * Makes a deadline.
   *
   * @param timeoutMs How long from now; `undefined` and `Infinity` for no limit but the signal.
   * @param options The caller's signal, and what has to be done.
   * @returns The deadline; its clock is running.
   * @throws {RangeError} when the time is negative or not a number.
   */
  static after(timeoutMs: number | undefined, options: DeadlineOptions = {}): Deadline {
    return new Deadline(timeoutMs ?? Infinity, [options.signal], options.what);
  }

  /** The time that is left, in milliseconds; never negative, `Infinity` for no limit. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** Whether the time is over or the caller's signal is aborted. */
  get isOver(): boolean {
    return this.#controller?.signal.aborted === true || this.#reason() !== undefined;
  }

  /**
   * Is aborted with a {@linkcode TimeoutError} when the time is over, or with the reason of the
   * caller's signal if that comes first.
   */
  get signal(): AbortSignal {
    this.#controller ??= this.#arm();
    return this.#controller.signal;
  }

  /**
   * Makes a deadline for a part of the work: never later than this one, and over with it.
   *
   * @param timeoutMs How long from now at most; `undefined` for all that is left.
   * @param options Another signal, and what has to be done.
   * @returns The inner deadline, to be disposed of on its own.
   * @throws {RangeError} when the time is negative or not a number.
   */
  child(timeoutMs?: number, options: DeadlineOptions = {}): Deadline {
    const remainingMs = this.remainingMs;
    const outer = [this.signal, options.signal];
    if (timeoutMs !== undefined && !(timeoutMs >= remainingMs)) {
      return new Deadline(timeoutMs, outer, options.what);
    }
    return new Deadline(remainingMs, outer, options.what, this);
  }

  /**
   * Waits for a promise, but not beyond the deadline. The work itself goes on: hand it the
   * `signal` where it can be stopped.
   *
   * @param work A promise.
   * @returns What `work` gives.
   * @throws {TimeoutError} when the time is over first.
   * @throws {unknown} the reason of the caller's signal when that is aborted first.
   */
  race<T>(work: PromiseLike<T>): Promise<T> {
    return abortable(work, this.signal);
  }

  /**
   * Throws if the time is over or the caller's signal is aborted; starts no timer.
   *
   * @throws {TimeoutError} when the time is over.
   * @throws {unknown} the reason of the caller's signal when that is aborted.
   */
  throwIfOver(): void {
    this.#controller?.signal.throwIfAborted();
    const reason = this.#reason();
    if (reason !== undefined) throw reason.value;
  }

  /** Stops the timer; the signal is not aborted any more. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#disarm?.();
    this.#disarm = undefined;
  }

  #reason(): { readonly value: unknown } | undefined {
    for (const signal of this.#outer) {
      if (signal.aborted) return { value: signal.reason };
    }
    return this.remainingMs === 0 ? { value: this.#timeoutError() } : undefined;
  }

  #timeoutError(): TimeoutError {
    if (this.#governor !== undefined) return this.#governor.#timeoutError();
    const text = `Timed out after ${Math.round(this.timeoutMs)} ms`;
    return new TimeoutError(this.#what === undefined ? text : `${text}: ${this.#what}`);
  }

  #arm(): AbortController {
    const controller = new AbortController();
    const reason = this.#reason();
    if (reason !== undefined) {
      controller.abort(reason.value);
      return controller;
    }
    if (this.#disposed) return controller;
    const end = (value: unknown) => {
      this.#disarm?.();
      this.#disarm = undefined;
      controller.abort(value);
    };
    // One that ends with an outer deadline hears of it by signal and needs no timer.
    const ownMs = this.#governor === undefined ? this.remainingMs : Infinity;
    const stopTimer = startTimer(ownMs, () => end(this.#timeoutError()));
    const listeners = this.#outer.map((signal) => {
      const onAbort = () => end(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      return () => signal.removeEventListener("abort", onAbort);
    });
    this.#disarm = () => {
      stopTimer();
      for (const removeListener of listeners) removeListener();
    };
    return controller;
  }
}
