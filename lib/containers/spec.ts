import type { Command } from "../commands/mod.ts";
import type { ImageSource } from "./dockerfile.ts";
import type { Condition } from "./conditions.ts";
import type { CopyContent, CopyHostPath } from "./copy.ts";

/** What a network is made of: containers and programs of the host, in one graph. */
export type NodeSpec = ContainerSpec | HostCommandSpec;

/** What waits for what: a list of names means `started`. */
export type Dependencies = readonly string[] | Readonly<Record<string, Condition>>;

/** What every node of a network may have. */
export interface NodeOptions {
  /** What must be there before this one starts. */
  readonly dependsOn?: Dependencies;
  /** Whether `waitImportant` waits for it. Default `false`. */
  readonly important?: boolean;
  /** Whether an exit code other than 0 is no failure. Default `false`. */
  readonly allowUnsuccessful?: boolean;
  /** Whether its output is shown live. Default: what the network says, `true`. */
  readonly forward?: boolean;
  /** Whether its output goes to files. Default: whether the network has a log directory. */
  readonly log?: boolean;
  /** How many of the last bytes of each output stay in memory. Default 4 MiB. */
  readonly recordLimitBytes?: number;
  /** Size of each log file beyond which the oldest bytes go. Default: no limit. */
  readonly logLimitBytes?: number;
}

/** A container that does not run yet: plain data that can be printed, hashed and sent. */
export interface ContainerSpec extends ContainerOptions {
  /** Tells the kinds apart. */
  readonly kind: "container";
  /** Its name in the network, where it is also its host name. */
  readonly name: string;
  /** What it is made from. */
  readonly image: ImageSource;
}

/** A program of the host that takes part in a network. */
export interface HostCommandSpec extends NodeOptions {
  /** Tells the kinds apart. */
  readonly kind: "command";
  /** Its name in the network. */
  readonly name: string;
  /** What is run. */
  readonly command: Command;
}

/** A port of a container that the host offers too. */
export interface PortSpec {
  /** Port inside. */
  readonly container: number;
  /** Port of the host. Default: a free one. */
  readonly host?: number;
  /** Ports of the host that one is chosen from, for example `8000-8010`; instead of `host`. */
  readonly hostRange?: string;
  /** Address of the host. Default `127.0.0.1`. */
  readonly hostIp?: string;
  /** Default `tcp`. */
  readonly protocol?: "tcp" | "udp" | "sctp";
}

/** Something that is mounted into a container. */
export type VolumeSpec =
  | BindSpec
  | NamedVolumeSpec
  | TmpfsSpec;

/** A file or directory of the host. */
export interface BindSpec {
  /** Path on the host, relative to the working directory; it must exist. */
  readonly bind: string;
  /** Whether it is made, as a directory, when it does not exist. Default `false`. */
  readonly make?: boolean;
  /** Label for SELinux: `z` shared by containers, `Z` for this one alone. Default: as it is. */
  readonly selinux?: "z" | "Z";
  /** Path inside. */
  readonly target: string;
  /** Whether it cannot be written to. Default `false`. */
  readonly readOnly?: boolean;
  /** Mount propagation, for example `rslave`. */
  readonly propagation?: string;
}

/** A volume that the engine keeps; it outlives the run. */
export interface NamedVolumeSpec {
  /**
   * Name of the volume, or its key in the `volumes` of the network; it is made when it is not
   * there. Empty for one without a name, which goes with the container.
   */
  readonly volume: string;
  /** Path inside. */
  readonly target: string;
  /** Whether it cannot be written to. Default `false`. */
  readonly readOnly?: boolean;
  /** Whether it stays empty although the image has files there. Default `false`. */
  readonly noCopy?: boolean;
}

/** A file system in memory. */
export interface TmpfsSpec {
  /** Path inside. */
  readonly tmpfs: string;
  /** Size. Default: half of the memory. */
  readonly sizeBytes?: number;
  /** Permission bits. Default `0o1777`. */
  readonly mode?: number;
  /** Options as `mount` has them, for example `size=64m,noexec`; instead of the others. */
  readonly options?: string;
}

/** How a container is in one of the further networks. */
export interface EndpointSpec {
  /** Further names in that network, besides its own. */
  readonly aliases?: readonly string[];
  /** Static IPv4 address; the network needs a subnet. */
  readonly ipv4?: string;
  /** Static IPv6 address; the network needs an IPv6 subnet. */
  readonly ipv6?: string;
  /** Link-local addresses. */
  readonly linkLocal?: readonly string[];
  /** MAC address; engines before API 1.44 take it for the first network only. */
  readonly mac?: string;
  /** Options of the network's driver. */
  readonly driverOptions?: Readonly<Record<string, string>>;
}

