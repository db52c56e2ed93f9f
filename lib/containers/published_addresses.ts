import type { EngineClient } from "../engine/mod.ts";
import { ContainerNode } from "./container_node.ts";
import type { GraphNode } from "./node.ts";
import { RunningContainer } from "./running_container.ts";

/**
 * Finds where the published ports of running containers can be reached, as environment variables.
 *
 * @param engine The engine.
 * @param nodes All nodes of a network.
 * @returns `SUPERORCH_{NAME}_{PORT}` to `address:port`, the name in capitals with `_` for whatever
 * a variable cannot have.
 */
export async function publishedAddresses(
  engine: EngineClient,
  nodes: readonly GraphNode[],
): Promise<Readonly<Record<string, string>>> {
  const running = nodes.filter((node): node is ContainerNode =>
    node instanceof ContainerNode && node.status.phase === "running" &&
    (node.spec.ports ?? []).length > 0
  );
  const found = await Promise.all(running.map(async (node) => {
    const container = new RunningContainer(engine, node, node.id!, "");
    const name = node.spec.name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
    return await Promise.all((node.spec.ports ?? []).map(async (port) => {
      const { container: inside, protocol } = typeof port === "number"
        ? { container: port, protocol: undefined }
        : port;
      const { host, port: outside } = await container.publishedPort(inside, protocol);
      const address = host.includes(":") ? `[${host}]:${outside}` : `${host}:${outside}`;
      return [`SUPERORCH_${name}_${inside}`, address] as const;
    }));
  }));
  return Object.fromEntries(found.flat());
}
