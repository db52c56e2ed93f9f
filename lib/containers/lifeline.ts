import type { EngineClient } from "../engine/mod.ts";
import { reaperFor } from "./reaper.ts";
import { onTermination } from "./signals.ts";

/**
 * Watches every way out of this process, from before something is made on an engine until it is
 * removed: the signals by handlers, everything else by the reaper.
 *
 * @param engine The engine.
 * @param run Id of the run.
 * @param onSignal Cleans up when a signal comes; `undefined` leaves signals alone.
 * @returns Dispose of it when nothing is left on the engine.
 */
export function watchWaysOut(
  engine: EngineClient,
  run: string,
  onSignal: (() => Promise<void>) | undefined,
): Disposable {
  const reaper = reaperFor(engine.host, engine.endpoint, engine.apiVersion);
  reaper.watch(run);
  const registration = onSignal === undefined ? undefined : onTermination(onSignal);
  return {
    [Symbol.dispose]() {
      registration?.[Symbol.dispose]();
      reaper.release(run);
    },
  };
}
