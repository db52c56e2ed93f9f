import type { EngineClient } from "../engine/mod.ts";
import { reaperFor } from "./reaper.ts";
import { onTermination } from "./signals.ts";

/** What watches the ways out of this process. */
export interface Lifeline {
  /** Ends the watch: nothing is left on the engine. */
  release(): Promise<void>;
  /** Ends the watch although something is left; the reaper goes on trying. */
  abandon(): Promise<void>;
}

/**
 * Watches every way out of this process, from before something is made on an engine until it is
 * removed: the signals by handlers, everything else by the reaper.
 *
 * @param engine The engine.
 * @param run Id of the run.
 * @param onSignal Cleans up when a signal comes; `undefined` leaves signals alone.
 * @returns The watch, once the reaper knows of the run.
 */
export async function watchWaysOut(
  engine: EngineClient,
  run: string,
  onSignal: (() => Promise<void>) | undefined,
): Promise<Lifeline> {
  const registration = onSignal === undefined ? undefined : onTermination(onSignal);
  const reaper = reaperFor(engine.host, engine.endpoint, engine.apiVersion);
  await reaper.watch(run);
  return {
    async release() {
      registration?.[Symbol.dispose]();
      await reaper.release(run);
    },
    async abandon() {
      registration?.[Symbol.dispose]();
      await reaper.abandon(run);
    },
  };
}
