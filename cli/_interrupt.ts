import { CtrlC, type EndSignal } from "../lib/retry/mod.ts";

/** Ctrl-C and its like: the first ends the work politely, the second at once. */
export interface Interrupt extends Disposable {
  /** Is aborted by the first signal. */
  readonly signal: AbortSignal;
  /** What the process ends with after a signal, `undefined` as long as none has come. */
  readonly exitCode: number | undefined;
}

const SIGNALS: readonly EndSignal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Listens to the signals that ask a program to end.
 *
 * @param onFirst Told when the first one comes.
 * @returns Dispose of it to listen no more.
 */
export function listenToInterrupts(onFirst: () => void): Interrupt {
  const ctrlC = CtrlC.listen({ signals: SIGNALS, secondKills: false });
  ctrlC.signal.addEventListener("abort", onFirst, { once: true });
  let count = 0;
  const onSignal = () => {
    count++;
    // What is left on the engine then is the reaper's.
    if (count > 1) Deno.exit(ctrlC.interruption?.exitCode ?? 130);
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return {
    signal: ctrlC.signal,
    get exitCode() {
      return ctrlC.interruption?.exitCode;
    },
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
      ctrlC[Symbol.dispose]();
    },
  };
}
