import type { EngineClient } from "../client.ts";
import { EngineApiError } from "../errors.ts";

const known = new WeakMap<EngineClient, Promise<boolean>>();

/**
 * Tells whether an engine can build with BuildKit over its API. Asked once for each client: the
 * sessions of BuildKit have an address of their own, which podman and engines before 18.09 lack.
 *
 * @param engine The engine.
 * @param options The signal ends the question, and nothing is remembered then.
 * @returns Whether it can.
 * @throws {EngineConnectionError} when the connection fails.
 */
export async function hasBuildKit(
  engine: EngineClient,
  options: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const before = known.get(engine);
  // Somebody else's signal must not answer for us, so an aborted question is asked again.
  if (before !== undefined) return await before.catch(() => hasBuildKit(engine, options));
  const answer = probe(engine, options.signal);
  known.set(engine, answer);
  try {
    return await answer;
  } catch (error) {
    known.delete(engine);
    throw error;
  }
}

async function probe(engine: EngineClient, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    using _session = await engine.hijack({
      method: "POST",
      path: "/session",
      headers: {
        "X-Docker-Expose-Session-Uuid": crypto.randomUUID(),
        "X-Docker-Expose-Session-Name": "superorch-probe",
      },
      signal,
    }, "h2c");
    return true;
  } catch (error) {
    if (error instanceof EngineApiError) return false;
    throw error;
  }
}
