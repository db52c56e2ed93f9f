import {
  type ContainerInspect,
  ContainerNotFoundError,
  EngineApiError,
  type EngineClient,
  ProgramNotFoundError,
} from "../engine/mod.ts";
import { type HttpAnswer, httpGet } from "./_http_get.ts";
import { isTimeout } from "../errors/mod.ts";
import { withTimeout } from "../retry/mod.ts";
import type { HttpCondition } from "./conditions.ts";
import { ContainerNode } from "./container_node.ts";
import { execInContainer } from "./exec.ts";
import type { GraphNode } from "./node.ts";

/** One attempt may take this long; a program that accepts and does not answer is not ready. */
const ATTEMPT_MS = 2_000;

/** An address of this machine answers, if only with a refusal, within a millisecond when idle. */
const ROUTE_MS = 1_000;

/** The engine's proxy closes again within a millisecond when idle; a loaded machine is slower. */
const PROXY_MS = 200;

/** Where a port of a node can be reached from here. */
export interface ReachableAddress {
  /** Address. */
  readonly hostname: string;
  /** Port. */
  readonly port: number;
  /**
   * Whether something else may accept in its place: the engine's proxy for published ports accepts
   * before the program listens.
   */
  readonly proxied: boolean;
}

/** Finds out where a port can be reached; `undefined` while its container does not run. */
export type AddressFinder = (signal: AbortSignal) => Promise<ReachableAddress | undefined>;

/**
 * Makes a finder of where a port of a node can be reached from this machine. It asks the engine
 * once, and again after anything happened to the container: asking costs more than a connection.
 *
 * The container's own address is asked first, where this machine shares a kernel with the engine:
 * nothing accepts there but the program itself. Else the published port is.
 *
 * @returns The finder; it throws a TypeError when the port cannot be reached at all.
 */
export function addressFinder(node: GraphNode, port: number, engine: EngineClient): AddressFinder {
  let known: ReachableAddress | undefined;
  let knownAt = -1;
  return async (signal) => {
    const at = node.status.timeline.length;
    if (at !== knownAt) {
      known = await findAddress(node, port, engine, signal);
      if (known !== undefined) knownAt = at;
    }
    return known;
  };
}

async function findAddress(
  node: GraphNode,
  port: number,
  engine: EngineClient,
  signal: AbortSignal,
): Promise<ReachableAddress | undefined> {
  if (!(node instanceof ContainerNode)) return { hostname: "127.0.0.1", port, proxied: false };
  const inspect = await inspectIfThere(node, engine, signal);
  if (inspect === undefined || !inspect.State.Running) return undefined;
  const { NetworkSettings } = inspect;
  const addresses = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress)
    .filter((address) => address !== "");
  const local = engine.endpoint.kind === "unix" && Deno.build.os === "linux";
  const published = NetworkSettings.Ports?.[`${port}/tcp`]?.[0];
  if (local && addresses[0] !== undefined && await routes(addresses[0], port, signal)) {
    return { hostname: addresses[0], port, proxied: false };
  }
  if (published === undefined) {
    throw new TypeError(
      `Cannot reach port ${port} of "${node.spec.name}" from this machine: publish it, or wait ` +
        `with { exec: … } instead`,
    );
  }
  const anywhere = published.HostIp === "0.0.0.0" || published.HostIp === "::";
  return {
    hostname: anywhere ? "127.0.0.1" : published.HostIp,
    port: Number(published.HostPort),
    proxied: true,
  };
}

async function inspectIfThere(
  node: ContainerNode,
  engine: EngineClient,
  signal: AbortSignal,
): Promise<ContainerInspect | undefined> {
  if (node.id === undefined) return undefined; // it is just being removed
  try {
    return await engine.containers.inspect(node.id, { signal });
  } catch (error) {
    if (error instanceof ContainerNotFoundError) return undefined;
    throw error;
  }
}

