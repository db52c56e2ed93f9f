/** The parts of a published port as it was written; none of them is checked. */
export interface PortParts {
  /** Address of the host. */
  readonly hostIp?: string;
  /** Port or range of the host. */
  readonly published?: string;
  /** Port or range inside. */
  readonly target: string;
  /** For example `udp`. */
  readonly protocol?: string;
}

/** Takes `[[ip:]published:]target[/protocol]` apart. */
export function portParts(text: string): PortParts {
  const slash = text.indexOf("/");
  const protocol = slash === -1 ? {} : { protocol: text.slice(slash + 1) };
  const rest = slash === -1 ? text : text.slice(0, slash);
  const last = rest.lastIndexOf(":");
  if (last === -1) return { target: rest, ...protocol };
  const target = rest.slice(last + 1);
  const before = rest.slice(0, last);
  const colon = before.lastIndexOf(":");
  // "[::1]::80" and "127.0.0.1::80" have an address and let the engine choose the port.
  if (colon === -1 || before.endsWith("]")) {
    return before.startsWith("[")
      ? { hostIp: before.replace(/^\[|\]$/g, ""), target, ...protocol }
      : { published: before, target, ...protocol };
  }
  const published = before.slice(colon + 1);
  return {
    hostIp: before.slice(0, colon).replace(/^\[|\]$/g, ""),
    ...(published === "" ? {} : { published }),
    target,
    ...protocol,
  };
}
