import type { NetworkCreateBody } from "../engine/mod.ts";
import type { NetworkDefinition, NetworkOptions } from "./network_spec.ts";

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
  options:
    & Pick<NetworkOptions, "subnets" | "ipv6" | "internal" | "driver" | "driverOptions">
    & NetworkDefinition,
): NetworkCreateBody {
  const { subnets, ipv6, internal, driver, driverOptions, ipamDriver, ipamOptions } = options;
  const hasAddresses = (subnets ?? ipamDriver ?? ipamOptions) !== undefined;
  return {
    Name: name,
    Driver: driver ?? "bridge",
    Internal: internal === true,
    EnableIPv6: ipv6 === true,
    ...(options.attachable === undefined ? {} : { Attachable: options.attachable }),
    ...(driverOptions === undefined ? {} : { Options: driverOptions }),
    ...(!hasAddresses ? {} : {
      IPAM: {
        Driver: ipamDriver ?? "default",
        ...(ipamOptions === undefined ? {} : { Options: ipamOptions }),
        Config: (subnets ?? []).map(({ subnet, gateway, range, reserved }) => ({
          Subnet: subnet,
          ...(gateway === undefined ? {} : { Gateway: gateway }),
          ...(range === undefined ? {} : { IPRange: range }),
          ...(reserved === undefined ? {} : { AuxiliaryAddresses: reserved }),
        })),
      },
    }),
    Labels: { ...options.labels, ...labels },
  };
}
