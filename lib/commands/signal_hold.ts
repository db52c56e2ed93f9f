/** Counts who handles signals; shared by all copies of this module in one program. */
const HOLDS: symbol = Symbol.for("org.superorch.signal-holds");

type Holder = { [HOLDS]?: number };

/**
 * Says that this program handles SIGINT, SIGTERM and SIGHUP itself for as long as the hold is not
 * disposed of.
 *
 * Without a hold, a signal that comes while commands run is passed on to them, and when they have
 * ended this program dies of it, as it would have without commands. With a hold the signal is
 * still passed on, and what becomes of this program is left to its own handlers. Deno does not tell
 * whether there are other handlers, so a program that has some says so.
 *
 * Permissions: none.
 *
 * @returns The hold.
 * @example
 * ```ts
 * import { holdSignals } from "@superorch/superorch/commands";
 *
 * using _hold = holdSignals();
 * const onInterrupt = () => console.log("cleaning up");
 * Deno.addSignalListener("SIGINT", onInterrupt);
 * // … run commands …
 * Deno.removeSignalListener("SIGINT", onInterrupt);
 * ```
 */
export function holdSignals(): Disposable {
  const holder = globalThis as Holder;
  holder[HOLDS] = (holder[HOLDS] ?? 0) + 1;
  let held = true;
  return {
    [Symbol.dispose]() {
      if (held) holder[HOLDS] = (holder[HOLDS] ?? 1) - 1;
      held = false;
    },
  };
}

/** Whether anybody handles signals. */
export function signalsAreHeld(): boolean {
  return ((globalThis as Holder)[HOLDS] ?? 0) > 0;
}
