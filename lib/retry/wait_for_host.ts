import { stackUnlessAborted } from "../errors/mod.ts";
import { abortable } from "./abortable.ts";
import { Deadline } from "./deadline.ts";
import { parseHostPort } from "./host_port.ts";
import { waitForOk, type WaitForOkOptions } from "./wait_for_ok.ts";

/**
 * Waits until a host name can be resolved, as the system does it: hosts file first, then DNS.
 *
 * Permissions: `--allow-net` for the host.
 *
 * @param address `host:port`; the port is handed through.
 * @param options How often and how long; by default a refused permission is not retried.
 * @returns Every address of the host, in the system's order, at least one.
 * @throws {StackedError} as {@linkcode waitForOk} does.
 * @throws {TypeError} when the address is malformed.
 */
export async function waitForLookupHost(
  address: string,
  options: WaitForOkOptions,
): Promise<readonly Deno.NetAddr[]> {
  const { hostname, port } = parseHostPort(address);
  // Deno.resolveDns() asks name servers only and knows neither "localhost" nor the hosts file.
  const { lookup } = await import("node:dns/promises");
  const look = async (signal: AbortSignal) => {
    const found = await abortable(lookup(hostname, { all: true }), signal);
    if (found.length === 0) throw new Error(`${JSON.stringify(hostname)} has no address`);
    return found.map((entry) => ({ transport: "tcp" as const, hostname: entry.address, port }));
  };
  return await stackUnlessAborted(
    `waitForLookupHost(address: ${JSON.stringify(address)})`,
    () => waitForOk({ isRetryable, ...options }, look),
    options.signal,
  );
}

/** How {@linkcode waitForTcpConnect} tries. */
export interface WaitForTcpConnectOptions extends WaitForOkOptions {
  /** The limit for one try; an address that drops packets hangs for minutes. Default: none. */
  readonly attemptTimeoutMs?: number;
}

/**
 * Waits until a TCP connection can be made. Each try resolves the name anew and goes through all
 * its addresses, IPv6 and IPv4 in turn (RFC 8305).
 *
 * Permissions: `--allow-net` for the host.
 *
 * @param address `host:port`.
 * @param options How often and how long; by default a refused permission is not retried.
 * @returns The connection.
 * @throws {StackedError} as {@linkcode waitForOk} does.
 * @throws {TypeError} when the address is malformed.
 */
export async function waitForTcpConnect(
  address: string,
  options: WaitForTcpConnectOptions,
): Promise<Deno.TcpConn> {
  const { hostname, port } = parseHostPort(address);
  const connect = async (signal: AbortSignal) => {
    using attempt = Deadline.after(options.attemptTimeoutMs, {
      signal,
      what: `connect ${address}`,
    });
    const connection = await Deno.connect({ hostname, port, signal: attempt.signal });
    if (!attempt.signal.aborted) return connection;
    connection.close(); // nobody is waiting for it any more
    throw attempt.signal.reason;
  };
  return await stackUnlessAborted(
    `waitForTcpConnect(address: ${JSON.stringify(address)})`,
    () => waitForOk({ isRetryable, ...options }, connect),
    options.signal,
  );
}

// node:dns reports a refused permission as EPERM, the Deno functions as NotCapable.
function isRetryable(error: unknown): boolean {
  return !(error instanceof Deno.errors.NotCapable) &&
    (error as { code?: unknown }).code !== "EPERM";
}
