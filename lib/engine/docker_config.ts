import { type EngineEndpoint, parseEngineHost, type TlsMaterial } from "./endpoint.ts";
import type { ReadEnv } from "./state.ts";

/** What discovery reads from the user's docker configuration; every file is optional. */
export interface DockerConfig {
  /** The configuration directory, `$DOCKER_CONFIG` or `~/.docker`. */
  readonly directory: string;
  /** `currentContext` of `config.json`. */
  readonly currentContext: string | undefined;
}

/**
 * Reads the part of `config.json` that discovery needs.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param env Reads environment variables.
 * @returns The configuration; without `HOME` and `DOCKER_CONFIG` there is none.
 * @throws {TypeError} when the file is there and is not a JSON object.
 */
export async function readDockerConfig(env: ReadEnv): Promise<DockerConfig | undefined> {
  const home = env("HOME") ?? env("USERPROFILE");
  const directory = env("DOCKER_CONFIG") || (home === undefined ? undefined : `${home}/.docker`);
  if (directory === undefined) return undefined;
  const path = `${directory}/config.json`;
  const text = await readIfThere(path);
  if (text === undefined) return { directory, currentContext: undefined };
  const { currentContext } = parseObject(path, text) as { currentContext?: unknown };
  return {
    directory,
    currentContext: typeof currentContext === "string" && currentContext !== ""
      ? currentContext
      : undefined,
  };
}

/**
 * Reads where a docker context leads.
 *
 * A context lives in `contexts/meta/SHA256(name)/meta.json`, its certificates in
 * `contexts/tls/SHA256(name)/docker/{ca,cert,key}.pem`.
 *
 * @param config The configuration.
 * @param name Name of the context; `default` is not one of these.
 * @returns The endpoint.
 * @throws {TypeError} when there is no such context, or it has no docker endpoint.
 */
export async function readContextEndpoint(
  config: DockerConfig,
  name: string,
): Promise<EngineEndpoint> {
  const id = await sha256Hex(name);
  const path = `${config.directory}/contexts/meta/${id}/meta.json`;
  const text = await readIfThere(path);
  if (text === undefined) {
    throw new TypeError(`Cannot use docker context "${name}": it does not exist`);
  }
  const meta = parseObject(path, text) as {
    Endpoints?: { docker?: { Host?: unknown; SkipTLSVerify?: unknown } };
  };
  const host = meta.Endpoints?.docker?.Host;
  if (typeof host !== "string" || host === "") {
    throw new TypeError(`Cannot use docker context "${name}": ${path} names no docker endpoint`);
  }
  if (meta.Endpoints?.docker?.SkipTLSVerify === true) {
    throw new TypeError(
      `Cannot use docker context "${name}": it skips the check of the certificate, which is refused`,
    );
  }
  return parseEngineHost(host, await readTls(`${config.directory}/contexts/tls/${id}/docker`));
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a directory.
 *
 * @param directory `$DOCKER_CERT_PATH` or a context's directory.
 * @returns What is there, `undefined` when nothing is.
 * @throws {TypeError} when the certificate is there without its key, or the other way round.
 */
export async function readTls(directory: string): Promise<TlsMaterial | undefined> {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readIfThere(`${directory}/${name}`)),
  );
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = key === undefined ? ["cert.pem", "key.pem"] : ["key.pem", "cert.pem"];
    throw new TypeError(
      `Cannot use the certificates of "${directory}": ${there} without ${missing}`,
    );
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    // A directory that this user may not enter holds no configuration of this user, and below a
    // plain file or with an unusable name there is nothing.
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory
    ) {
      return undefined;
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new TypeError(`Cannot read "${path}": it is a directory`);
    }
    throw error;
  }
}

function parseObject(path: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`Cannot read "${path}": it is not JSON`, { cause });
  }
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`Cannot read "${path}": it is not a JSON object`);
  }
  return value;
}

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
