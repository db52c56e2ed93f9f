import { CredentialHelper } from "./credential_helper.ts";
import { type DockerAuthConfig, readAuthConfigs } from "./_auth_config.ts";
import { keyOf } from "./_server.ts";

/** What opens a registry, spelled as the Engine API has it. */
export interface RegistryCredential {
  /** User name. */
  readonly username?: string;
  /** Password. */
  readonly password?: string;
  /** A refresh token instead of a password. */
  readonly identitytoken?: string;
  /** A bearer token for the registry itself. */
  readonly registrytoken?: string;
  /** The registry. */
  readonly serveraddress: string;
}

/** Finds what opens a registry. */
export interface CredentialResolver {
  /**
   * Finds the credentials of one registry.
   *
   * @param registry Host and port, or `docker.io`.
   * @returns `undefined` when there are none.
   */
  get(
    registry: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<RegistryCredential | undefined>;
  /**
   * Finds all credentials, for a build that may pull from anywhere.
   *
   * @returns By server address.
   */
  all(
    options?: { readonly signal?: AbortSignal },
  ): Promise<Readonly<Record<string, RegistryCredential>>>;
}

/** Where credentials are looked for. */
export interface DockerCredentialsOptions {
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: (name: string) => string | undefined;
}

/** The key that the docker command keeps Docker Hub's credentials under. */
const HUB_SERVER = "https://index.docker.io/v1/";

/**
 * The credentials that `docker login` keeps.
 *
 * Looked for in `DOCKER_AUTH_CONFIG` (JSON with `auths`), then `config.json` of `$DOCKER_CONFIG` or
 * `~/.docker`: `credHelpers` of the registry, else `credsStore`, then `auths`. Files are read anew
 * each time, since a login may happen while a program runs.
 *
 * Permissions: `--allow-env`, `--allow-read` of the configuration, `--allow-run` of the helpers.
 *
 * @param options Where to look.
 * @returns The resolver; `get` throws {@linkcode CredentialHelperError} when a helper fails, and a
 * `TypeError` when a configuration cannot be understood.
 */
export function dockerCredentials(options: DockerCredentialsOptions = {}): CredentialResolver {
  const env = options.env ?? Deno.env.get;
  return {
    async get(registry, { signal } = {}) {
      const server = serverOf(registry);
      for (const config of await readAuthConfigs(env)) {
        const found = await fromHelper(config, server, env, signal) ??
          config.auths.get(keyOf(server));
        if (found !== undefined) return { ...found, serveraddress: server };
      }
      return undefined;
    },
    async all({ signal } = {}) {
      const all: Record<string, RegistryCredential> = {};
      for (const config of (await readAuthConfigs(env)).toReversed()) {
        for (const [key, auth] of config.auths) {
          const server = serverOf(key);
          all[server] = { ...auth, serveraddress: server };
        }
        for (const server of await helperServers(config, env, signal)) {
          const found = await fromHelper(config, server, env, signal).catch(() => undefined);
          if (found !== undefined) all[server] = { ...found, serveraddress: server };
        }
      }
      signal?.throwIfAborted();
      return all;
    },
  };
}

/** The address under which credentials of a registry are kept and sent. */
function serverOf(registry: string): string {
  const key = keyOf(registry);
  return key === "index.docker.io" ? HUB_SERVER : key;
}

async function fromHelper(
  config: DockerAuthConfig,
  server: string,
  env: (name: string) => string | undefined,
  signal: AbortSignal | undefined,
): Promise<Omit<RegistryCredential, "serveraddress"> | undefined> {
  const name = config.credHelpers.get(keyOf(server)) ?? config.credsStore;
  if (name === undefined) return undefined;
  const secret = await new CredentialHelper(name, { env, signal }).get(server);
  if (secret === undefined) return undefined;
  return secret.Username === "<token>"
    ? { identitytoken: secret.Secret }
    : { username: secret.Username, password: secret.Secret };
}

// A build goes on without what a helper does not tell, as with the docker command: what is missing
// shows in the registry's own refusal, and most builds need none of it.
async function helperServers(
  config: DockerAuthConfig,
  env: (name: string) => string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const servers = [...config.credHelpers.keys()].map(serverOf);
  if (config.credsStore === undefined) return servers;
  try {
    const listed = await new CredentialHelper(config.credsStore, { env, signal }).list();
    return [...servers, ...Object.keys(listed).map(serverOf)];
  } catch {
    return servers;
  }
}
