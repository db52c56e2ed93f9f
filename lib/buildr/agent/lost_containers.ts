import type { EngineClient } from "../../engine/mod.ts";
import { eventually } from "../../retry/mod.ts";
import { BUILDR_LABEL } from "../run/labels.ts";

/** How long the removal of a container may take. */
const REMOVAL_MS = 10_000;

/**
 * Removes what an earlier attempt at a build left on this engine: the news of a dead agent travels
 * faster than the end of its containers, and one that hangs keeps them.
 *
 * @param engine The engine.
 * @param build Id of the build.
 * @param options `signal` stops it.
 * @returns How many containers.
 */
export async function removeLostContainers(
  engine: EngineClient,
  build: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const labels = { [BUILDR_LABEL.build]: build };
  const containers = await engine.containers.list({ all: true, labels, signal });
  for (const { Id } of containers) {
    if (await engine.containers.remove(Id, { force: true, signal })) continue;
    // Somebody else is removing it at this moment: the lost agent's engine, or its reaper.
    await eventually(async () => {
      const left = await engine.containers.list({ all: true, labels, signal });
      if (left.some((one) => one.Id === Id)) throw new Error(`Container ${Id} is still there`);
    }, REMOVAL_MS);
  }
  return containers.length;
}
