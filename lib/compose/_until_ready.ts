import type { ContainerNetwork, NodeSpec } from "../containers/mod.ts";

/**
 * Waits until every container that has a health check is healthy, and every job that others wait for
 * is done.
 *
 * @throws {UnhealthyError} as soon as one cannot become healthy any more.
 * @throws {NodeEndedError} as soon as one ends instead.
 * @throws {TimeoutError} when it takes too long.
 */
export async function untilReady(
  network: ContainerNetwork,
  specs: readonly NodeSpec[],
  { timeoutMs, startedAtMs, signal }: {
    readonly timeoutMs: number | undefined;
    /** When the time began, by `performance.now()`. */
    readonly startedAtMs: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const stop = new AbortController();
  const options = {
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    ...(timeoutMs === undefined
      ? {}
      : { timeoutMs: Math.max(1, timeoutMs - (performance.now() - startedAtMs)) }),
  };
  let first: { readonly error: unknown } | undefined;
  await Promise.all(specs.map(async ({ kind, name }) => {
    try {
      if (kind === "command" || network.result(name) !== undefined) return;
      const { State } = await network.container(name).inspect(options);
      if (State.Health === undefined || State.Health.Status === "none") return;
      await network.waitFor(name, "healthy", options);
    } catch (error) {
      first ??= { error };
      stop.abort(error);
    }
  }));
  if (first !== undefined) throw first.error;
}
