import type { EngineEndpoint, SshEndpoint, TcpEndpoint } from "./endpoint.ts";
import { openSshTunnel } from "./ssh_tunnel.ts";

/** A way to reach one engine: HTTP calls, and raw connections for what HTTP cannot carry. */
export interface Transport extends AsyncDisposable {
  /** Base of every URL, without a slash at the end. */
  readonly baseUrl: string;
  /** The `Host` header for raw connections. */
  readonly hostHeader: string;
  /** The client that `fetch` needs to get there; `undefined`: the default one. */
  readonly httpClient: Deno.HttpClient | undefined;
  /** Opens a raw connection. */
  connect(signal?: AbortSignal): Promise<Deno.Conn>;
  /** Why connections fail, where the way itself knows it better than the connection. */
  explain?(): Promise<string | undefined>;
}

/**
 * Opens the way to an engine. Nothing is sent yet, except that ssh connects.
 *
 * Permissions: `--allow-net=localhost,unix:PATH`, `--allow-read=PATH`, `--allow-write=PATH` for a
 * socket; `--allow-net=HOST:PORT` for TCP; in addition `--allow-run=sh,ssh` and a temporary directory
 * for ssh.
 *
 * @param endpoint Where the engine listens.
 * @param signal Ends the attempt (ssh takes as long as its own connection).
 * @returns The transport; dispose it to close its connections.
 */
export async function openTransport(
  endpoint: EngineEndpoint,
  signal?: AbortSignal,
): Promise<Transport> {
  switch (endpoint.kind) {
    case "unix":
      return unixTransport(endpoint.path);
    case "tcp":
      return tcpTransport(endpoint);
    case "ssh":
      return await sshTransport(endpoint, signal);
  }
}

function unixTransport(path: string): Transport {
  const httpClient = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return {
    baseUrl: "http://localhost",
    hostHeader: "localhost",
    httpClient,
    connect: () => Deno.connect({ transport: "unix", path }),
    [Symbol.asyncDispose]: () => Promise.resolve(httpClient.close()),
  };
}

function tcpTransport(endpoint: TcpEndpoint): Transport {
  const { hostname, port, tls } = endpoint;
  const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const material = {
    ...(tls?.ca === undefined ? {} : { caCerts: [tls.ca] }),
    ...(tls?.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
  };
  const httpClient = Deno.createHttpClient(
    // Deno takes HTTP_PROXY from the environment, which raw connections would not go through. Its
    // own way to say "straight there" carries no TLS, so with TLS HTTPS_PROXY and NO_PROXY count.
    tls === undefined ? { proxy: { transport: "tcp", hostname, port } } : material,
  );
  return {
    baseUrl: `${tls === undefined ? "http" : "https"}://${authority}`,
    hostHeader: authority,
    httpClient,
    connect: (signal) =>
      tls === undefined
        ? Deno.connect({ hostname, port, signal })
        : abortableConnection(Deno.connectTls({ hostname, port, ...material }), signal),
    [Symbol.asyncDispose]: () => Promise.resolve(httpClient.close()),
  };
}

// Deno.connectTls takes no signal; a connection that comes too late is closed.
function abortableConnection<C extends Deno.Conn>(
  connecting: Promise<C>,
  signal: AbortSignal | undefined,
): Promise<C> {
  if (signal === undefined) return connecting;
  const { promise, resolve, reject } = Promise.withResolvers<C>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  connecting.then((connection) => {
    signal.removeEventListener("abort", abort);
    if (signal.aborted) connection.close();
    else resolve(connection);
  }, reject);
  return promise;
}

async function sshTransport(endpoint: SshEndpoint, signal?: AbortSignal): Promise<Transport> {
  const tunnel = await openSshTunnel(endpoint, signal);
  const inner = unixTransport(tunnel.socketPath);
  return {
    ...inner,
    explain: () => tunnel.explain(),
    [Symbol.asyncDispose]: async () => {
      await inner[Symbol.asyncDispose]();
      await tunnel[Symbol.asyncDispose]();
    },
  };
}
