import type { EngineClient } from "../engine/mod.ts";
import { adoptKept } from "./adopt_kept.ts";
import type { BindSources } from "./bind_sources.ts";
import type { EngineSide } from "./engine_side.ts";
import type { KeptProject } from "./kept.ts";
import { makeNodes, openOutputs } from "./make_nodes.ts";
import type { NamedObjects } from "./named_objects.ts";
import type { NetworkIdentity } from "./network_identity.ts";
import type { NetworkOptions } from "./network_spec.ts";
import type { NodeRegistry } from "./node_registry.ts";
import { prepareImages } from "./prepare_images.ts";
import type { ContainerSpec, NodeSpec } from "./spec.ts";
import { startGraph } from "./start_graph.ts";
import { nodeEvent } from "./summary.ts";

/** Two at a time took 1.80 s for ten services on two cores, four 1.77 s, ten 2.20 s. */
const START_WIDTH = 4;

/** What a network starts nodes with. */
export interface NetworkStartContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** What everything is called there. */
  readonly identity: NetworkIdentity;
  /** How the network is made. */
  readonly options: NetworkOptions;
  /** Its nodes. */
  readonly registry: NodeRegistry;
  /** The network itself and its events. */
  readonly side: EngineSide;
  /** Its further networks and its volumes. */
  readonly named: NamedObjects;
  /** The host's side of the binds. */
  readonly binds: BindSources;
  /** What is kept of it. */
  readonly kept: KeptProject | undefined;
  /** Takes what is worth knowing. */
  readonly onProgress: (line: string) => void;
  /** Told when the stream of events breaks. */
  readonly onLost: (error: unknown) => void;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Brings nodes onto the engine and starts them: images, networks, volumes, containers, the graph. */
export async function startNodes(
  specs: readonly NodeSpec[],
  context: NetworkStartContext,
): Promise<void> {
  const { engine, identity, options, registry, side, named, signal } = context;
  await using stack = new AsyncDisposableStack();
  const outputs = await openOutputs(specs, registry, outputSettings(context), stack);
  const containers = specs.filter((spec) => spec.kind === "container");
  const images = await prepareImages(containers, {
    engine,
    labels: identity.imageLabels(),
    onImage: options.onEvent,
    onProgress: (name, line) => context.onProgress(`${name}: ${line}`),
    signal,
  });
  const isEmpty = containers.length > 0 && containers.every(isElsewhere);
  await side.makeNetwork(isEmpty ? undefined : options, context.onLost, signal);
  await named.make(containers, signal);
  const { binds, kept } = context;
  const { events } = side;
  await makeNodes(specs, {
    engine,
    identity,
    named,
    registry,
    events,
    images,
    binds,
    outputs,
    onWarning: (text) => context.onProgress(`warning: ${text}`),
  });
  stack.move(); // the nodes end their outputs
  observe(specs, context);
  await adoptKept(engine, registry.nodes, kept, [...registry.specs.values()], signal);
  await startGraph(specs.map(({ name }) => registry.requireNode(name)), {
    engine,
    find: (name) => registry.node(name),
    nodes: () => registry.nodes,
    width: options.startWidth ?? START_WIDTH,
    signal,
  });
}

/** Whether a container is not in the network itself. */
export function isElsewhere({ networks, networkMode }: ContainerSpec): boolean {
  return networks !== undefined || networkMode !== undefined;
}

function outputSettings({ options, onProgress }: NetworkStartContext) {
  const { onEvent } = options;
  return {
    logDir: options.logDir,
    forward: options.forward ?? true,
    stdout: options.stdout ?? Deno.stdout,
    stderr: options.stderr ?? Deno.stderr,
    onWarning: (text: string) => onProgress(`warning: ${text}`),
    ...(onEvent === undefined ? {} : {
      onLine: (name: string, stream: "stdout" | "stderr", text: string) =>
        onEvent({ kind: "line", name, stream, text }),
    }),
  };
}

function observe(specs: readonly NodeSpec[], { options, registry }: NetworkStartContext): void {
  const { onEvent } = options;
  if (onEvent === undefined) return;
  for (const { name } of specs) {
    const node = registry.requireNode(name);
    node.status.observe((entry) => onEvent(nodeEvent(node, entry)));
  }
}