/** A file or directory that is copied into a container before it starts. */
export type FileSpec = { readonly target: string } & (CopyContent | CopyHostPath);

/** How the engine finds out whether a container is healthy. */
export interface HealthSpec {
  /**
   * Program and arguments, or a line for the image's shell; `[]` switches the image's check off.
   * Default: the image's check, with other times.
   */
  readonly test?: readonly string[] | string;
  /** Between two checks. Default 300 ms: the engine makes the first one only after it. */
  readonly intervalMs?: number;
  /** For one check. Default 5 s. */
  readonly timeoutMs?: number;
  /** Failures in a row until it is unhealthy. Default 3. */
  readonly retries?: number;
  /** How long failures do not count. Default 30 s. */
  readonly startPeriodMs?: number;
  /**
   * Time between two checks in that period. Default: that of all checks, which engines before API
   * 1.44 keep to in any case.
   */
  readonly startIntervalMs?: number;
}

/** When the engine starts a container again by itself. */
export type RestartSpec = "no" | "always" | "unless-stopped" | "on-failure" | {
  readonly onFailure: { readonly maxRetries: number };
};

/** A limit of the processes in a container. */
export interface UlimitSpec {
  /** Soft limit. */
  readonly soft: number;
  /** Hard limit. Default: the soft one. */
  readonly hard?: number;
}

/** A device of the host inside a container. */
export interface DeviceSpec {
  /** Path on the host. */
  readonly host: string;
  /** Path inside. Default: the same. */
  readonly container?: string;
  /** Any of `r`, `w`, `m`. Default `rwm`. */
  readonly permissions?: string;
}

/** Devices that a driver of the engine chooses, GPUs for example. */
export interface DeviceRequestSpec {
  /** For example `nvidia`. Default: the engine's own choice. */
  readonly driver?: string;
  /** How many, or all. Default all, unless there are `ids`. */
  readonly count?: number | "all";
  /** Which ones. */
  readonly ids?: readonly string[];
  /** What they must be able to do, for example `["gpu", "compute"]`. */
  readonly capabilities: readonly string[];
  /** Options of the driver. */
  readonly options?: Readonly<Record<string, string>>;
}

/** How fast one block device may be used. */
export interface DeviceRateSpec {
  /** Path on the host. */
  readonly path: string;
  /** Bytes, or operations, a second. */
  readonly rate: number;
}

/** Share and limits of block devices. */
export interface BlockIoSpec {
  /** Relative weight, 10 to 1000. */
  readonly weight?: number;
  /** The same for single devices. */
  readonly deviceWeights?: readonly { readonly path: string; readonly weight: number }[];
  /** Bytes a second that are read at most. */
  readonly readBytes?: readonly DeviceRateSpec[];
  /** Bytes a second that are written at most. */
  readonly writeBytes?: readonly DeviceRateSpec[];
  /** Operations a second that read at most. */
  readonly readOperations?: readonly DeviceRateSpec[];
  /** Operations a second that write at most. */
  readonly writeOperations?: readonly DeviceRateSpec[];
}

