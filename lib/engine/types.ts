/**
 * The shapes of the Engine API that are used here, named and spelled as the API has them
 * (https://docs.docker.com/reference/api/engine/version/v1.41/). Fields that the engine may leave
 * out are optional.
 *
 * @module
 */

/** A map of names to texts. */
export type StringMap = Readonly<Record<string, string>>;

/** Body of `POST /containers/create`. */
export interface ContainerCreateBody {
  /** Image reference or id. */
  readonly Image: string;
  /** Arguments, after the entry point. */
  readonly Cmd?: readonly string[];
  /** Program; an empty list resets the image's. */
  readonly Entrypoint?: readonly string[];
  /** `NAME=value`. */
  readonly Env?: readonly string[];
  /** Labels. */
  readonly Labels?: StringMap;
  /** Directory of the first process. */
  readonly WorkingDir?: string;
  /** `user[:group]`. */
  readonly User?: string;
  /** Host name inside. */
  readonly Hostname?: string;
  /** Domain name inside. */
  readonly Domainname?: string;
  /** Whether a terminal is allocated; merges both outputs. */
  readonly Tty?: boolean;
  /** Whether stdin stays open. */
  readonly OpenStdin?: boolean;
  /** Whether a client is expected to attach to stdin. */
  readonly AttachStdin?: boolean;
  /** Whether stdin closes after the first attached client. */
  readonly StdinOnce?: boolean;
  /** `8080/tcp` and the like. */
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  /** How the engine finds out whether it is healthy. */
  readonly Healthcheck?: HealthConfig;
  /** Signal of a polite stop. */
  readonly StopSignal?: string;
  /** Seconds until a polite stop turns into a kill. */
  readonly StopTimeout?: number;
  /** MAC address (before API 1.44; then in the endpoint). */
  readonly MacAddress?: string;
  /** What concerns the host. */
  readonly HostConfig?: HostConfig;
  /** The networks it is connected to. */
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, EndpointConfig>>;
  };
}

/** A health check; times in nanoseconds. */
export interface HealthConfig {
  /** `["CMD", …]`, `["CMD-SHELL", text]` or `["NONE"]`. */
  readonly Test?: readonly string[];
  /** Between two checks. */
  readonly Interval?: number;
  /** For one check. */
  readonly Timeout?: number;
  /** Failures until unhealthy. */
  readonly Retries?: number;
  /** Time in which failures do not count. */
  readonly StartPeriod?: number;
  /** Between two checks in that time (API 1.44 and newer). */
  readonly StartInterval?: number;
}

/** One published port. */
export interface PortBinding {
  /** Address on the host; empty: all. */
  readonly HostIp?: string;
  /** Port on the host; empty: a free one. */
  readonly HostPort?: string;
}

/** One mount. */
export interface Mount {
  /** Host path, volume name, or absent for a tmpfs. */
  readonly Source?: string;
  /** Path inside. */
  readonly Target: string;
  /** Kind. */
  readonly Type: "bind" | "volume" | "tmpfs";
  /** Whether it cannot be written to. */
  readonly ReadOnly?: boolean;
  /** For binds. */
  readonly BindOptions?: { readonly Propagation?: string };
  /** For volumes. */
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Labels?: StringMap };
  /** For tmpfs; size in bytes. */
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

/** One limit of a process. */
export interface Ulimit {
  /** `nofile` and the like. */
  readonly Name: string;
  /** Soft limit. */
  readonly Soft: number;
  /** Hard limit. */
  readonly Hard: number;
}

/** A device of the host. */
export interface DeviceMapping {
  /** Path on the host. */
  readonly PathOnHost: string;
  /** Path inside. */
  readonly PathInContainer: string;
  /** Any of `r`, `w`, `m`. */
  readonly CgroupPermissions: string;
}

