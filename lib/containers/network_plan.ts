import type { EngineClient } from "../engine/mod.ts";
import { describeCondition } from "./conditions.ts";
import { hasDoneItsWork } from "./kept_current.ts";
import type { KeptProject } from "./kept.ts";
import { LABEL } from "./labels.ts";
import type { NetworkOptions } from "./network_spec.ts";
import { planNetwork, type PlanStep } from "./plan.ts";
import type { ContainerSpec, NodeSpec } from "./spec.ts";
import { specHash } from "./spec_hash.ts";

/** What a run would do with one node. */
export interface PlannedStep extends PlanStep {
  /**
   * `create`: it would be made and started; `replace`: one that is kept would be removed first;
   * `reuse`: one that is kept would go on; `run`: a host command would be run.
   */
  readonly action: "create" | "replace" | "reuse" | "run";
  /** Reference of its image, or its command line. */
  readonly origin: string;
  /** Whether its image is there; absent for a host command. */
  readonly image?: "present" | "pull" | "build" | "missing";
  /** Name on the engine; absent for a host command. */
  readonly engineName?: string;
}

/** Something besides containers that a run would need. */
export interface PlannedObject {
  /** Its name on the engine. */
  readonly name: string;
  /** Whether it would be made, is there, or must be there and is not. */
  readonly action: "create" | "reuse" | "missing";
}

/** What a run would do; nothing of it is done. */
export interface NetworkPlan {
  /** Networks, the network's own first. */
  readonly networks: readonly PlannedObject[];
  /** Named volumes. */
  readonly volumes: readonly PlannedObject[];
  /** What would be started, by wave. */
  readonly steps: readonly PlannedStep[];
  /** What is probably not meant. */
  readonly warnings: readonly string[];
}

/** What a plan is made from. */
export interface PlanContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Name of the network. */
  readonly name: string;
  /** Name of the network on the engine. */
  readonly engineName: string;
  /** Its options. */
  readonly options: Pick<NetworkOptions, "networks" | "volumes">;
  /** All nodes of the network. */
  readonly all: readonly NodeSpec[];
  /** Those that would be run. */
  readonly wanted: readonly NodeSpec[];
  /** What is kept of it. */
  readonly kept: KeptProject | undefined;
  /** Whether the network itself is there. */
  readonly isThere: boolean;
  /** Name of a container on the engine. */
  readonly containerName: (name: string) => string;
  /** Name of a further network on the engine, by key. */
  readonly networkName: (key: string) => string;
  /** Name of a volume on the engine, by key. */
  readonly volumeName: (key: string) => string;
  /** What is probably not meant. */
  readonly warnings: readonly string[];
  /** Ends the questions. */
  readonly signal: AbortSignal | undefined;
}

/** Asks the engine what a run would have to do. Nothing is changed. */
export async function makePlan(context: PlanContext): Promise<NetworkPlan> {
  const { all, wanted } = context;
  const names = new Set(wanted.map(({ name }) => name));
  const steps = planNetwork(context.name, all).filter(({ spec }) => names.has(spec.name));
  const containers = wanted.filter((spec) => spec.kind === "container");
  return {
    networks: await planNetworks(containers, context),
    volumes: await planVolumes(containers, context),
    steps: await Promise.all(steps.map((step) => planStep(step, context))),
    warnings: context.warnings,
  };
}

async function planStep(step: PlanStep, context: PlanContext): Promise<PlannedStep> {
  const { spec } = step;
  if (spec.kind === "command") return { ...step, action: "run", origin: String(spec.command) };
  const { image } = spec;
  const origin = image.kind === "reference" ? image.reference : image.path ?? "Dockerfile";
  const id = image.kind === "reference" ? await imageId(image.reference, context) : undefined;
  return {
    ...step,
    origin,
    image: image.kind === "dockerfile" ? "build" : imageAction(spec, id),
    engineName: spec.containerName ?? context.containerName(spec.name),
    action: await containerAction(spec, id, context),
  };
}

