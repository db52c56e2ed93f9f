/**
 * Ten services that are kept, brought up or taken down by a program of its own:
 * `_services.ts up|down HOST PROJECT IMAGE`.
 */
import { container, ContainerNetwork, removeKept } from "../../../lib/containers/mod.ts";
import { connectEngine } from "../../../lib/engine/mod.ts";
import { SLEEP, TEN } from "./_job.ts";

/** Adds the ten. */
export function addServices(network: ContainerNetwork, image: string): ContainerNetwork {
  return network.add(
    ...TEN.map((index) => container(`service-${index}`, image, { command: SLEEP })),
  );
}

if (import.meta.main) {
  const [action, host, project = "", image = ""] = Deno.args;
  await using engine = await connectEngine({ host });
  if (action === "up") {
    await using network = await ContainerNetwork.create(project, {
      engine,
      forward: false,
      lifetime: "kept",
    });
    await addServices(network, image).run();
  } else {
    await removeKept(engine, project, { graceMs: 0 });
  }
}
