/** What every error of the engine's API knows. */
export interface EngineApiErrorFields {
  /** HTTP method, for example `POST`. */
  readonly method: string;
  /** Path without the version, for example `/containers/db/start`. */
  readonly path: string;
  /** HTTP status; 200 where a stream reported the failure. */
  readonly status: number;
  /** The daemon's own words. */
  readonly reason: string;
}

/** The engine answered, and the answer is no. */
export class EngineApiError extends Error implements EngineApiErrorFields {
  /** The name of the class. */
  override readonly name: string = "EngineApiError";
  /** HTTP method. */
  readonly method: string;
  /** Path without the version. */
  readonly path: string;
  /** HTTP status; 200 where a stream reported the failure. */
  readonly status: number;
  /** The daemon's own words. */
  readonly reason: string;

  /** Makes the message from the fields. */
  constructor(fields: EngineApiErrorFields) {
    super(`${fields.reason} (${fields.method} ${fields.path}: ${fields.status})`);
    this.method = fields.method;
    this.path = fields.path;
    this.status = fields.status;
    this.reason = fields.reason;
  }
}

/** The image is not there, locally or in its registry. */
export class ImageNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ImageNotFoundError";
}

/** No container has that name or id. */
export class ContainerNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ContainerNotFoundError";
}

/** No network has that name or id. */
export class NetworkNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "NetworkNotFoundError";
}

/** No volume has that name. */
export class VolumeNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "VolumeNotFoundError";
}

/** A container or network of that name exists already. */
export class NameInUseError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "NameInUseError";
}

/** A port of the host is taken. */
export class PortInUseError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "PortInUseError";
}

/** The container's program does not exist in the image or cannot be executed. */
export class ProgramNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ProgramNotFoundError";
}

/** The engine has no free address range for another network. */
export class AddressPoolExhaustedError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "AddressPoolExhaustedError";
}

/** Something is still attached to what was to be removed. */
export class ResourceInUseError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ResourceInUseError";
}

/** A registry refused the credentials, or wants some. */
export class RegistryAuthError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "RegistryAuthError";
}

/** The engine's disk is full. */
export class EngineDiskFullError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "EngineDiskFullError";
}

/** The connection to the engine could not be made, or broke. */
export class EngineConnectionError extends Error {
  /** The name of the class. */
  override readonly name: string = "EngineConnectionError";
  /** The engine, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** What was asked, for example `GET /_ping`. */
  readonly request: string;

  /** Makes the message from the fields. */
  constructor(host: string, request: string, reason: string, options?: ErrorOptions) {
    super(`Cannot talk to the engine at ${host} (${request}): ${reason}`, options);
    this.host = host;
    this.request = request;
  }
}

/** The engine's API is older than what this code needs, or newer than what it can speak. */
export class EngineVersionError extends Error {
  /** The name of the class. */
  override readonly name: string = "EngineVersionError";
  /** The engine, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** The newest API version that the engine speaks. */
  readonly engineVersion: string;

  /** Makes the message from the fields. */
  constructor(host: string, engineVersion: string, wanted: string) {
    super(`Cannot use the engine at ${host}: API ${wanted} is needed, it speaks ${engineVersion}`);
    this.host = host;
    this.engineVersion = engineVersion;
  }
}

type ApiErrorClass = new (fields: EngineApiErrorFields) => EngineApiError;

// The daemon has no error codes: its words are the interface. Seen on 20.10 and 26.1; first match
// wins. Podman's words differ in places and are named beside.
const CAUSES: readonly (readonly [RegExp, ApiErrorClass])[] = [
  [/no space left on device/i, EngineDiskFullError],
  [
    /no such image|manifest unknown|manifest for .* not found|image not known|repository .* not found|failed to resolve reference|pull access denied|reference does not exist/i,
    ImageNotFoundError,
  ],
  [
    /unauthorized|no basic auth credentials|authentication required|incorrect username or password/i,
    RegistryAuthError,
  ],
  [/no such container|no container with name or id/i, ContainerNotFoundError],
  [/no such volume/i, VolumeNotFoundError],
  [/port is already allocated|address already in use/i, PortInUseError],
  [
    /container name .* is already in use|network with name .* already exists|network name .* already used/i,
    NameInUseError,
  ],
  [
    /could not find an available, non-overlapping|all predefined address pools have been fully subnetted|pool overlaps with other one/i,
    AddressPoolExhaustedError,
  ],
  [
    /has active endpoints|is being used by|volume is in use|image is being used|conflict: unable to remove/i,
    ResourceInUseError,
  ],
  [
    /executable file not found|exec: .*(no such file or directory|permission denied)|exec format error/i,
    ProgramNotFoundError,
  ],
  [/network .* not found|no such network|unable to find network/i, NetworkNotFoundError],
];

/**
 * Finds the class for an answer of the daemon.
 *
 * @param fields What was asked and what came back.
 * @returns The most telling {@linkcode EngineApiError}.
 */
export function engineApiError(fields: EngineApiErrorFields): EngineApiError {
  const match = CAUSES.find(([pattern]) => pattern.test(fields.reason));
  return new (match?.[1] ?? EngineApiError)(fields);
}