async function containerAction(
  spec: ContainerSpec,
  id: string | undefined,
  { kept, all }: PlanContext,
): Promise<PlannedStep["action"]> {
  const there = kept?.containers.get(spec.name);
  if (there === undefined) return "create";
  if (id === undefined || spec.pull === "always") return "replace"; // what comes may be another one
  const goesOn = there.State === "running" || hasDoneItsWork(spec.name, there, all);
  return goesOn && there.Labels[LABEL.spec] === await specHash(spec, id) ? "reuse" : "replace";
}

function imageAction({ pull }: ContainerSpec, id: string | undefined): PlannedStep["image"] {
  if (pull === "always") return "pull";
  if (id !== undefined) return "present";
  return pull === "never" ? "missing" : "pull";
}

async function imageId(
  reference: string,
  { engine, signal }: PlanContext,
): Promise<string | undefined> {
  return (await engine.images.find(reference, { signal }))?.Id;
}

async function planNetworks(
  specs: readonly ContainerSpec[],
  context: PlanContext,
): Promise<readonly PlannedObject[]> {
  const { engine, engineName, isThere, options, signal } = context;
  // As a run has it: the own network is made unless every container is elsewhere.
  const isEmpty = specs.length > 0 &&
    specs.every(({ networks, networkMode }) => (networks ?? networkMode) !== undefined);
  const own: PlannedObject[] = isEmpty
    ? []
    : [{ name: engineName, action: isThere ? "reuse" : "create" }];
  const keys = new Set(specs.flatMap(({ networks }) => Object.keys(networks ?? {})));
  const further = await Promise.all([...keys].map(async (key): Promise<PlannedObject> => {
    const name = context.networkName(key);
    const found = await engine.networks.list({ filters: { name: [name] }, signal });
    if (found.some(({ Name }) => Name === name)) return { name, action: "reuse" };
    return { name, action: options.networks?.[key]?.external === true ? "missing" : "create" };
  }));
  return [...own, ...further];
}

async function planVolumes(
  specs: readonly ContainerSpec[],
  { engine, options, volumeName, signal }: PlanContext,
): Promise<readonly PlannedObject[]> {
  const keys = new Set(
    specs.flatMap(({ volumes = [] }) => volumes)
      .flatMap((volume) => "volume" in volume && volume.volume !== "" ? [volume.volume] : []),
  );
  if (keys.size === 0) return [];
  const there = new Set((await engine.volumes.list({ signal })).map(({ Name }) => Name));
  return [...keys].map((key) => {
    const name = volumeName(key);
    if (there.has(name)) return { name, action: "reuse" };
    return { name, action: options.volumes?.[key]?.external === true ? "missing" : "create" };
  });
}

/**
 * Writes a plan for people: one line for each thing, in the order of the start.
 *
 * @param plan The plan.
 * @returns Lines, each with its end.
 * @example
 * ```ts
 * import { container, formatPlan, planNetwork } from "@superorch/superorch/containers";
 *
 * const [step] = planNetwork("shop", [container("db", "postgres:16")]);
 * const planned = { ...step!, action: "create", origin: "postgres:16", image: "pull" } as const;
 * console.log(formatPlan({ networks: [], volumes: [], warnings: [], steps: [planned] }));
 * // 1. create container db from postgres:16 (pull)
 * ```
 */
export function formatPlan(plan: NetworkPlan): string {
  const { networks, volumes, steps, warnings } = plan;
  const lines = [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...networks.map(({ name, action }) => `${action} network ${name}`),
    ...volumes.map(({ name, action }) => `${action} volume ${name}`),
    ...steps.map(({ spec, wave, action, origin, image, after }) => {
      const what = `${wave + 1}. ${action} ${spec.kind} ${spec.name} from ${origin}`;
      const how = image === undefined || image === "present" ? "" : ` (${image})`;
      const waits = after.map(({ name, condition }) =>
        `${name} to ${describeCondition(condition)}`
      );
      return `${what}${how}${waits.length === 0 ? "" : `, after ${waits.join(", ")}`}`;
    }),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