/** How a container is made. */
export interface ContainerOptions extends NodeOptions {
  /** Arguments, after the entry point; replaces the image's. */
  readonly command?: readonly string[];
  /** Program and first arguments; replaces the image's. */
  readonly entrypoint?: readonly string[];
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Directory of the program. */
  readonly workdir?: string;
  /** `user[:group]`, names or numbers. */
  readonly user?: string;
  /** Host name inside. Default: its name. */
  readonly hostname?: string;
  /** Domain name inside. */
  readonly domainname?: string;
  /** Name on the engine. Default: made from its name and those of the network and the run. */
  readonly containerName?: string;
  /** Further names in the network. */
  readonly aliases?: readonly string[];
  /**
   * Which of the network's further `networks` it is in, by key, the first one first. Default: only
   * the network itself, which it is not in when this is given.
   */
  readonly networks?: Readonly<Record<string, EndpointSpec>>;
  /** `host`, `none`, `bridge` or `container:NAME` instead of any network of ours. */
  readonly networkMode?: string;
  /** Labels of its own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** OCI annotations; engines before API 1.43 ignore them. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Ports to publish; a number alone means that port inside and a free one of the host. */
  readonly ports?: readonly (number | PortSpec)[];
  /** Ports that the image does not name, for other containers to know. */
  readonly expose?: readonly (number | string)[];
  /** What is mounted. */
  readonly volumes?: readonly VolumeSpec[];
  /** What is copied into it after it is created and before it starts. */
  readonly files?: readonly FileSpec[];
  /** Health check; a list is program and arguments, a text a line for the image's shell. */
  readonly health?: readonly string[] | string | HealthSpec;
  /** Whether a terminal is allocated, which merges both outputs. Default `false`. */
  readonly tty?: boolean;
  /**
   * Whether its input stays open. Default `false`. With `held` this process holds it: a program
   * that reads it sees its end, and can end itself, the moment this process is gone, whatever ended
   * it and whatever else was killed with it.
   */
  readonly stdin?: boolean | "held";
  /** Whether a small init runs as process 1, so that signals and orphans are taken care of. */
  readonly init?: boolean;
  /** Signal that asks it to end. Default: what the image says, else `SIGTERM`. */
  readonly stopSignal?: string;
  /** How long it may take to end before it is killed. Default 10 s. */
  readonly stopTimeoutMs?: number;
  /** When the engine starts it again by itself. Default `no`. */
  readonly restart?: RestartSpec;
  /** For example `linux/arm64`. */
  readonly platform?: string;
  /** Static IPv4 address; the network needs a subnet. */
  readonly ipv4?: string;
  /** Static IPv6 address; the network needs an IPv6 subnet. */
  readonly ipv6?: string;
  /** MAC address. */
  readonly mac?: string;
  /** Limit of its memory. */
  readonly memoryBytes?: number;
  /** Limit of memory and swap; `-1` for none. */
  readonly memorySwapBytes?: number;
  /** Memory that it keeps under pressure. */
  readonly memoryReservationBytes?: number;
  /** Processors' worth of time, for example `1.5`. */
  readonly cpus?: number;
  /** Relative weight. Default 1024. */
  readonly cpuShares?: number;
  /** The processors that it may use, for example `0,2-3`. */
  readonly cpuset?: string;
  /** One period of the scheduler in microseconds, with `cpuQuotaUs` instead of `cpus`. */
  readonly cpuPeriodUs?: number;
  /** Processor time in one period, in microseconds. */
  readonly cpuQuotaUs?: number;
  /** One period for real-time tasks, in microseconds. */
  readonly cpuRealtimePeriodUs?: number;
  /** Time of real-time tasks in one period, in microseconds. */
  readonly cpuRealtimeRuntimeUs?: number;
  /** Processes at most. */
  readonly pidsLimit?: number;
  /** Tendency of the kernel to swap it out, 0 to 100; with cgroup version 1 only. */
  readonly memorySwappiness?: number;
  /** Whether the out-of-memory killer spares it; with cgroup version 1 only. Default `false`. */
  readonly oomKillDisable?: boolean;
  /** Share and limits of block devices. */
  readonly blockIo?: BlockIoSpec;
  /** Limits of its processes, for example `{ nofile: { soft: 1024 } }`. */
  readonly ulimits?: Readonly<Record<string, UlimitSpec>>;
  /** Size of `/dev/shm`. */
  readonly shmBytes?: number;
  /** Added capabilities, for example `NET_ADMIN`. */
  readonly capAdd?: readonly string[];
  /** Dropped capabilities. */
  readonly capDrop?: readonly string[];
  /** Kernel parameters. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Devices of the host. */
  readonly devices?: readonly (string | DeviceSpec)[];
  /** Devices that a driver of the engine gives, GPUs for example. */
  readonly deviceRequests?: readonly DeviceRequestSpec[];
  /** Rules for devices, for example `c 1:3 rwm`. */
  readonly deviceCgroupRules?: readonly string[];
  /** Names of containers, in the network or not, whose volumes it gets; with `:ro` to read only. */
  readonly volumesFrom?: readonly string[];
  /** Whether it may do everything. Default `false`. */
  readonly privileged?: boolean;
  /** Whether its root file system cannot be written to. Default `false`. */
  readonly readOnly?: boolean;
  /** For example `no-new-privileges`. */
  readonly securityOptions?: readonly string[];
  /** Further groups of the user. */
  readonly groups?: readonly string[];
  /** Further lines of `/etc/hosts`: name to address, or to `host-gateway`. */
  readonly extraHosts?: Readonly<Record<string, string>>;
  /** Name servers. */
  readonly dns?: readonly string[];
  /** Search domains. */
  readonly dnsSearch?: readonly string[];
  /** Options of the resolver. */
  readonly dnsOptions?: readonly string[];
  /** `host`, or `container:NAME`. */
  readonly pid?: string;
  /** `none`, `private`, `shareable`, `host`, or `container:NAME`. */
  readonly ipc?: string;
  /** `host`. */
  readonly uts?: string;
  /** `host`. */
  readonly userns?: string;
  /** OCI runtime. */
  readonly runtime?: string;
  /** Logging driver and its options; ours does not need one. */
  readonly logging?: {
    readonly driver: string;
    readonly options?: Readonly<Record<string, string>>;
  };
  /** Preference of the out-of-memory killer, -1000 to 1000. */
  readonly oomScoreAdj?: number;
  /** Parent cgroup. */
  readonly cgroupParent?: string;
  /** Whose cgroups it sees. Default: what the engine is set to. */
  readonly cgroup?: "host" | "private";
  /** Options of the storage driver. */
  readonly storageOptions?: Readonly<Record<string, string>>;
  /** When the image is pulled. Default `missing`. */
  readonly pull?: "missing" | "always" | "never";
}

