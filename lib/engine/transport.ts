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
  connect(): Promise<Deno.Conn>;
}

/**
 * Opens the way to an engine. Nothing is sent yet, except that ssh connects.
 *
 * Permissions: `--allow-net=localhost,unix:PATH`, `--allow-read=PATH`, `--allow-write=PATH` for a
 * socket; `--allow-net=HOST:PORT` for TCP; in addition `--allow-run=ssh` and a temporary directory
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
  // A proxy of the environment must not stand between us and an engine, so the client is our own.
  const material = {
    ...(tls?.ca === undefined ? {} : { caCerts: [tls.ca] }),
    ...(tls?.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
  };
  const httpClient = Deno.createHttpClient(material);
  return {
    baseUrl: `${tls === undefined ? "http" : "https"}://${authority}`,
    hostHeader: authority,
    httpClient,
    connect: () =>
      tls === undefined
        ? Deno.connect({ hostname, port })
        : Deno.connectTls({ hostname, port, ...material }),
    [Symbol.asyncDispose]: () => Promise.resolve(httpClient.close()),
  };
}

async function sshTransport(endpoint: SshEndpoint, signal?: AbortSignal): Promise<Transport> {
  const tunnel = await openSshTunnel(endpoint, signal);
  const inner = unixTransport(tunnel.socketPath);
  return {
    ...inner,
    [Symbol.asyncDispose]: async () => {
      await inner[Symbol.asyncDispose]();
      await tunnel[Symbol.asyncDispose]();
    },
  };
}
