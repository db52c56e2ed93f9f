import { type CredentialResolver, dockerCredentials } from "../registry/mod.ts";
import { EngineClient, type OpenEngineOptions } from "./client.ts";
import { readContextEndpoint, readDockerConfig, readTls } from "./docker_config.ts";
import {
  type EngineEndpoint,
  formatEndpoint,
  parseEngineHost,
  withoutPassword,
} from "./endpoint.ts";
import { errorMessage, TimeoutError } from "../errors/mod.ts";
import { EngineConnectionError } from "./errors.ts";
import { ensuredSocketPath, type ReadEnv } from "./state.ts";

/** One place where an engine may be. */
export interface EngineCandidate {
  /** What led there, for example `DOCKER_HOST` or `usual socket`. */
  readonly source: string;
  /** The place, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** The place; absent where the value could not be understood. */
  readonly endpoint?: EngineEndpoint;
  /** Why the value could not be understood. */
  readonly problem?: string;
  /** Whether the user named it; then nothing else is tried. */
  readonly explicit: boolean;
}

/** Why one candidate is not the engine. */
export interface FailedCandidate extends EngineCandidate {
  /** One line. */
  readonly reason: string;
  /** What was thrown. */
  readonly cause: unknown;
}

/** No engine answered. */
export class EngineUnreachableError extends Error {
  /** The name of the class. */
  override readonly name: string = "EngineUnreachableError";
  /** What was tried, in order, and why each is not the engine. */
  readonly candidates: readonly FailedCandidate[];

  /** Makes the message from the candidates. */
  constructor(candidates: readonly FailedCandidate[]) {
    const explicit = candidates.some((candidate) => candidate.explicit);
    const lines = candidates.map(({ source, host, reason }) =>
      `\n  ${host} (${source}): ${reason}`
    );
    const hint = explicit
      ? `\nAn engine that is named explicitly is never replaced by another one`
      : `\nStart one with: superorch engine ensure`;
    super(`Cannot find a container engine, tried:${lines.join("")}${hint}`);
    this.candidates = candidates;
  }
}

/** How an engine is looked for. */
export interface ConnectOptions {
  /** Use this one, as `DOCKER_HOST` has it, and look for no other. */
  readonly host?: string;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** What pulls, pushes and builds show to registries. Default: what `docker login` keeps. */
  readonly credentials?: CredentialResolver;
  /** Ends the search; the only bound for tcp and ssh. */
  readonly signal?: AbortSignal;
}

/** A local socket that accepts and then says nothing for this long is not an engine. */
const LOCAL_PROBE_MS = 1500;

/**
 * Finds the engine that the `docker` command would use, and connects to it.
 *
 * Order: `host`; `DOCKER_HOST` (with `DOCKER_TLS_VERIFY` or `DOCKER_CERT_PATH` for TLS);
 * `DOCKER_CONTEXT`, else the current context; the usual sockets of Docker, rootless Docker, Docker
 * Desktop, colima, OrbStack, Rancher Desktop and podman; the engine that `superorch engine ensure`
 * started. One that is named explicitly and fails is an error and never replaced.
 *
 * Permissions: `--allow-env`, `--allow-read` and `--allow-write` of the socket and the docker
 * configuration, `--allow-net=localhost,unix:PATH`.
 *
 * @param options Where to look.
 * @returns A client; dispose it to close its connections.
 * @throws {EngineUnreachableError} when nothing answers; lists every candidate with its reason.
 */
export async function connectEngine(options: ConnectOptions = {}): Promise<EngineClient> {
  const env = options.env ?? Deno.env.get;
  const apiVersion = env("DOCKER_API_VERSION") || undefined;
  const candidates = await engineCandidates(options);
  options.signal?.throwIfAborted();
  // All are asked at once, and the first in order wins.
  const rest = new AbortController();
  using _forwarding = forwardAbort(options.signal, rest);
  const open = { apiVersion, credentials: options.credentials ?? dockerCredentials({ env }) };
  const attempts = candidates.map((candidate) => probe(candidate, open, rest.signal));
  const failed: FailedCandidate[] = [];
  for (const [index, attempt] of attempts.entries()) {
    const result = await attempt;
    if (!(result instanceof EngineClient)) {
      failed.push(result);
      continue;
    }
    // A silent socket further down the list is not waited for.
    rest.abort();
    const others = await Promise.all(attempts.slice(index + 1));
    for (const other of others) {
      if (other instanceof EngineClient) await other[Symbol.asyncDispose]();
    }
    if (options.signal?.aborted) {
      await result[Symbol.asyncDispose]();
      throw options.signal.reason;
    }
    return result;
  }
  options.signal?.throwIfAborted();
  throw new EngineUnreachableError(failed);
}

/**
 * Lists where an engine may be, in the order in which they are tried.
 *
 * @param options Where to look.
 * @returns One candidate when the user named one, else all usual places.
 */
export async function engineCandidates(
  options: ConnectOptions = {},
): Promise<readonly EngineCandidate[]> {
  const env = options.env ?? Deno.env.get;
  if (options.host !== undefined) return [parseCandidate("given", options.host)];
  const dockerHost = env("DOCKER_HOST");
  if (dockerHost) {
    try {
      return [parseCandidate("DOCKER_HOST", dockerHost, await tlsFromEnv(env))];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return [{
        source: "DOCKER_HOST",
        host: withoutPassword(dockerHost),
        problem: error.message,
        explicit: true,
      }];
    }
  }
  const context = await contextCandidate(env);
  return context === undefined ? usualCandidates(env) : [context];
}

