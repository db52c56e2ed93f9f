import {
  type ContainerSpec,
  type Dependencies,
  type NetworkSettings,
  type NodeSpec,
  planNetwork,
} from "../containers/mod.ts";
import { didYouMean } from "../diagnostics/mod.ts";
import { ComposeInputError } from "./errors.ts";
import type { ModuleNetwork } from "./network_module.ts";
import type { Project } from "./project.ts";
import { toNetwork, type ToNetworkOptions } from "./to_network.ts";

/** What can be brought up: a compose project, or a network that a module describes. */
export type UpTarget = Project | ModuleNetwork;

/** Which part of a target is meant, and in which form. */
export interface SelectOptions
  extends Pick<ToNetworkOptions, "scale" | "pull" | "build" | "names"> {
  /** Only these services, and what they depend on. Default: all. */
  readonly only?: readonly string[];
  /** Whether what they depend on is left out. Default `false`. */
  readonly noDeps?: boolean;
}

/** What of a target is brought up, as plain data. */
export interface Selection {
  /** Name of the network. */
  readonly name: string;
  /** Its further networks, volumes and addresses. */
  readonly options: NetworkSettings;
  /** What is brought up. */
  readonly specs: readonly NodeSpec[];
  /** Names of everything that the target describes, chosen or not, by service. */
  readonly services: ReadonlyMap<string, readonly string[]>;
}

/**
 * Chooses what of a target is brought up, and finds the mistakes that need no engine to be found.
 *
 * @throws {ComposeInputError} for an unknown service, a scale that is none, or what cannot run
 * together.
 */
export function select(target: UpTarget, options: SelectOptions): Selection {
  const whole = "model" in target ? ofProject(target, options) : ofModule(target, options);
  const { only } = options;
  for (const name of only ?? []) requireService(name, whole);
  const chosen = only === undefined
    ? whole.specs
    : chooseSpecs(whole, only, options.noDeps === true);
  const specs = options.noDeps === true ? chosen.map((spec) => within(spec, chosen)) : chosen;
  try {
    planNetwork(whole.name, specs);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new ComposeInputError(error.message, { cause: error });
    }
    throw error;
  }
  return { ...whole, specs };
}

/** Gets the service that a node belongs to; its own name where it is none's. */
export function serviceOf(services: Selection["services"], node: string): string {
  for (const [service, names] of services) if (names.includes(node)) return service;
  return node;
}

function ofProject(project: Project, options: SelectOptions): Selection {
  try {
    const { name, options: settings, specs, containers } = toNetwork(project, options);
    return { name, options: settings, specs, services: new Map(Object.entries(containers)) };
  } catch (error) {
    if (error instanceof RangeError) throw new ComposeInputError(error.message, { cause: error });
    throw error;
  }
}

function ofModule(module: ModuleNetwork, { scale, pull }: SelectOptions): Selection {
  if (Object.keys(scale ?? {}).length > 0) {
    throw new ComposeInputError(
      `Cannot scale "${Object.keys(scale!)[0]}": a module says itself how many there are`,
    );
  }
  const specs = module.specs.map((spec) =>
    spec.kind === "command" || pull === undefined || spec.image.kind !== "reference"
      ? spec
      : { ...spec, pull: spec.pull ?? pull }
  );
  const services = new Map(specs.map(({ name }) => [name, [name]]));
  return { name: module.name, options: module.options ?? {}, specs, services };
}

function requireService(name: string, { name: network, services }: Selection): void {
  if (services.has(name)) return;
  const known = [...services.keys()];
  const meant = didYouMean(name, known);
  throw new ComposeInputError(
    `Cannot find service "${name}" in "${network}": ` +
      (meant === undefined
        ? `it has ${known.map((one) => `"${one}"`).join(", ")}`
        : `did you mean "${meant}"?`),
  );
}

function chooseSpecs(
  { specs, services }: Selection,
  only: readonly string[],
  noDeps: boolean,
): readonly NodeSpec[] {
  const wanted = new Set(only.flatMap((service) => services.get(service)!));
  if (noDeps) return specs.filter(({ name }) => wanted.has(name));
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const visit = (name: string) => {
    const spec = byName.get(name);
    if (spec === undefined) return;
    wanted.add(name);
    for (const other of dependencyNames(spec)) if (!wanted.has(other)) visit(other);
  };
  [...wanted].forEach(visit);
  return specs.filter(({ name }) => wanted.has(name));
}

function dependencyNames(spec: NodeSpec): readonly string[] {
  const { dependsOn = {} } = spec;
  const named: readonly string[] = Array.isArray(dependsOn) ? dependsOn : Object.keys(dependsOn);
  const modes = spec.kind === "container" ? [spec.networkMode, spec.pid, spec.ipc] : [];
  const shared = modes.flatMap((mode) => mode?.startsWith("container:") ? [mode.slice(10)] : []);
  return [...named, ...shared];
}

// Without what is not started there is nothing to wait for.
function within<T extends NodeSpec>(spec: T, specs: readonly NodeSpec[]): T {
  const { dependsOn, ...rest } = spec;
  if (dependsOn === undefined) return spec;
  const names = new Set(specs.map(({ name }) => name));
  const left: Dependencies = Array.isArray(dependsOn)
    ? dependsOn.filter((name: string) => names.has(name))
    : Object.fromEntries(Object.entries(dependsOn).filter(([name]) => names.has(name)));
  return { ...rest, dependsOn: left } as T;
}

/** Tells whether a node is a container. */
export function isContainer(spec: NodeSpec): spec is ContainerSpec {
  return spec.kind === "container";
}
