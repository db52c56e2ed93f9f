/** Where an engine listens, and how to get there. */
export type EngineEndpoint = UnixEndpoint | TcpEndpoint | SshEndpoint;

/** A unix-domain socket on this machine. */
export interface UnixEndpoint {
  /** Tells the kinds apart. */
  readonly kind: "unix";
  /** Absolute path of the socket, at most 107 bytes. */
  readonly path: string;
}

/** A TCP port, plain or with TLS. */
export interface TcpEndpoint {
  /** Tells the kinds apart. */
  readonly kind: "tcp";
  /** Host name or address, without brackets. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
  /** Certificates; absent for plain TCP. */
  readonly tls?: TlsMaterial;
}

/** PEM texts for a TLS connection to an engine. */
export interface TlsMaterial {
  /** Certificate authority that signed the engine's certificate; absent: the system's. */
  readonly ca?: string;
  /** Client certificate. */
  readonly cert?: string;
  /** Key of the client certificate. */
  readonly key?: string;
}

/** A socket on another machine, reached through one `ssh` process. */
export interface SshEndpoint {
  /** Tells the kinds apart. */
  readonly kind: "ssh";
  /** Host name, address or an alias of the user's ssh configuration. */
  readonly hostname: string;
  /** TCP port; absent: what the ssh configuration says. */
  readonly port?: number;
  /** Login name; absent: what the ssh configuration says. */
  readonly user?: string;
  /** Path of the engine's socket over there. Default `/var/run/docker.sock`. */
  readonly remotePath: string;
}

/** A socket path is kept in a field of 108 bytes with a final zero (`man 7 unix`). */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Reads a `DOCKER_HOST` value.
 *
 * @param host `unix:///path`, `tcp://host:port`, `http(s)://host:port` or `ssh://[user@]host[:port][/path]`.
 * @param tls Certificates for `tcp://` and `https://`; without them `tcp://` is plain.
 * @returns The endpoint.
 * @throws {TypeError} when the value is none of these, or names a Windows named pipe.
 */
export function parseEngineHost(host: string, tls?: TlsMaterial): EngineEndpoint {
  host = host.trim();
  const match = /^([a-z]+):\/\/(.*)$/.exec(host);
  if (match === null) {
    throw new TypeError(
      `Cannot use engine host "${
        withoutPassword(host)
      }": it must start with unix://, tcp://, http://, https:// or ssh://`,
    );
  }
  const [, scheme = "", rest = ""] = match;
  switch (scheme) {
    case "unix":
      return unixEndpoint(rest);
    case "npipe":
      throw new TypeError(
        `Cannot use engine host "${
          withoutPassword(host)
        }": Deno cannot open a Windows named pipe; let the engine ` +
          `listen on tcp://127.0.0.1:2375 and set DOCKER_HOST to that, or run this inside WSL`,
      );
    case "ssh":
      return sshEndpoint(host);
    case "tcp":
    case "http":
    case "https":
      return tcpEndpoint(host, scheme, rest, tls);
    default:
      throw new TypeError(
        `Cannot use engine host "${
          withoutPassword(host)
        }": "${scheme}" is not one of unix, tcp, http, https, ssh`,
      );
  }
}

/**
 * Writes an endpoint the way `DOCKER_HOST` has it.
 *
 * @param endpoint Any endpoint.
 * @returns For example `unix:///var/run/docker.sock`.
 */
export function formatEndpoint(endpoint: EngineEndpoint): string {
  switch (endpoint.kind) {
    case "unix":
      return `unix://${endpoint.path}`;
    case "tcp":
      return `tcp://${bracketed(endpoint.hostname)}:${endpoint.port}`;
    case "ssh": {
      const user = endpoint.user === undefined ? "" : `${endpoint.user}@`;
      const port = endpoint.port === undefined ? "" : `:${endpoint.port}`;
      const path = endpoint.remotePath === DEFAULT_REMOTE_PATH ? "" : endpoint.remotePath;
      return `ssh://${user}${bracketed(endpoint.hostname)}${port}${path}`;
    }
  }
}

const DEFAULT_REMOTE_PATH = "/var/run/docker.sock";

function unixEndpoint(path: string): UnixEndpoint {
  if (!path.startsWith("/")) {
    throw new TypeError(`Cannot use engine socket "${path}": the path must be absolute`);
  }
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new TypeError(
      `Cannot use engine socket "${path}": a socket path holds at most ${MAX_SOCKET_PATH_BYTES} ` +
        `bytes, this one has ${bytes}`,
    );
  }
  return { kind: "unix", path };
}

function tcpEndpoint(
  host: string,
  scheme: string,
  rest: string,
  tls: TlsMaterial | undefined,
): TcpEndpoint {
  const url = parseUrl(host, `http://${rest}`);
  const further = url.search + url.hash + url.username + url.password;
  if (url.pathname !== "/" || further !== "") {
    throw new TypeError(
      `Cannot use engine host "${
        withoutPassword(host)
      }": only a host and a port may follow ${scheme}://`,
    );
  }
  const secure = scheme === "https" ? tls ?? {} : scheme === "tcp" ? tls : undefined;
  // `new URL("http://h:80")` drops the port; the text keeps it.
  const explicit = /:(\d+)\/?$/.exec(rest)?.[1];
  if (explicit !== undefined && Number(explicit) === 0) {
    throw new TypeError(
      `Cannot use engine host "${withoutPassword(host)}": port 0 is no port to connect to`,
    );
  }
  return {
    kind: "tcp",
    hostname: unbracketed(url.hostname),
    port: explicit !== undefined ? Number(explicit) : secure === undefined ? 2375 : 2376,
    ...(secure === undefined ? {} : { tls: secure }),
  };
}

function sshEndpoint(host: string): SshEndpoint {
  const url = parseUrl(host, host.replace(/^ssh:/, "http:"));
  if (url.password !== "") {
    throw new TypeError(
      `Cannot use an engine host with a password: ssh asks for it itself, or use a key`,
    );
  }
  const explicit = /^ssh:\/\/[^/]*:(\d+)(?:\/|$)/.exec(host)?.[1];
  const remotePath = url.pathname === "/" ? DEFAULT_REMOTE_PATH : decoded(host, url.pathname);
  // ssh splits the words of -L at colons.
  if (remotePath.includes(":")) {
    throw new TypeError(
      `Cannot use engine host "${withoutPassword(host)}": the path must have no colon`,
    );
  }
  return {
    kind: "ssh",
    hostname: unbracketed(url.hostname),
    remotePath,
    ...(explicit === undefined ? {} : { port: Number(explicit) }),
    ...(url.username === "" ? {} : { user: decoded(host, url.username) }),
  };
}

function parseUrl(host: string, text: string): URL {
  try {
    const url = new URL(text);
    // An option-like name would reach ssh's command line as an option.
    if (url.hostname === "" || url.hostname.startsWith("-") || url.username.startsWith("-")) {
      throw new TypeError("no host");
    }
    return url;
  } catch {
    throw new TypeError(
      `Cannot use engine host "${withoutPassword(host)}": host or port is not valid`,
    );
  }
}

/** Hides the password of a value that names one. */
export function withoutPassword(host: string): string {
  return host.replace(/^(\w+:\/\/[^/@]*?):[^/@]*@/, "$1:***@");
}

function decoded(host: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(
      `Cannot use engine host "${withoutPassword(host)}": a percent sign begins no character`,
    );
  }
}

function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
