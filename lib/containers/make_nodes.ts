import type { EngineClient } from "../engine/mod.ts";
import type { BindSources } from "./bind_sources.ts";
import { CommandNode } from "./command_node.ts";
import { ContainerNode } from "./container_node.ts";
import type { NamedObjects } from "./named_objects.ts";
import type { NetworkEvents } from "./network_events.ts";
import type { NetworkIdentity } from "./network_identity.ts";
import type { GraphNode } from "./node.ts";
import { LABEL } from "./labels.ts";
import { NodeOutput, type OutputSettings } from "./node_output.ts";
import type { NodeRegistry } from "./node_registry.ts";
import type { PreparedImage } from "./prepare_images.ts";
import { publishedAddresses } from "./published_addresses.ts";
import { dependenciesOf, type NodeSpec } from "./spec.ts";
import { specHash } from "./spec_hash.ts";

/** What nodes have in common. */
export interface MakeNodesContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** What they are called there. */
  readonly identity: NetworkIdentity;
  /** The further networks, and the volumes. */
  readonly named: NamedObjects;
  /** The nodes of the network. */
  readonly registry: NodeRegistry;
  /** The events of the containers. */
  readonly events: NetworkEvents;
  /** The image of each container. */
  readonly images: ReadonlyMap<string, PreparedImage>;
  /** The host's side of their binds. */
  readonly binds: BindSources;
  /** What each of them writes. */
  readonly outputs: ReadonlyMap<string, NodeOutput>;
  /** Takes what the engine does otherwise than asked. */
  readonly onWarning: (text: string) => void;
}

/**
 * Opens the outputs of some nodes; those of an earlier run are ended first.
 *
 * @param specs The nodes.
 * @param registry Where the nodes of earlier runs are.
 * @param settings Where outputs go.
 * @param stack Ends them all, until it is moved.
 */
export async function openOutputs(
  specs: readonly NodeSpec[],
  registry: NodeRegistry,
  settings: OutputSettings,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, NodeOutput>> {
  const width = Math.max(...specs.map(({ name }) => name.length));
  const outputs = new Map<string, NodeOutput>();
  for (const spec of specs) {
    await registry.node(spec.name)?.terminate(0);
    const output = await NodeOutput.open(spec.name, spec, settings, width);
    stack.defer(() => output.end());
    outputs.set(spec.name, output);
  }
  return outputs;
}

/**
 * Turns specifications into nodes; nothing of them is on the engine yet.
 *
 * @param specs The nodes.
 * @param context What they have in common.
 */
export async function makeNodes(
  specs: readonly NodeSpec[],
  context: MakeNodesContext,
): Promise<void> {
  for (const spec of specs) context.registry.setNode(await makeNode(spec, context));
}

async function makeNode(spec: NodeSpec, context: MakeNodesContext): Promise<GraphNode> {
  const { engine, identity, registry, images, binds, named } = context;
  const output = context.outputs.get(spec.name)!;
  if (spec.kind === "command") {
    return new CommandNode(spec, output, () => publishedAddresses(engine, registry.nodes));
  }
  const image = images.get(spec.name)!;
  // Only what is kept is ever compared; to read all that is copied takes its time.
  const contents = identity.lifetime === "kept";
  const hash = await specHash(spec, image.id, { contents });
  return new ContainerNode(spec, output, {
    engine,
    events: context.events,
    network: identity.engineName,
    networks: named.networks,
    engineName: spec.containerName ?? identity.containerName(spec.name),
    image,
    labels: { ...identity.labels(spec.name, hash), ...afterLabel(spec) },
    resolveBind: (path) => binds.absolute(path),
    resolveVolume: (name) => named.volume(name),
    volumeLabels: (name) => named.volumeLabels(name),
    onWarning: context.onWarning,
    // By name: the other one may not be created yet.
    resolveContainer: (name) => {
      const other = registry.specs.get(name);
      if (other?.kind !== "container") return name;
      return other.containerName ?? identity.containerName(name);
    },
  });
}

// No part of the hash: a container need not be made again because others are started before it.
function afterLabel(spec: NodeSpec): Readonly<Record<string, string>> {
  const names = dependenciesOf(spec).map(([name]) => name);
  return names.length === 0 ? {} : { [LABEL.after]: names.join(",") };
}
