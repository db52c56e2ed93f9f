import { holdSignals } from "../commands/mod.ts";
import { CtrlC } from "../retry/mod.ts";

/** Cleaning up may wait for an engine that does not answer; the reaper takes over then. */
const CLEANUP_LIMIT_MS = 10_000;

const cleanups = new Set<() => Promise<void>>();
let listening: Disposable | undefined;

/**
 * Has something cleaned up before a signal ends this process.
 *
 * With the first SIGINT, SIGTERM or SIGHUP all registered clean-ups run side by side, then the
 * process ends with 130, 143 or 129. A second signal ends it at once; what is left then is the
 * reaper's. Nothing is listened to while nothing is registered.
 *
 * @param cleanup Called once; may fail.
 * @returns Dispose of it when there is nothing left to clean up.
 */
export function onTermination(cleanup: () => Promise<void>): Disposable {
  cleanups.add(cleanup);
  listening ??= listen();
  return {
    [Symbol.dispose]() {
      cleanups.delete(cleanup);
      if (cleanups.size > 0) return;
      listening?.[Symbol.dispose]();
      listening = undefined;
    },
  };
}

function listen(): Disposable {
  const ctrlC = CtrlC.listen({ signals: ["SIGINT", "SIGTERM", "SIGHUP"] });
  const hold = holdSignals(); // `commands` must not end the process before the clean-up is through
  const onSignal = async () => {
    // What is taken away below somebody's feet now (an exec, a request to a container) must not end
    // the process before the clean-up, with another exit code.
    addEventListener("unhandledrejection", ignore);
    addEventListener("error", ignore);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise((resolve) => timer = setTimeout(resolve, CLEANUP_LIMIT_MS));
    await Promise.race([Promise.allSettled([...cleanups].map((cleanup) => cleanup())), limit]);
    clearTimeout(timer);
    Deno.exit(ctrlC.interruption?.exitCode);
  };
  ctrlC.signal.addEventListener("abort", () => void onSignal(), { once: true });
  return {
    [Symbol.dispose]() {
      // While the clean-up of a signal runs, the process is about to end: nothing to give back.
      if (ctrlC.isIssued) return;
      ctrlC[Symbol.dispose]();
      hold[Symbol.dispose]();
    },
  };
}

function ignore(event: Event): void {
  event.preventDefault();
}
