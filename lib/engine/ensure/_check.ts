import type { EngineClient } from "../client.ts";
import { EngineSetupError } from "./engine_setup_error.ts";

/** A container that only runs `true` ends in 0.3 s; this is for very busy machines. */
const CHECK_TIMEOUT_MS = 60_000;

/**
 * Runs one container, because an engine that answers may still be unable to: without control
 * groups, for example, every start fails.
 *
 * @throws {EngineSetupError} with the engine's words.
 */
export async function requireWorkingContainers(
  engine: EngineClient,
  image: string,
  signal?: AbortSignal,
): Promise<void> {
  const bound = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const both = signal === undefined ? bound : AbortSignal.any([bound, signal]);
  let id: string | undefined;
  try {
    ({ Id: id } = await engine.containers.create(undefined, {
      Image: image,
      Cmd: ["true"],
      Labels: { "org.superorch.check": "ensure" },
    }, { signal: both }));
    await engine.containers.start(id, { signal: both });
    const { StatusCode } = await engine.containers.wait(id, { signal: both });
    if (StatusCode !== 0) throw new Error(`"true" ended with exit code ${StatusCode}`);
  } catch (error) {
    signal?.throwIfAborted();
    throw new EngineSetupError({
      step: "check",
      problem: `Cannot run a container: ${error instanceof Error ? error.message : error}`,
      hint: /cgroup/i.test(String(error))
        ? "mount the control groups of this machine, see man 7 cgroups"
        : "",
    });
  } finally {
    if (id !== undefined) await engine.containers.remove(id, { force: true }).catch(() => {});
  }
}
