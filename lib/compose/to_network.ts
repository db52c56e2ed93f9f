import {
  container,
  type ContainerSpec,
  type NetworkDefinition,
  type NetworkOptions,
  type VolumeDefinition,
} from "../containers/mod.ts";
import type { ComposeModel, Network } from "./model.ts";
import type { Project } from "./project.ts";
import { optionsOf } from "./_service_options.ts";
import { imageOf } from "./_service_image.ts";
import { compact, mapValues, ownOf } from "./_plain_data.ts";

/** What a project is as a network of `containers`: plain data. */
export interface ProjectNetwork {
  /** Name of the network. */
  readonly name: string;
  /** What `ContainerNetwork.create` takes, to be extended by engine, logs and the like. */
  readonly options: Required<Pick<NetworkOptions, "networks" | "volumes">>;
  /** The containers, each after those that it depends on. */
  readonly specs: readonly ContainerSpec[];
  /** Names of the containers of each service. */
  readonly containers: Readonly<Record<string, readonly string[]>>;
}

/** How a project becomes a network. */
export interface ToNetworkOptions {
  /** How many containers a service has, instead of what its file says. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Whether what can be built is built, or which services are; the rest must be there. Default `true`. */
  readonly build?: boolean | readonly string[];
  /**
   * What containers and networks without a name of their own are called on the engine. `run`: as a
   * `ContainerNetwork` does, with the id of the run. `project`: `project-service-1` and
   * `project_network` as Compose does, so that there can be one of them. Default `run`.
   */
  readonly names?: "run" | "project";
  /** When images are pulled where the file does not say. Default `missing`. */
  readonly pull?: "missing" | "always" | "never";
}

/**
 * Turns a project into what a `ContainerNetwork` runs. Nothing is read or made.
 *
 * @param project The project.
 * @param options Scale, builds, pulls.
 * @returns Options and containers; a service with one container gives it its name, one with several
 * names them `name-1`, `name-2` and so on.
 * @throws {RangeError} when a scale is no whole number, or names no service.
 * @example
 * ```ts no-eval
 * import { loadComposeProject, toNetwork } from "@superorch/superorch/compose";
 * import { ContainerNetwork } from "@superorch/superorch/containers";
 *
 * const { name, options, specs } = toNetwork(await loadComposeProject());
 * await using network = await ContainerNetwork.create(name, options);
 * network.add(...specs);
 * await network.run();
 * await network.wait();
 * ```
 */
export function toNetwork(project: Project, options: ToNetworkOptions = {}): ProjectNetwork {
  const { model } = project;
  const counts = new Map<string, number>();
  for (const [name, service] of Object.entries(model.services)) {
    const count = ownOf(options.scale ?? {}, name) ?? service.scale ?? service.deploy?.replicas ??
      1;
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Cannot scale service "${name}" to ${count}: it must be a whole number`);
    }
    counts.set(name, count);
  }
  for (const name of Object.keys(options.scale ?? {})) {
    if (!counts.has(name)) throw new RangeError(`Cannot scale "${name}": there is no such service`);
  }
  const containers: Record<string, readonly string[]> = {};
  for (const [name, count] of counts) {
    containers[name] = count === 1
      ? [name]
      : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
  }
  const specs = inOrder(model).flatMap((name) => {
    const service = model.services[name]!;
    return containers[name]!.map((own) =>
      container(
        own,
        imageOf(name, service, project, options),
        compact(optionsOf(name, own, service, { project, containers, options })),
      )
    );
  });
  return {
    name: project.name,
    options: {
      networks: Object.fromEntries(
        Object.entries(model.networks ?? {})
          .map(([key, network]) => [
            key,
            networkOf(
              network,
              options.names === "project" ? undefined : `${project.name}_${key}`,
            ),
          ]),
      ),
      volumes: mapValues(
        model.volumes ?? {},
        ({ name, external, driver, driver_opts, labels }) =>
          compact<VolumeDefinition>({ name, external, driver, driverOptions: driver_opts, labels }),
      ),
    },
    specs,
    containers,
  };
}

// A name that nobody chose is left to the network, which can make it one of a run.
function networkOf(network: Network, usual: string | undefined): NetworkDefinition {
  const { name, external, ipam, enable_ipv6, internal, attachable, driver, driver_opts, labels } =
    network;
  const subnets = ipam?.config?.flatMap((one) =>
    one.subnet === undefined ? [] : [compact<NonNullable<NetworkDefinition["subnets"]>[number]>({
      subnet: one.subnet,
      gateway: one.gateway,
      range: one.ip_range,
      reserved: one.aux_addresses,
    })]
  );
  return compact<NetworkDefinition>({
    name: name === usual && external !== true ? undefined : name,
    external,
    subnets: subnets?.length === 0 ? undefined : subnets,
    ipamDriver: ipam?.driver,
    ipamOptions: ipam?.options,
    ipv6: enable_ipv6,
    internal,
    attachable,
    driver,
    driverOptions: driver_opts,
    labels,
  });
}

function inOrder({ services }: ComposeModel): readonly string[] {
  const ordered = new Set<string>();
  const visit = (name: string) => {
    if (ordered.has(name)) return;
    for (const other of Object.keys(services[name]?.depends_on ?? {})) visit(other);
    ordered.add(name);
  };
  Object.keys(services).forEach(visit);
  return [...ordered];
}
