import type { EngineClient } from "../engine/mod.ts";
import { ConnectTurns } from "./_connect_turns.ts";
import { limiter } from "./_limit.ts";
import { describeCondition } from "./conditions.ts";
import { DependencyError } from "./errors.ts";
import type { GraphNode } from "./node.ts";
import { dependenciesOf, sharedContainers } from "./spec.ts";
import { waitForCondition } from "./wait_condition.ts";

/** What starting a graph needs. */
export interface StartContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Finds the node that another one depends on; `undefined` for one that is not of this network. */
  readonly find: (name: string) => GraphNode | undefined;
  /** All nodes of the network, for errors. */
  readonly nodes: () => readonly GraphNode[];
  /** How many nodes are created or started at a time. */
  readonly width: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/**
 * Creates nodes and starts each as soon as what it depends on is there.
 *
 * The first failure stops the rest; it settles when nothing is under way any more.
 *
 * @param nodes What to start.
 * @param context Engine, width, signal.
 * @throws {unknown} the first failure.
 */
export async function startGraph(
  nodes: readonly GraphNode[],
  context: StartContext,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const gate = limiter(context.width);
  // Create all, then start: creating takes 10 ms each, and a mistake in any of them shows before
  // the first one runs.
  // What was found running already is there for those that depend on it.
  const idle = nodes.filter(({ status }) => status.phase === "waiting");
  const created = new Map<string, Promise<void>>();
  for (const node of idle) {
    // Each comes after what it depends on, so those whose namespaces it shares are known here.
    const before = sharedContainers(node.spec).map((name) => created.get(name));
    const create = Promise.all(before).then(() => gate(() => node.create(signal)));
    created.set(node.spec.name, create);
  }
  await settleAll([...created.values()], stop);
  await using turns = await connectTurns(idle, context, signal);
  await settleAll(
    idle.map(async (node) => {
      await waitForDependencies(node, { ...context, signal });
      await gate(() => node.start(signal, turns));
    }),
    stop,
  );
}

// One that is alone has nobody to wait for.
async function connectTurns(
  nodes: readonly GraphNode[],
  { engine, width }: StartContext,
  signal: AbortSignal,
): Promise<ConnectTurns | undefined> {
  const containers = nodes.filter(({ spec }) => spec.kind === "container");
  if (containers.length < 2 || width < 2 || engine.flavour !== "docker") return undefined;
  return await ConnectTurns.open(engine, signal);
}

async function waitForDependencies(node: GraphNode, context: StartContext): Promise<void> {
  const { status } = node;
  const dependencies = dependenciesOf(node.spec);
  if (dependencies.length === 0 && status.failure === undefined) return;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const waits = dependencies.map(async ([name, condition]) => {
    const dependency = context.find(name);
    if (dependency === undefined) return; // a container that is not of this network
    try {
      await waitForCondition(dependency, condition, { ...context, signal });
    } catch (cause) {
      signal.throwIfAborted();
      const wanted = describeCondition(condition);
      const error = new DependencyError(node.spec.name, name, wanted, { cause });
      status.setFailure(error);
      throw error;
    }
  });
  // It may also be terminated, or have failed, while it waits.
  const over = status.until(() => status.isOver || undefined, signal);
  try {
    await Promise.race([Promise.all(waits), over]);
  } finally {
    stop.abort();
    await Promise.allSettled([...waits, over]);
  }
  if (status.failure !== undefined) throw status.failure;
}

/** Waits for all, also after the first failure, which stops the others. */
async function settleAll(work: readonly Promise<void>[], stop: AbortController): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  await Promise.all(work.map((one) =>
    one.catch((error) => {
      first ??= { error };
      stop.abort(error);
    })
  ));
  if (first !== undefined) throw first.error;
}