async function contextCandidate(env: ReadEnv): Promise<EngineCandidate | undefined> {
  const named = env("DOCKER_CONTEXT") || undefined;
  let source = named === undefined ? "current docker context" : `DOCKER_CONTEXT`;
  try {
    const config = await readDockerConfig(env);
    const name = named ?? config?.currentContext;
    if (name === undefined || name === "default") return undefined;
    source = `${source} "${name}"`;
    if (config === undefined) {
      throw new TypeError(
        `Cannot use docker context "${name}": neither DOCKER_CONFIG nor HOME is set`,
      );
    }
    const endpoint = await readContextEndpoint(config, name);
    return { source, host: formatEndpoint(endpoint), endpoint, explicit: true };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { source, host: named ?? "?", problem: error.message, explicit: true };
  }
}

function usualCandidates(env: ReadEnv): readonly EngineCandidate[] {
  const home = env("HOME");
  const runtime = env("XDG_RUNTIME_DIR");
  const sockets: (readonly [string, string])[] = [["usual socket", "/var/run/docker.sock"]];
  if (runtime) sockets.push(["rootless Docker", `${runtime}/docker.sock`]);
  if (home) {
    sockets.push(
      ["Docker Desktop", `${home}/.docker/run/docker.sock`],
      ["Docker Desktop", `${home}/.docker/desktop/docker.sock`],
      ["colima", `${home}/.colima/default/docker.sock`],
      ["OrbStack", `${home}/.orbstack/run/docker.sock`],
      ["Rancher Desktop", `${home}/.rd/docker.sock`],
    );
  }
  if (runtime) sockets.push(["podman", `${runtime}/podman/podman.sock`]);
  sockets.push(["podman", "/run/podman/podman.sock"]);
  if (home) {
    sockets.push(["podman", `${home}/.local/share/containers/podman/machine/podman.sock`]);
  }
  if (home || env("XDG_STATE_HOME")) {
    sockets.push(["superorch engine ensure", ensuredSocketPath(env)]);
  }
  return sockets.map(([source, path]) => ({
    ...parseCandidate(source, `unix://${path}`),
    explicit: false,
  }));
}

function parseCandidate(
  source: string,
  host: string,
  tls?: Parameters<typeof parseEngineHost>[1],
): EngineCandidate {
  try {
    const endpoint = parseEngineHost(host, tls);
    return { source, host: formatEndpoint(endpoint), endpoint, explicit: true };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { source, host: withoutPassword(host), problem: error.message, explicit: true };
  }
}

// The docker command uses TLS when DOCKER_TLS_VERIFY is set to anything, with the certificates of
// DOCKER_CERT_PATH or its configuration directory. DOCKER_CERT_PATH alone counts here too: nobody
// sets it to talk in the clear.
async function tlsFromEnv(env: ReadEnv): Promise<Parameters<typeof parseEngineHost>[1]> {
  const given = env("DOCKER_CERT_PATH") || undefined;
  if (given === undefined && !env("DOCKER_TLS_VERIFY")) return undefined;
  const directory = given ?? (await readDockerConfig(env))?.directory;
  const tls = directory === undefined ? undefined : await readTls(directory);
  if (given !== undefined && tls === undefined) {
    throw new TypeError(
      `Cannot use DOCKER_CERT_PATH ${JSON.stringify(given)}: ` +
        `it holds none of ca.pem, cert.pem and key.pem`,
    );
  }
  return tls ?? {};
}

async function probe(
  candidate: EngineCandidate,
  open: Pick<OpenEngineOptions, "apiVersion" | "credentials">,
  signal: AbortSignal,
): Promise<EngineClient | FailedCandidate> {
  const { endpoint, problem } = candidate;
  if (endpoint === undefined) {
    return { ...candidate, reason: problem ?? "it cannot be understood", cause: undefined };
  }
  // A timer of our own: that of AbortSignal.timeout() would outlive the probe.
  const bound = new AbortController();
  using _forwarding = forwardAbort(signal, bound);
  const timer = endpoint.kind !== "unix" ? undefined : setTimeout(
    () => bound.abort(new TimeoutError(`no answer within ${LOCAL_PROBE_MS} ms`)),
    LOCAL_PROBE_MS,
  );
  try {
    return await EngineClient.open(endpoint, {
      ...open,
      signal: bound.signal,
    });
  } catch (cause) {
    return { ...candidate, reason: reasonOf(cause), cause };
  } finally {
    clearTimeout(timer);
  }
}

// Not AbortSignal.any(): Deno 2.9 holds what it makes weakly, and after a garbage collection the
// abort no longer arrives.
function forwardAbort(from: AbortSignal | undefined, to: AbortController): Disposable {
  const forward = () => to.abort(from?.reason);
  if (from?.aborted) forward();
  from?.addEventListener("abort", forward, { once: true });
  return { [Symbol.dispose]: () => from?.removeEventListener("abort", forward) };
}

function reasonOf(cause: unknown): string {
  if (cause instanceof EngineConnectionError) return cause.reason;
  return errorMessage(cause);
}