/**
 * Describes a container. Nothing happens until it is in a network that runs.
 *
 * @param name Its name in the network: letters, digits, `_`, `.` and `-`, not first.
 * @param image What it is made from; a text is the reference of an image.
 * @param options Everything else.
 * @returns Plain data.
 * @throws {TypeError} when the name cannot be one.
 * @example
 * ```ts
 * import { container } from "@superorch/superorch/containers";
 *
 * const db = container("db", "postgres:16", {
 *   env: { POSTGRES_PASSWORD: "secret" },
 *   health: ["pg_isready"],
 * });
 * console.log(db.name); // "db"
 * ```
 */
export function container(
  name: string,
  image: ImageSource | string,
  options: ContainerOptions = {},
): ContainerSpec {
  requireNodeName(name);
  requireImage(name, image);
  const source = typeof image === "string"
    ? { kind: "reference", reference: image } as const
    : image;
  return { kind: "container", name, image: source, ...options };
}

/**
 * Describes a program of the host that takes part in a network.
 *
 * Where it can reach the published ports of containers that run when it starts stands in its
 * environment: `SUPERORCH_DB_5432=127.0.0.1:32768` for port 5432 of the container `db`.
 *
 * @param name Its name in the network.
 * @param command What is run.
 * @param options Everything else.
 * @returns Plain data.
 * @throws {TypeError} when the name cannot be one.
 */
export function hostCommand(
  name: string,
  command: Command,
  options: NodeOptions = {},
): HostCommandSpec {
  requireNodeName(name);
  // deno run checks no types; a line of words is what people write first.
  if (typeof command !== "object" || command === null || !("spec" in command)) {
    throw new TypeError(
      `Cannot describe host command "${name}": its command must be as command(["sh", "-c", "…"]) ` +
        `makes it, it is ${JSON.stringify(command) ?? command}`,
    );
  }
  return { kind: "command", name, command, ...options };
}

function requireImage(name: string, image: unknown): void {
  const kind = (image as ImageSource | null | undefined)?.kind;
  const isText = typeof image === "string";
  if (isText ? image.trim() !== "" : kind === "reference" || kind === "dockerfile") return;
  throw new TypeError(
    `Cannot describe container "${name}": its image must be a name such as "busybox", or a ` +
      `Dockerfile, it is ${isText ? JSON.stringify(image) : JSON.stringify(image) ?? image}`,
  );
}

// The engine's own rule for container names, so that a name is refused here and not after others
// have been created. It is also part of a file name and of a host name.
function requireNodeName(name: unknown): void {
  if (typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name)) {
    throw new TypeError(
      `Cannot use name ${
        JSON.stringify(name) ?? name
      }: it must begin with a letter or digit, go on with ` +
        `letters, digits, "_", "." or "-", and have at most 63 characters`,
    );
  }
}

/**
 * Lists what a node depends on: what it says, and the containers whose namespaces it shares.
 *
 * @param spec The node.
 * @returns Names and conditions.
 */
export function dependenciesOf(spec: NodeSpec): readonly (readonly [string, Condition])[] {
  const { dependsOn = {} } = spec;
  const named: readonly (readonly [string, Condition])[] = Array.isArray(dependsOn)
    ? dependsOn.map((name: string) => [name, "started"] as const)
    : Object.entries(dependsOn as Readonly<Record<string, Condition>>);
  const shared = sharedContainers(spec).filter((name) => !named.some(([one]) => one === name));
  return [...named, ...shared.map((name) => [name, "started"] as const)];
}

/**
 * Lists the containers whose namespaces or volumes one shares; they must be created before it.
 *
 * @param spec The node.
 * @returns Names in the network, or of containers that are not in it.
 */
export function sharedContainers(spec: NodeSpec): readonly string[] {
  if (spec.kind !== "container") return [];
  const modes = [spec.networkMode, spec.pid, spec.ipc].filter((mode) =>
    mode?.startsWith("container:")
  );
  return [
    ...new Set([
      ...modes.map((mode) => mode!.slice("container:".length)),
      ...(spec.volumesFrom ?? []).map((text) => splitVolumesFrom(text)[0]),
    ]),
  ];
}

/** Splits `NAME[:ro|:rw]`. */
export function splitVolumesFrom(text: string): readonly [string, string] {
  const [, name = text, mode = ""] = /^(.*?)(:(?:ro|rw|z|Z))?$/.exec(text) ?? [];
  return [name, mode];
}
