import type { EndpointSpec } from "../containers/mod.ts";
import type { ComposeModel, Port, Service } from "./model.ts";
import type { Project } from "./project.ts";
import { compact } from "./_plain_data.ts";

/** How a container is in the networks of its service, the most important one first. */
export function networksOf(
  name: string,
  own: string,
  service: Service,
  project: Project,
): Readonly<Record<string, EndpointSpec>> | undefined {
  if (service.networks === undefined) return undefined;
  const entries = Object.entries(service.networks)
    .toSorted(([, a], [, b]) => (b?.priority ?? 0) - (a?.priority ?? 0));
  return Object.fromEntries(entries.map(([key, settings], index) => {
    const aliases = [
      ...(own === name ? [] : [name]),
      ...(service.container_name === undefined ? [] : [service.container_name]),
      ...(settings?.aliases ?? []),
      ...aliasesFromLinks(name, key, project.model),
    ];
    return [
      key,
      compact<EndpointSpec>({
        aliases: aliases.length === 0 ? undefined : [...new Set(aliases)],
        ipv4: settings?.ipv4_address,
        ipv6: settings?.ipv6_address,
        linkLocal: settings?.link_local_ips,
        driverOptions: settings?.driver_opts,
        mac: settings?.mac_address ?? (index === 0 ? service.mac_address : undefined),
      }),
    ];
  }));
}

// A link gives the other one a further name, which all in the network may know.
function aliasesFromLinks(name: string, network: string, model: ComposeModel): readonly string[] {
  return Object.values(model.services).flatMap(({ links = [], networks = {} }) =>
    Object.hasOwn(networks, network)
      ? links.flatMap((link) => {
        const [target, alias] = link.split(":");
        return target === name && alias !== undefined ? [alias] : [];
      })
      : []
  );
}

/** A published port. */
export function portOf({ target, published, host_ip, protocol }: Port) {
  const isRange = published?.includes("-") === true;
  return {
    container: target,
    ...(published === undefined
      ? {}
      : isRange
      ? { hostRange: published }
      : { host: Number(published) }),
    hostIp: host_ip ?? "",
    protocol,
  };
}

/** Each port of a range, with its protocol. */
export function exposedPorts(text: string): readonly string[] {
  const [range, protocol = "tcp"] = text.split("/");
  const [first, last = first] = range!.split("-").map(Number);
  return Array.from(
    { length: last! - first! + 1 },
    (_, index) => `${first! + index}/${protocol}`,
  );
}
