import { Struct, Tuple, type Value } from "../starlark/mod.ts";
import { type Address, type Network, parseAddress, parseNetwork, showAddress } from "./_address.ts";
import { asString, builtin, members, noArgument, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

/** `@ytt:ip`. */
export function ipModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("ip", {
    parse_addr: (_thread, args) => {
      const text = asString(onlyArgument(args), hooks);
      const address = parseAddress(text);
      if (address === undefined) throw new Error(`invalid IP address: ${text}`);
      return new IpValue("ip.addr", addressFields(address));
    },
    parse_cidr: (_thread, args) => {
      const text = asString(onlyArgument(args), hooks);
      const network = parseNetwork(text);
      if (network === undefined) throw new Error(`invalid CIDR address: ${text}`);
      return new Tuple([
        new IpValue("ip.addr", addressFields(network.address)),
        new IpValue("ip.net", networkFields(network)),
      ]);
    },
  });
}

/** An address or a network; neither ends up in YAML by accident. */
class IpValue extends Struct {
  readonly conversionHint = "use .string()";

  constructor(type: "ip.addr" | "ip.net", fields: Readonly<Record<string, () => Value>>) {
    const methods = Object.entries(fields).map(([name, result]): [string, Value] => [
      name,
      builtin(`${type}.${name}`, (_thread, args) => {
        noArgument(args);
        return result();
      }),
    ]);
    super(new Map(methods), `@ytt:${type}`);
  }
}

function addressFields(address: Address): Record<string, () => Value> {
  return {
    is_ipv4: () => address.length === 4,
    is_ipv6: () => address.length === 16,
    string: () => showAddress(address),
  };
}

function networkFields({ network, bits }: Network): Record<string, () => Value> {
  return {
    addr: () => new IpValue("ip.addr", addressFields(network)),
    string: () => `${showAddress(network)}/${bits}`,
  };
}
