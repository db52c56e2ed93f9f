import type { ContainerSummary, EngineClient } from "../engine/mod.ts";
import { findKept, type KeptProject } from "./kept.ts";
import { LABEL } from "./labels.ts";
import { networkHash } from "./named_objects.ts";
import type { NetworkOptions } from "./network_spec.ts";
import { dependenciesOf, type NodeSpec } from "./spec.ts";
import { specHash } from "./spec_hash.ts";

/** What a kept network should be like. */
export interface WantedNetwork {
  /** Its name. */
  readonly name: string;
  /** What should run. */
  readonly specs: readonly NodeSpec[];
  /** Its further networks. */
  readonly options: Pick<NetworkOptions, "networks">;
  /** Whether those with a health check must be healthy. Default `false`. */
  readonly healthy?: boolean;
}

/**
 * Tells, with two questions to the engine and nothing else, whether a kept network is exactly as it
 * is wanted. A `false` only says that it is worth looking closer.
 *
 * @param engine The engine.
 * @param wanted What should be there.
 * @returns Whether running it would change nothing, and what is there.
 */
export async function isKeptCurrent(
  engine: EngineClient,
  wanted: WantedNetwork,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly current: boolean; readonly kept: KeptProject | undefined }> {
  const kept = await findKept(engine, wanted.name, options);
  if (kept === undefined) return { current: false, kept };
  const answers = await Promise.all([
    ...wanted.specs.map((spec) => isCurrent(spec, kept, wanted)),
    ...Object.entries(wanted.options.networks ?? {}).map(async ([key, definition]) =>
      definition.external === true || !isUsed(key, wanted.specs) ||
      kept.networks.get(key)?.[LABEL.spec] === await networkHash(definition)
    ),
  ]);
  return { current: answers.every(Boolean), kept };
}

async function isCurrent(spec: NodeSpec, kept: KeptProject, wanted: WantedNetwork) {
  const there = kept.containers.get(spec.name);
  if (spec.kind === "command" || there === undefined || spec.pull === "always") return false;
  const { image } = spec;
  // Once a name has moved to another image, the engine lists the container's image by its id.
  if (image.kind !== "reference" || there.Image !== image.reference) return false;
  if (!isAsWanted(there, spec.name, wanted)) return false;
  return there.Labels[LABEL.spec] === await specHash(spec, there.ImageID);
}

function isAsWanted({ State, Status }: ContainerSummary, name: string, wanted: WantedNetwork) {
  if (State === "running") {
    return wanted.healthy !== true || !/\((?:health: starting|unhealthy)\)/.test(Status);
  }
  return hasDoneItsWork(name, { State, Status }, wanted.specs);
}

/**
 * Tells whether a container that has ended is a job that is done: others wait for its completion,
 * and it ended with exit code 0. Whatever else has ended is wanted again.
 *
 * @param name Its name in the network.
 * @param there What the engine lists.
 * @param specs All of the network.
 */
export function hasDoneItsWork(
  name: string,
  { State, Status }: Pick<ContainerSummary, "State" | "Status">,
  specs: readonly NodeSpec[],
): boolean {
  return State === "exited" && Status.startsWith("Exited (0)") &&
    specs.some((spec) =>
      dependenciesOf(spec).some(([other, condition]) => other === name && condition === "completed")
    );
}

function isUsed(key: string, specs: readonly NodeSpec[]): boolean {
  return specs.some((spec) =>
    spec.kind === "container" && spec.networks !== undefined && Object.hasOwn(spec.networks, key)
  );
}
