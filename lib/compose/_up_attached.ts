import type { EngineClient } from "../engine/mod.ts";
import {
  ContainerNetwork,
  findKept,
  NetworkFailedError,
  NodeEndedError,
  type NodeEvent,
  type RunEvent,
  UnhealthyError,
} from "../containers/mod.ts";
import { isTimeout } from "../errors/mod.ts";
import { delay } from "../retry/mod.ts";
import { untilReady } from "./_until_ready.ts";
import type { UpOptions, UpResult } from "./up_options.ts";
import type { Selection } from "./up_target.ts";

/** After the first failure others may show that they failed before it; see `ContainerNetwork`. */
const CASCADE_MS = 250;

/** Brings up a project as a run of its own, and stays with it to its end. */
export async function upAttached(
  engine: EngineClient,
  selection: Selection,
  options: UpOptions,
): Promise<UpResult> {
  const { name, specs } = selection;
  const { onEvent, signal } = options;
  await requireNotKept(engine, name, signal);
  const failed = Promise.withResolvers<void>();
  const tolerant = new Set(
    specs.filter(({ allowUnsuccessful }) => allowUnsuccessful === true).map((spec) => spec.name),
  );
  const network = await ContainerNetwork.create(name, {
    ...selection.options,
    engine,
    stop: "ask",
    handleSignals: false,
    logDir: options.logDir,
    forward: options.forward ?? true,
    ...(options.stdout === undefined ? {} : { stdout: options.stdout }),
    ...(options.stderr === undefined ? {} : { stderr: options.stderr }),
    onProgress: (text) => onEvent?.({ kind: "note", text }),
    onEvent: (event: RunEvent) => {
      onEvent?.(event);
      if (event.kind === "node" && isFailure(event) && !tolerant.has(event.name)) failed.resolve();
    },
    signal,
  });
  network.add(...(options.forward === false ? specs.map(quiet) : specs));
  let outcome: Outcome;
  try {
    outcome = await follow(network, selection, options, failed.promise);
  } finally {
    try {
      await network[Symbol.asyncDispose]();
    } catch (error) {
      onEvent?.({ kind: "note", text: `warning: ${(error as Error).message}` });
    }
    onEvent?.({ kind: "summary", nodes: network.summary() });
  }
  return { name, changed: true, orphans: [], summary: network.summary(), ...outcome };
}

type Outcome = Pick<UpResult, "exitCode" | "failure">;

async function follow(
  network: ContainerNetwork,
  selection: Selection,
  options: UpOptions,
  failed: Promise<void>,
): Promise<Outcome> {
  const { signal, timeoutMs } = options;
  try {
    const startedAtMs = performance.now();
    await network.run(undefined, { timeoutMs, signal });
    if (options.wait === true) {
      await untilReady(network, selection.specs, { timeoutMs, startedAtMs, signal });
    }
  } catch (error) {
    signal?.throwIfAborted();
    return outcomeOf(error);
  }
  options.onEvent?.({ kind: "ready", changed: true });
  const { exitCodeFrom } = options;
  const guarded = options.abortOnFailure === true || exitCodeFrom !== undefined;
  const leading = exitCodeFrom === undefined ? undefined : selection.services.get(exitCodeFrom)!;
  const stop = new AbortController();
  const ended = network.wait(leading, {
    terminateOnFailure: false,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
  });
  ended.catch(() => {}); // looked at below, unless the others are given up first
  try {
    await (guarded
      ? Promise.race([ended, failed.then(() => delay(CASCADE_MS, { signal }))])
      : ended);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof NetworkFailedError)) throw error;
  } finally {
    stop.abort();
  }
  const failure = network.failure();
  const own = leading?.flatMap((name) => network.result(name)?.exitCode ?? []);
  const exitCode = own?.find((code) => code !== 0) ??
    (own?.length === leading?.length && own !== undefined ? 0 : failure === undefined ? 0 : 1);
  return { exitCode, ...(failure === undefined || exitCode === 0 ? {} : { failure }) };
}

/** Makes a result of what was thrown at the start; anything but a failure of a service is thrown on. */
export function outcomeOf(error: unknown): Outcome {
  if (isTimeout(error)) return { exitCode: 124, failure: error as Error };
  const isOfService = error instanceof NetworkFailedError || error instanceof UnhealthyError ||
    error instanceof NodeEndedError;
  if (isOfService) return { exitCode: 1, failure: error };
  throw error;
}

function isFailure({ state, exitCode }: NodeEvent): boolean {
  return state === "failed" || state === "exited" && exitCode !== undefined && exitCode !== 0;
}

// The live view of the whole network is off, so what a service says about its own does not matter.
function quiet<T extends { readonly forward?: boolean }>({ forward: _forward, ...spec }: T): T {
  return spec as T;
}

// Both would write to the same volumes and want the same ports.
async function requireNotKept(
  engine: EngineClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const kept = await findKept(engine, name, { signal });
  if (kept === undefined || kept.containers.size === 0) return;
  const names = [...kept.containers.keys()].map((one) => `"${one}"`).join(", ");
  throw new Error(
    `Cannot bring up "${name}" here: it is up already, detached, with ${names}. Update it with ` +
      `"superorch up --detach", follow it with "superorch logs -f", or end it with "superorch down"`,
  );
}