/** What of a container concerns the host. */
export interface HostConfig {
  /** `host:container[:ro]`. */
  readonly Binds?: readonly string[];
  /** Mounts. */
  readonly Mounts?: readonly Mount[];
  /** Temporary file systems: path to options. */
  readonly Tmpfs?: StringMap;
  /** OCI annotations (API 1.43 and newer). */
  readonly Annotations?: StringMap;
  /** Name of a network, `bridge`, `host`, `none` or `container:ID`. */
  readonly NetworkMode?: string;
  /** Published ports: `8080/tcp` to bindings. */
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[]>>;
  /** Whether all exposed ports are published. */
  readonly PublishAllPorts?: boolean;
  /** What happens when it ends. */
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number };
  /** Whether the engine removes it when it ends. */
  readonly AutoRemove?: boolean;
  /** Added capabilities. */
  readonly CapAdd?: readonly string[];
  /** Dropped capabilities. */
  readonly CapDrop?: readonly string[];
  /** Kernel parameters. */
  readonly Sysctls?: StringMap;
  /** Devices. */
  readonly Devices?: readonly DeviceMapping[];
  /** Rules for devices, for example `c 1:3 rwm`. */
  readonly DeviceCgroupRules?: readonly string[];
  /** Devices that a driver gives, GPUs for example. */
  readonly DeviceRequests?: readonly DeviceRequest[];
  /** Containers whose mounts it gets, `ID[:ro]`. */
  readonly VolumesFrom?: readonly string[];
  /** Whether it may do everything. */
  readonly Privileged?: boolean;
  /** Whether an init process runs as process 1. */
  readonly Init?: boolean;
  /** Bytes of memory. */
  readonly Memory?: number;
  /** Bytes of memory and swap; -1 without limit. */
  readonly MemorySwap?: number;
  /** Bytes that it keeps under pressure. */
  readonly MemoryReservation?: number;
  /** Billionths of a processor. */
  readonly NanoCpus?: number;
  /** Relative weight. */
  readonly CpuShares?: number;
  /** Processors, for example `0,2-3`. */
  readonly CpusetCpus?: string;
  /** Microseconds of one period of the scheduler. */
  readonly CpuPeriod?: number;
  /** Microseconds of processor time in one period. */
  readonly CpuQuota?: number;
  /** Microseconds of one period for real-time tasks. */
  readonly CpuRealtimePeriod?: number;
  /** Microseconds for real-time tasks in one period. */
  readonly CpuRealtimeRuntime?: number;
  /** Processes at most. */
  readonly PidsLimit?: number;
  /** Tendency to swap, 0 to 100. */
  readonly MemorySwappiness?: number;
  /** Whether the out-of-memory killer spares it. */
  readonly OomKillDisable?: boolean;
  /** Relative weight of its block devices' use, 10 to 1000. */
  readonly BlkioWeight?: number;
  /** The same for single devices. */
  readonly BlkioWeightDevice?: readonly { readonly Path: string; readonly Weight: number }[];
  /** Bytes a second that it reads at most. */
  readonly BlkioDeviceReadBps?: readonly DeviceRate[];
  /** Bytes a second that it writes at most. */
  readonly BlkioDeviceWriteBps?: readonly DeviceRate[];
  /** Operations a second that read at most. */
  readonly BlkioDeviceReadIOps?: readonly DeviceRate[];
  /** Operations a second that write at most. */
  readonly BlkioDeviceWriteIOps?: readonly DeviceRate[];
  /** Bytes of `/dev/shm`. */
  readonly ShmSize?: number;
  /** Limits of its processes. */
  readonly Ulimits?: readonly Ulimit[];
  /** Name servers. */
  readonly Dns?: readonly string[];
  /** Options of the resolver. */
  readonly DnsOptions?: readonly string[];
  /** Search domains. */
  readonly DnsSearch?: readonly string[];
  /** `name:address`. */
  readonly ExtraHosts?: readonly string[];
  /** Further groups. */
  readonly GroupAdd?: readonly string[];
  /** `host`, `container:ID` or empty. */
  readonly PidMode?: string;
  /** `none`, `private`, `shareable`, `host` or `container:ID`. */
  readonly IpcMode?: string;
  /** `host` or empty. */
  readonly UTSMode?: string;
  /** `host` or empty. */
  readonly UsernsMode?: string;
  /** Whether the root file system cannot be written to. */
  readonly ReadonlyRootfs?: boolean;
  /** `no-new-privileges` and the like. */
  readonly SecurityOpt?: readonly string[];
  /** OCI runtime. */
  readonly Runtime?: string;
  /** Logging driver. */
  readonly LogConfig?: { readonly Type: string; readonly Config?: StringMap };
  /** Preference of the out-of-memory killer. */
  readonly OomScoreAdj?: number;
  /** Parent cgroup. */
  readonly CgroupParent?: string;
  /** `host` or `private`. */
  readonly CgroupnsMode?: string;
  /** Options of the storage driver. */
  readonly StorageOpt?: StringMap;
}

