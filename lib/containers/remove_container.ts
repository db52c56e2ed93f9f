import { ContainerNotFoundError, type EngineClient } from "../engine/mod.ts";

/**
 * Removes a container, whatever it does; settles when it is gone, also when somebody else is just
 * removing it: what it used can be removed only then.
 *
 * @param engine The engine.
 * @param id The container.
 * @param signal Ends the wait.
 */
export async function removeContainer(
  engine: EngineClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await engine.containers.remove(id, { force: true, signal })) return;
  try {
    await engine.containers.wait(id, { condition: "removed", signal });
  } catch (error) {
    if (!(error instanceof ContainerNotFoundError)) throw error;
  }
}