// A refusal is an answer too; only silence and "no route" mean that the address leads nowhere (an
// engine in another network namespace or virtual machine).
async function routes(hostname: string, port: number, signal: AbortSignal): Promise<boolean> {
  try {
    (await connect(hostname, port, ROUTE_MS, signal)).close();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

/** Tells whether something accepts connections on a port. */
export async function portAccepts(find: AddressFinder, signal: AbortSignal): Promise<boolean> {
  const address = await find(signal);
  if (address === undefined) return false;
  try {
    using connection = await connect(address.hostname, address.port, ATTEMPT_MS, signal);
    return !address.proxied || await staysOpen(connection);
  } catch (error) {
    signal.throwIfAborted();
    if (isConnectionFailure(error)) return false;
    throw error;
  }
}

// The proxy accepts, fails to reach the program and closes again, all within a millisecond.
async function staysOpen(connection: Deno.Conn): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const quiet = new Promise<"open">((resolve) =>
    timer = setTimeout(() => resolve("open"), PROXY_MS)
  );
  const read = connection.read(new Uint8Array(1)).catch(() => null);
  const first = await Promise.race([read, quiet]);
  clearTimeout(timer);
  return first === "open" || first !== null;
}

/** Tells whether a request is answered as wanted. */
export async function httpAnswers(
  find: AddressFinder,
  wanted: HttpCondition["http"],
  signal: AbortSignal,
): Promise<boolean> {
  const address = await find(signal);
  if (address === undefined) return false;
  const { hostname, port } = address;
  const path = wanted.path ?? "/";
  const ask = wanted.tls === true
    ? (signal: AbortSignal) => httpsGet(hostname, port, path, signal)
    : (signal: AbortSignal) => httpGet(hostname, port, path, signal);
  try {
    const answer = await withTimeout(ask, ATTEMPT_MS, { signal });
    const { status } = wanted;
    const statusFits = status === undefined
      ? answer.status >= 200 && answer.status < 400
      : [status].flat().includes(answer.status);
    return statusFits && (wanted.body === undefined || new RegExp(wanted.body).test(answer.body));
  } catch {
    signal.throwIfAborted();
    return false; // refused, reset, or no HTTP yet: all of it is "not ready"
  }
}

// With TLS, HTTPS_PROXY and NO_PROXY count, and the certificate is checked.
async function httpsGet(
  hostname: string,
  port: number,
  path: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const url = `https://${host}:${port}${path}`;
  const response = await fetch(url, { signal, redirect: "manual" });
  return { status: response.status, body: await response.text() };
}

/** Tells whether a program in the container ends with exit code 0. */
export async function programSucceeds(
  node: GraphNode,
  command: readonly string[],
  engine: EngineClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(node instanceof ContainerNode)) {
    throw new TypeError(`Cannot wait for a program in "${node.spec.name}": it is no container`);
  }
  if (node.id === undefined) return false; // it is just being removed
  try {
    const { exitCode } = await execInContainer(engine, node.id, command, { signal });
    return exitCode === 0;
  } catch (error) {
    if (await isEndOfContainer(node, error, engine, signal)) return false;
    throw error;
  }
}

/** Tells whether a file or directory exists. */
export async function fileExists(
  node: GraphNode,
  path: string,
  engine: EngineClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(node instanceof ContainerNode)) {
    return await Deno.stat(path).then(() => true, isStillMissing);
  }
  if (node.id === undefined) return false; // it is just being removed
  try {
    const status = await engine.status({
      method: "HEAD",
      path: `/containers/${node.id}/archive`,
      query: { path },
      accept: [404],
      signal,
    });
    return status !== 404;
  } catch (error) {
    if (await isEndOfContainer(node, error, engine, signal)) return false;
    throw error;
  }
}

function isStillMissing(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound) return false;
  throw error;
}

// A container that ends between two probes: the wait itself notices and says so. One that ends while
// a program is being put into it gives whatever the runtime stumbles over first.
async function isEndOfContainer(
  node: ContainerNode,
  error: unknown,
  engine: EngineClient,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(error instanceof EngineApiError) || error instanceof ProgramNotFoundError) return false;
  if (error instanceof ContainerNotFoundError || error.status === 409) return true;
  return (await inspectIfThere(node, engine, signal))?.State.Running !== true;
}

async function connect(
  hostname: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  let late = false;
  const connecting = (signal: AbortSignal) =>
    Deno.connect({ hostname, port, signal }).then((connection) => {
      if (late) connection.close();
      return connection;
    });
  try {
    // Not AbortSignal.any(): Deno 2.9 holds it weakly, and without it a lost packet is a minute.
    return await withTimeout(connecting, timeoutMs, { signal });
  } catch (error) {
    late = true;
    throw error;
  }
}

function isConnectionFailure(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.TimedOut ||
    isTimeout(error) || error instanceof DOMException ||
    error instanceof Error && /unreachable|No route/i.test(error.message);
}