/** One end of a container in a network. */
export interface EndpointConfig {
  /** Further names in that network. */
  readonly Aliases?: readonly string[];
  /** Static addresses. */
  readonly IPAMConfig?: {
    readonly IPv4Address?: string;
    readonly IPv6Address?: string;
    readonly LinkLocalIPs?: readonly string[];
  };
  /** MAC address (API 1.44 and newer). */
  readonly MacAddress?: string;
  /** Options of the network's driver. */
  readonly DriverOpts?: StringMap;
}

/** How fast a block device may be used. */
export interface DeviceRate {
  /** Path on the host. */
  readonly Path: string;
  /** A second. */
  readonly Rate: number;
}

/** Devices that a driver of the engine chooses. */
export interface DeviceRequest {
  /** For example `nvidia`. */
  readonly Driver?: string;
  /** How many; -1 for all. */
  readonly Count?: number;
  /** Instead of a number. */
  readonly DeviceIDs?: readonly string[];
  /** Any list of which all are wanted, for example `[["gpu"]]`. */
  readonly Capabilities?: readonly (readonly string[])[];
  /** For the driver. */
  readonly Options?: StringMap;
}

/** Answer of `GET /containers/{id}/json`, in part. */
export interface ContainerInspect {
  /** Id, 64 hexadecimal digits. */
  readonly Id: string;
  /** Name with a slash before it. */
  readonly Name: string;
  /** Id of its image. */
  readonly Image: string;
  /** When it was created, RFC 3339. */
  readonly Created: string;
  /** How often the engine restarted it. */
  readonly RestartCount: number;
  /** Whether it runs, and how it ended. */
  readonly State: ContainerState;
  /** How it was made. */
  readonly Config: {
    readonly Image: string;
    readonly Tty: boolean;
    readonly Env: readonly string[] | null;
    readonly Cmd: readonly string[] | null;
    readonly Entrypoint: readonly string[] | null;
    readonly Labels: StringMap | null;
    readonly Hostname: string;
    readonly User: string;
    readonly WorkingDir: string;
    readonly StopSignal?: string;
    readonly OpenStdin: boolean;
    readonly Healthcheck?: HealthConfig;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
  };
  /** What of it concerns the host. */
  readonly HostConfig: HostConfig;
  /** What is mounted. */
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  /** Addresses and ports. */
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly Required<PortBinding>[] | null>> | null;
    readonly Networks: Readonly<Record<string, EndpointSettings>>;
  };
}

/** Whether a container runs, and how it ended. */
export interface ContainerState {
  /** The state in one word. */
  readonly Status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  /** Whether its first process lives. */
  readonly Running: boolean;
  /** Whether it is frozen. */
  readonly Paused: boolean;
  /** Whether the kernel killed it for memory. */
  readonly OOMKilled: boolean;
  /** Process id on the engine's machine; 0 when it does not run. */
  readonly Pid: number;
  /** Exit code of the last run. */
  readonly ExitCode: number;
  /** The daemon's words when it could not start. */
  readonly Error: string;
  /** RFC 3339. */
  readonly StartedAt: string;
  /** RFC 3339. */
  readonly FinishedAt: string;
  /** Absent without a health check. */
  readonly Health?: HealthState;
}

/** What the health check says. */
export interface HealthState {
  /** The state in one word. */
  readonly Status: "none" | "starting" | "healthy" | "unhealthy";
  /** Failures in a row. */
  readonly FailingStreak: number;
  /** The last five checks. */
  readonly Log:
    | readonly { readonly ExitCode: number; readonly Output: string; readonly Start: string }[]
    | null;
}

/** One end of a container in a network, as it is. */
export interface EndpointSettings {
  /** Id of the network. */
  readonly NetworkID: string;
  /** IPv4 address; empty until the container runs. */
  readonly IPAddress: string;
  /** IPv6 address; empty without. */
  readonly GlobalIPv6Address: string;
  /** MAC address. */
  readonly MacAddress: string;
  /** Names in that network. */
  readonly Aliases: readonly string[] | null;
}

/** One item of `GET /containers/json`. */
export interface ContainerSummary {
  /** Id. */
  readonly Id: string;
  /** Names with a slash before each. */
  readonly Names: readonly string[];
  /** Image reference. */
  readonly Image: string;
  /** Image id. */
  readonly ImageID: string;
  /** Seconds since 1970. */
  readonly Created: number;
  /** Labels. */
  readonly Labels: StringMap;
  /** The state in one word. */
  readonly State: ContainerState["Status"];
  /** The state in words, for example `Up 2 minutes (healthy)`. */
  readonly Status: string;
  /** Ports. */
  readonly Ports: readonly {
    readonly IP?: string;
    readonly PrivatePort: number;
    readonly PublicPort?: number;
    readonly Type: string;
  }[];
  /** Networks. */
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, EndpointSettings>> };
}

