/** A signal that asks a program to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a program was told to stop by; it is the reason of {@linkcode CtrlC.signal}. */
export class InterruptedError extends Error {
  /** The name of the class. */
  override readonly name: string = "InterruptedError";
  /** The signal that came. */
  readonly signalName: EndSignal;
  /** What a shell would report: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
  readonly exitCode: number;

  /**
   * Makes the error from the signal.
   *
   * @param signalName The signal that came.
   */
  constructor(signalName: EndSignal) {
    super(`Interrupted by ${signalName}`);
    this.signalName = signalName;
    this.exitCode = EXIT_CODES[signalName];
  }
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What {@linkcode CtrlC.listen} listens to. */
export interface CtrlCOptions {
  /** Which signals count. Default: SIGINT, that is Ctrl-C, alone. */
  readonly signals?: readonly EndSignal[];
  /** Only the first one is caught, the second ends the program at once. Default `true`. */
  readonly secondKills?: boolean;
}

/**
 * Catches Ctrl-C for as long as it is not disposed of, so that a program can clean up.
 *
 * The system's own behaviour is back after disposal, and by default after the first Ctrl-C too: an
 * impatient second one ends the program, whatever the clean-up is doing. It does not keep the
 * program running.
 *
 * Permissions: none.
 *
 * @example
 * ```ts
 * import { CtrlC, delay } from "@superorch/superorch/retry";
 *
 * using ctrlC = CtrlC.listen({ signals: ["SIGINT", "SIGTERM"] });
 * while (!ctrlC.isIssued) {
 *   await delay(1, { signal: ctrlC.signal });
 *   break; // one round is enough for an example
 * }
 * ```
 */
export class CtrlC implements Disposable {
  readonly #controller = new AbortController();
  readonly #handlers = new Map<EndSignal, () => void>();
  readonly #secondKills: boolean;
  #disposed = false;

  private constructor(signals: readonly EndSignal[], secondKills: boolean) {
    this.#secondKills = secondKills;
    holdSignals(1);
    for (const name of new Set(signals)) {
      if (name === "SIGTERM" && Deno.build.os === "windows") continue; // there is none there
      const handler = () => this.#onSignal(name);
      Deno.addSignalListener(name, handler);
      this.#handlers.set(name, handler);
    }
  }

  /**
   * Starts to listen.
   *
   * @param options Which signals, and what the second one does.
   * @returns The listener; dispose of it to give the system its own behaviour back.
   */
  static listen({ signals = ["SIGINT"], secondKills = true }: CtrlCOptions = {}): CtrlC {
    return new CtrlC(signals, secondKills);
  }

  /** Whether a signal has come. */
  get isIssued(): boolean {
    return this.signal.aborted;
  }

  /** Is aborted with an {@linkcode InterruptedError} by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What has come, `undefined` if nothing has. */
  get interruption(): InterruptedError | undefined {
    return this.isIssued ? this.signal.reason : undefined;
  }

  /** Stops listening; `isIssued` stays as it is. */
  [Symbol.dispose](): void {
    if (!this.#disposed) holdSignals(-1);
    this.#disposed = true;
    this.#unlisten();
  }

  #unlisten(): void {
    for (const [name, handler] of this.#handlers) Deno.removeSignalListener(name, handler);
    this.#handlers.clear();
  }

  #onSignal(name: EndSignal): void {
    if (this.isIssued) return;
    // Removing the last listener makes the signal deadly again (Deno 2.9.6 restores the default).
    if (this.#secondKills) this.#unlisten();
    this.#controller.abort(new InterruptedError(name));
  }
}

const HOLDS: symbol = Symbol.for("org.superorch.signal-holds");

// Says to `commands`, if the program uses it, that somebody here sees to signals: it must not end
// the program when the commands have ended, while a clean-up still runs. A global symbol, because
// that module is above this one.
function holdSignals(change: 1 | -1): void {
  const holder = globalThis as { [HOLDS]?: number };
  holder[HOLDS] = (holder[HOLDS] ?? 0) + change;
}
