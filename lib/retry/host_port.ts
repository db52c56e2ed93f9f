/** The two halves of `host:port`. */
export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly hostname: string;
  /** From 0 to 65535. */
  readonly port: number;
}

/**
 * Takes `host:port` apart; an IPv6 address stands in brackets: `[::1]:26000`.
 *
 * @param text The text.
 * @returns Host name and port.
 * @throws {TypeError} when the text is not of that form or the port is out of range.
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (hostname === undefined || !(port <= 65535)) {
    const shown = JSON.stringify(text.slice(0, 200));
    throw new TypeError(
      `Cannot use ${shown} as an address: it must be "host:port" or "[IPv6]:port", ` +
        "with a port from 0 to 65535",
    );
  }
  return { hostname, port };
}
