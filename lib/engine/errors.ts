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
  /** What the call is about where the path does not say it, for example an image's name. */
  readonly subject?: string;
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
  /** What the call is about where the path does not say it, for example an image's name. */
  readonly subject?: string;

  /** Makes the message from the fields. */
  constructor(fields: EngineApiErrorFields) {
    const about = fields.subject === undefined ? "" : ` for ${JSON.stringify(fields.subject)}`;
    super(
      `${printable(fields.reason)} (${fields.method} ${shortPath(fields.path)}${about}: ` +
        `${fields.status})`,
    );
    this.method = fields.method;
    this.path = fields.path;
    this.status = fields.status;
    this.reason = fields.reason;
    if (fields.subject !== undefined) this.subject = fields.subject;
  }
}

/** As the docker command shows ids: more of them helps nobody, and `path` has it all. */
function shortPath(path: string): string {
  return path.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1");
}

/** Longer reasons are cut in the message; `reason` has it all. */
const MAX_REASON_CHARACTERS = 4000;

// The words come from the other side, and from programs that run there: nothing in them may move
// the cursor of the terminal that the message is printed on.
function printable(reason: string): string {
  const text = reason.length > MAX_REASON_CHARACTERS
    ? `${reason.slice(0, MAX_REASON_CHARACTERS)}…`
    : reason;
  return text.replace(/\r\n/g, "\n").replace(
    /(?![\n\t])\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
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

/** What was asked for needs a container that runs, and it does not. */
export class ContainerNotRunningError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ContainerNotRunningError";
}

/** No file or directory has that path in the container. */
export class ContainerPathNotFoundError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "ContainerPathNotFoundError";
}

/** Another container of the network has that address. */
export class AddressInUseError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "AddressInUseError";
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

/** The engine has no free address range for another network, or the wanted one overlaps. */
export class AddressPoolExhaustedError extends EngineApiError {
  /** The name of the class. */
  override readonly name: string = "AddressPoolExhaustedError";
}

/** What was to be removed is still used by something, or runs. */
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
  /** Why, in one line. */
  readonly reason: string;

  /** Makes the message from the fields. */
  constructor(host: string, request: string, reason: string, options?: ErrorOptions) {
    super(`Cannot talk to the engine at ${host} (${request}): ${reason}`, options);
    this.host = host;
    this.request = request;
    this.reason = reason;
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

// The daemon has no error codes: its words are the interface. Taken from Docker 20.10 and 26.1 and
// podman 4.3, each provoked; first match wins.
const WORDS: readonly (readonly [RegExp, ApiErrorClass])[] = [
  [/no space left on device/i, EngineDiskFullError],
  [
    /no such image|manifest unknown|manifest for .* not found|image not known|repository .* not found|failed to resolve reference|pull access denied|reference does not exist|image does not exist locally/i,
    ImageNotFoundError,
  ],
  [
    /unauthorized|no basic auth credentials|authentication required|incorrect username or password|denied: requested access/i,
    RegistryAuthError,
  ],
  [/no such container\b|no container with name or id/i, ContainerNotFoundError],
  [/no such volume/i, VolumeNotFoundError],
  [/port is already allocated|bind: address already in use/i, PortInUseError],
  [/address already in use|is already allocated or reserved/i, AddressInUseError],
  [
    /container name .* is already in use|network with name .* already exists|network name .* already used|name .* already in use, cannot rename/i,
    NameInUseError,
  ],
  [
    /could not find an available, non-overlapping|all predefined address pools have been fully subnetted|pool overlaps with other one|could not find free subnet|subnet .* is already used/i,
    AddressPoolExhaustedError,
  ],
  [
    /has active endpoints|is being used|volume is in use|conflict: unable to (remove|delete)|cannot (be removed|remove) .*running/i,
    ResourceInUseError,
  ],
  [/could not find the file .* in container/i, ContainerPathNotFoundError],
  [
    /executable file not found|exec: .*(no such file or directory|permission denied)|exec format error/i,
    ProgramNotFoundError,
  ],
  [
    /container .* is not running|can only (kill|create exec sessions on) running|is not running, can't/i,
    ContainerNotRunningError,
  ],
  // Podman ends "container … is not connected to …" with the same words.
  [
    /^(?!.*not connected).*(network .* not found|no such network|unable to find network)/i,
    NetworkNotFoundError,
  ],
];

// Where the words say nothing known, what was asked and the status still do.
const CALLS: readonly (readonly [RegExp, ApiErrorClass])[] = [
  [/^404 (GET|PUT|HEAD) \/containers\/[^/]+\/archive$/, ContainerPathNotFoundError],
  [/^404 \S+ \/containers\/(?!create$|prune$)[^/]+/, ContainerNotFoundError],
  [/^404 (POST \/(containers|images)\/create$|\S+ \/images\/.)/, ImageNotFoundError],
  [/^404 (GET|DELETE) \/networks\/[^/]+$/, NetworkNotFoundError],
  [/^404 \S+ \/volumes\/[^/]+$/, VolumeNotFoundError],
  [/^409 POST \/(containers|networks)\/(create|[^/]+\/rename)$/, NameInUseError],
  [/^40[39] DELETE \/(images|volumes|networks|containers)\//, ResourceInUseError],
  [
    /^409 POST \/containers\/[^/]+\/(exec|kill|pause|stop|update|resize)$/,
    ContainerNotRunningError,
  ],
];

/**
 * Finds the class for an answer of the daemon.
 *
 * @param fields What was asked and what came back.
 * @returns The most telling {@linkcode EngineApiError}.
 */
export function engineApiError(fields: EngineApiErrorFields): EngineApiError {
  const call = `${fields.status} ${fields.method} ${fields.path}`;
  const found = WORDS.find(([words]) => words.test(fields.reason)) ??
    CALLS.find(([pattern]) => pattern.test(call));
  return new (found?.[1] ?? EngineApiError)(fields);
}
