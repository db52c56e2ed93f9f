import type { EngineClient } from "../engine/mod.ts";
import { ContainerNode } from "./container_node.ts";
import { hasDoneItsWork } from "./kept_current.ts";
import type { KeptProject } from "./kept.ts";
import { LABEL } from "./labels.ts";
import type { GraphNode } from "./node.ts";
import { stopPolitely } from "./polite_stop.ts";
import { removeContainer } from "./remove_container.ts";
import type { NodeSpec } from "./spec.ts";

/**
 * Takes over what a kept network has: what runs already, and would be made the same way today, goes
 * on; everything else of that name makes room.
 *
 * @param nodes The nodes that are about to be started.
 * @param kept What is on the engine.
 * @param specs All of the network.
 */
export async function adoptKept(
  engine: EngineClient,
  nodes: readonly GraphNode[],
  kept: KeptProject | undefined,
  specs: readonly NodeSpec[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(nodes.map(async (node) => {
    if (!(node instanceof ContainerNode) || node.status.phase !== "waiting") return;
    const there = kept?.containers.get(node.spec.name);
    const same = there?.Labels[LABEL.spec] === node.labels[LABEL.spec];
    if (same && there?.State === "running") return await node.adopt(there.Id, signal);
    if (same && hasDoneItsWork(node.spec.name, there!, specs)) {
      return await node.adoptEnded(there!.Id, signal);
    }
    // Another number of replicas can leave the name on the engine to one of another name here.
    const inTheWay = [...kept?.containers.values() ?? []].filter(({ Id, Names }) =>
      Id === there?.Id || Names.includes(`/${node.engineName}`)
    );
    for (const { Id, State } of inTheWay) {
      if (State === "running") await stopPolitely(engine, Id, { signal });
      await removeContainer(engine, Id, signal);
    }
  }));
}
