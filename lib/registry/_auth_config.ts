import { keyOf } from "./_server.ts";

/** The part of a docker configuration that is about credentials. */
export interface DockerAuthConfig {
  /** By host. */
  readonly auths: ReadonlyMap<string, FileAuth>;
  /** Helper for everything. */
  readonly credsStore?: string;
  /** Helpers by host. */
  readonly credHelpers: ReadonlyMap<string, string>;
}

interface FileAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

type ReadEnv = (name: string) => string | undefined;

/** Reads the configurations that count, the most important one first. */
export async function readAuthConfigs(env: ReadEnv): Promise<readonly DockerAuthConfig[]> {
  const configs: DockerAuthConfig[] = [];
  const inline = env("DOCKER_AUTH_CONFIG");
  if (inline) configs.push(parseAuthConfig("DOCKER_AUTH_CONFIG", inline));
  const home = env("HOME") ?? env("USERPROFILE");
  const directory = env("DOCKER_CONFIG") || (home ? `${home}/.docker` : undefined);
  if (directory !== undefined) {
    const path = `${directory}/config.json`;
    const text = await readIfThere(path);
    if (text !== undefined) configs.push(parseAuthConfig(`"${path}"`, text));
  }
  return configs;
}

function parseAuthConfig(source: string, text: string): DockerAuthConfig {
  const value = objectOf(source, "it", parseJson(source, text));
  const auths = new Map<string, FileAuth>();
  for (const [server, entry] of Object.entries(objectOf(source, "auths", value["auths"] ?? {}))) {
    const auth = parseAuth(source, server, objectOf(source, `auths of "${server}"`, entry));
    if (auth !== undefined) auths.set(keyOf(server), auth);
  }
  const credHelpers = new Map<string, string>();
  const helpers = objectOf(source, "credHelpers", value["credHelpers"] ?? {});
  for (const [server, name] of Object.entries(helpers)) {
    if (typeof name === "string" && name !== "") credHelpers.set(keyOf(server), name);
  }
  const { credsStore } = value;
  return {
    auths,
    credHelpers,
    ...(typeof credsStore === "string" && credsStore !== "" ? { credsStore } : {}),
  };
}

function parseAuth(
  source: string,
  server: string,
  entry: Readonly<Record<string, unknown>>,
): FileAuth | undefined {
  const text = (name: string) => {
    const value = entry[name];
    return typeof value === "string" && value !== "" ? { [name]: value } : {};
  };
  const auth: FileAuth = {
    ...text("username"),
    ...text("password"),
    ...(typeof entry["auth"] === "string" ? decodeAuth(source, server, entry["auth"]) : {}),
    ...text("identitytoken"),
    ...text("registrytoken"),
  };
  // With credsStore the file keeps empty entries; they only say that there was a login.
  return Object.keys(auth).length === 0 ? undefined : auth;
}

// No message here quotes what was read: it is a password.
function decodeAuth(source: string, server: string, auth: string): FileAuth {
  if (auth === "") return {};
  let decoded: string | undefined;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(atob(auth), (character) => character.charCodeAt(0)),
    );
  } catch {
    decoded = undefined;
  }
  const colon = decoded?.indexOf(":") ?? -1;
  if (decoded === undefined || colon < 1) {
    throw new TypeError(
      `Cannot use the credentials for "${server}" in ${source}: ` +
        `auth must be the base64 form of "user:password"`,
    );
  }
  const username = decoded.slice(0, colon);
  const password = decoded.slice(colon + 1).replace(/\0+$/, "");
  return password === "" ? { username } : { username, password };
}

function parseJson(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError(`Cannot read credentials from ${source}: it is not JSON`);
  }
}

function objectOf(source: string, what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError(`Cannot read credentials from ${source}: ${what} must be a JSON object`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory
    ) {
      return undefined;
    }
    throw error;
  }
}