/** Body of `POST /networks/create`. */
export interface NetworkCreateBody {
  /** Name. */
  readonly Name: string;
  /** Driver. Default `bridge`. */
  readonly Driver?: string;
  /** Whether it has no way out. */
  readonly Internal?: boolean;
  /** Whether containers outside of the program may join. */
  readonly Attachable?: boolean;
  /** Whether it has IPv6. */
  readonly EnableIPv6?: boolean;
  /** Addresses. */
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Config?: readonly {
      readonly Subnet?: string;
      readonly IPRange?: string;
      readonly Gateway?: string;
      readonly AuxiliaryAddresses?: StringMap;
    }[];
    readonly Options?: StringMap;
  };
  /** Options of the driver. */
  readonly Options?: StringMap;
  /** Labels. */
  readonly Labels?: StringMap;
}

/** Answer of `GET /networks/{id}`, in part. */
export interface NetworkInspect {
  /** Name. */
  readonly Name: string;
  /** Id. */
  readonly Id: string;
  /** RFC 3339. */
  readonly Created: string;
  /** Driver. */
  readonly Driver: string;
  /** Whether it has no way out. */
  readonly Internal: boolean;
  /** Whether it has IPv6. */
  readonly EnableIPv6: boolean;
  /** Labels. */
  readonly Labels: StringMap | null;
  /** Addresses. */
  readonly IPAM: {
    readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
  /** Containers in it, by id; absent in a list. */
  readonly Containers?: Readonly<Record<string, { readonly Name: string }>>;
}

/** Answer of `GET /images/{name}/json`, in part. */
export interface ImageInspect {
  /** Id, `sha256:…`. */
  readonly Id: string;
  /** References with a tag. */
  readonly RepoTags: readonly string[] | null;
  /** References with a digest. */
  readonly RepoDigests: readonly string[] | null;
  /** Bytes. */
  readonly Size: number;
  /** RFC 3339. */
  readonly Created: string;
  /** For example `amd64`. */
  readonly Architecture: string;
  /** For example `linux`. */
  readonly Os: string;
  /** What containers made from it inherit. */
  readonly Config: {
    readonly Labels?: StringMap | null;
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Healthcheck?: HealthConfig;
  } | null;
}

/** One item of `GET /images/json`. */
export interface ImageSummary {
  /** Id. */
  readonly Id: string;
  /** References with a tag. */
  readonly RepoTags: readonly string[] | null;
  /** Labels. */
  readonly Labels: StringMap | null;
  /** Seconds since 1970. */
  readonly Created: number;
  /** Bytes. */
  readonly Size: number;
}

/** One item of the list of `GET /volumes`, and the answer of `GET /volumes/{name}`. */
export interface VolumeInspect {
  /** Name. */
  readonly Name: string;
  /** Driver. */
  readonly Driver: string;
  /** Path on the engine's machine. */
  readonly Mountpoint: string;
  /** Labels. */
  readonly Labels: StringMap | null;
  /** RFC 3339. */
  readonly CreatedAt?: string;
}

/** One item of `GET /events`. */
export interface EngineEvent {
  /** `container`, `network`, `image`, `volume`, … */
  readonly Type: string;
  /** `start`, `die`, `health_status: healthy`, … */
  readonly Action: string;
  /** Whom it is about. */
  readonly Actor: { readonly ID: string; readonly Attributes: StringMap };
  /** Seconds since 1970. */
  readonly time: number;
  /** Nanoseconds since 1970; loses digits as a JavaScript number. */
  readonly timeNano: number;
}

/** One line of the progress of a pull, a push, an import or a build. */
export interface ProgressLine {
  /** Layer or step. */
  readonly id?: string;
  /** What is going on. */
  readonly status?: string;
  /** Output of a build. */
  readonly stream?: string;
  /** Bytes. */
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** Result of a build: `{ID}`. */
  readonly aux?: unknown;
  /** Failure, with HTTP status 200. */
  readonly error?: string;
  /** Failure in detail. */
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
}

/** Answer of `GET /version`, in part. */
export interface EngineVersion {
  /** For example `20.10.24+dfsg1`. */
  readonly Version: string;
  /** Newest API. */
  readonly ApiVersion: string;
  /** Oldest API. */
  readonly MinAPIVersion?: string;
  /** For example `linux`. */
  readonly Os: string;
  /** For example `amd64`. */
  readonly Arch: string;
  /** Parts; podman names itself here. */
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[];
}

/** Answer of `GET /info`, in part. */
export interface EngineInfo {
  /** Unique id of the engine. */
  readonly ID: string;
  /** Host name of its machine. */
  readonly Name: string;
  /** Storage driver. */
  readonly Driver: string;
  /** `1` or `2`. */
  readonly CgroupVersion?: string;
  /** Processors. */
  readonly NCPU: number;
  /** Bytes. */
  readonly MemTotal: number;
  /** Data directory. */
  readonly DockerRootDir: string;
  /** Version. */
  readonly ServerVersion: string;
  /** For example `name=rootless`. */
  readonly SecurityOptions?: readonly string[] | null;
  /** What the daemon warns about. */
  readonly Warnings?: readonly string[] | null;
}

/** What a prune removed. */
export interface PruneReport {
  /** Ids or names. */
  readonly deleted: readonly string[];
  /** Bytes that became free. */
  readonly reclaimedBytes: number;
}

/** One item of `GET /images/{name}/history`. */
export interface ImageLayer {
  /** Id, or `<missing>`. */
  readonly Id: string;
  /** Seconds since 1970. */
  readonly Created: number;
  /** The instruction that made it. */
  readonly CreatedBy: string;
  /** References with a tag. */
  readonly Tags: readonly string[] | null;
  /** Bytes. */
  readonly Size: number;
  /** Remark. */
  readonly Comment: string;
}

/** Answer of `GET /containers/{id}/top`. */
export interface ContainerProcesses {
  /** Names of the columns of `ps`. */
  readonly Titles: readonly string[];
  /** One row for each process. */
  readonly Processes: readonly (readonly string[])[];
}

/** One sample of `GET /containers/{id}/stats`, in part. */
export interface ContainerStats {
  /** When it was taken, RFC 3339. */
  readonly read: string;
  /** Processor use since the start. */
  readonly cpu_stats: CpuSample;
  /** Processor use at the sample before. */
  readonly precpu_stats: CpuSample;
  /** Memory. */
  readonly memory_stats: {
    /** Bytes in use, with the page cache. */
    readonly usage?: number;
    /** Most bytes in use so far (control groups v1). */
    readonly max_usage?: number;
    /** Bytes at most. */
    readonly limit?: number;
    /** As the kernel has it. */
    readonly stats?: Readonly<Record<string, number>>;
  };
  /** Processes. */
  readonly pids_stats: { readonly current?: number };
  /** By interface; absent without a network. */
  readonly networks?: Readonly<
    Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>
  >;
}

/** Processor use of a container. */
export interface CpuSample {
  /** Nanoseconds. */
  readonly cpu_usage: { readonly total_usage: number };
  /** Nanoseconds of the whole machine. */
  readonly system_cpu_usage?: number;
  /** Processors. */
  readonly online_cpus?: number;
}

/** Limits that a container can be given while it runs. */
export type ContainerUpdateBody = Pick<
  HostConfig,
  | "Memory"
  | "MemorySwap"
  | "MemoryReservation"
  | "NanoCpus"
  | "CpuShares"
  | "CpusetCpus"
  | "PidsLimit"
  | "RestartPolicy"
>;

/** One item of `GET /containers/{id}/changes`. */
export interface FileChange {
  /** Path in the container. */
  readonly Path: string;
  /** 0 changed, 1 added, 2 removed. */
  readonly Kind: 0 | 1 | 2;
}

/** What `HEAD /containers/{id}/archive` tells of a file. */
export interface ContainerPathInfo {
  /** Last part of the path. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Kind and permissions as Go's `fs.FileMode` has them: the low nine bits are the permissions. */
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  /** Where a symbolic link leads; empty otherwise. */
  readonly linkTarget: string;
}

/** Answer of `GET /system/df`, in part. */
export interface DiskUsage {
  /** Bytes of all layers. */
  readonly LayersSize: number;
  /** Images. */
  readonly Images: readonly (ImageSummary & { readonly SharedSize: number })[] | null;
  /** Containers. */
  readonly Containers: readonly (ContainerSummary & { readonly SizeRw?: number })[] | null;
  /** Volumes. */
  readonly Volumes:
    | readonly (VolumeInspect & {
      readonly UsageData?: { readonly Size: number; readonly RefCount: number } | null;
    })[]
    | null;
  /** What builds keep. */
  readonly BuildCache: readonly { readonly ID: string; readonly Size: number }[] | null;
}
