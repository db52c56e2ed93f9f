import type { NetworkCreateBody } from "../engine/mod.ts";
import type { NetworkOptions } from "./network_spec.ts";

/**
 * Turns the options of a network into the body of the engine's create call.
 *
 * @param name Its name on the engine.
 * @param labels All its labels.
 * @param options How it is made.
 */
export function networkCreateBody(
  name: string,
  labels: Readonly<Record<string, string>>,
  options: NetworkOptions,
): NetworkCreateBody {
  const { subnets, ipv6, internal, driver, driverOptions } = options;
  return {
    Name: name,
    Driver: driver ?? "bridge",
    Internal: internal === true,
    EnableIPv6: ipv6 === true,
    ...(driverOptions === undefined ? {} : { Options: driverOptions }),
    ...(subnets === undefined ? {} : {
      IPAM: {
        Driver: "default",
        Config: subnets.map(({ subnet, gateway, range }) => ({
          Subnet: subnet,
          ...(gateway === undefined ? {} : { Gateway: gateway }),
          ...(range === undefined ? {} : { IPRange: range }),
        })),
      },
    }),
    Labels: { ...options.labels, ...labels },
  };
}
