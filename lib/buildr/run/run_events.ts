import type { RunPlan } from "../plan/model.ts";
import type { RunEvent } from "./events.ts";
import type { RunPlanOptions } from "./options.ts";
import type { RunResult } from "./result.ts";
import { runPlan } from "./run_plan.ts";

/**
 * Runs a plan as a stream of events. The run goes only as fast as the events are taken; to stop
 * iterating ends it.
 *
 * @param plan What to run.
 * @param options How, as `runPlan` has it.
 * @returns The events; the generator's own result is that of the run.
 * @example
 * ```ts no-eval
 * import { loadManifest, planRun, runEvents } from "@superorch/superorch/buildr";
 *
 * for await (const event of runEvents(planRun(await loadManifest()))) {
 *   console.log(JSON.stringify(event));
 * }
 * ```
 */
export async function* runEvents(
  plan: RunPlan,
  options: Omit<RunPlanOptions, "onEvent"> = {},
): AsyncGenerator<RunEvent, RunResult, void> {
  const abandoned = new AbortController();
  const forward = () => abandoned.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", forward, { once: true });
  if (options.signal?.aborted) forward();
  let isListening = true;
  const queue: { readonly event: RunEvent; readonly taken: () => void }[] = [];
  let wake = () => {};
  const run = runPlan(plan, {
    ...options,
    signal: abandoned.signal,
    onEvent: (event) =>
      !isListening ? undefined : new Promise<void>((taken) => {
        queue.push({ event, taken });
        wake();
      }),
  });
  let isOver = false;
  const over = () => {
    isOver = true;
    wake();
  };
  run.then(over, over);
  try {
    while (!isOver || queue.length > 0) {
      const next = queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => wake = resolve);
        continue;
      }
      try {
        yield next.event;
      } finally {
        next.taken();
      }
    }
    return await run;
  } finally {
    options.signal?.removeEventListener("abort", forward);
    isListening = false;
    abandoned.abort();
    for (const { taken } of queue.splice(0)) taken();
    // What was under way is cleaned up before the caller goes on; its own failure was thrown above.
    await run.catch(() => {});
  }
}
