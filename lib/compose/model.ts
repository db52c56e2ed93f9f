/**
 * The resolved model of a project, named and spelled as the Compose Specification has it in its
 * canonical form (https://github.com/compose-spec/compose-spec/blob/main/spec.md): every short form
 * is written out, paths are absolute, variables are replaced. Durations are texts such as `1m30s`,
 * sizes are texts with a number of bytes.
 *
 * @module
 */

/** Names to texts. */
export type Texts = Readonly<Record<string, string>>;

/** Everything of one project, as plain data. */
export interface ComposeModel {
  /** Name of the project. */
  readonly name: string;
  /** The services that are enabled. */
  readonly services: Readonly<Record<string, Service>>;
  /** The networks that they use. */
  readonly networks?: Readonly<Record<string, Network>>;
  /** The volumes. */
  readonly volumes?: Readonly<Record<string, Volume>>;
  /** The secrets. */
  readonly secrets?: Readonly<Record<string, FileObject>>;
  /** The configs. */
  readonly configs?: Readonly<Record<string, FileObject>>;
}

/** One service. */
export interface Service {
  /** Profiles of which one must be active. */
  readonly profiles?: readonly string[];
  /** OCI annotations. */
  readonly annotations?: Texts;
  /** Whether its output is shown. */
  readonly attach?: boolean;
  /** How its image is built. */
  readonly build?: Build;
  /** Share and limits of block devices. */
  readonly blkio_config?: BlockIo;
  /** Added capabilities. */
  readonly cap_add?: readonly string[];
  /** Dropped capabilities. */
  readonly cap_drop?: readonly string[];
  /** Whose cgroups it sees. */
  readonly cgroup?: "host" | "private";
  /** Parent cgroup. */
  readonly cgroup_parent?: string;
  /** Arguments. */
  readonly command?: readonly string[];
  /** Configs that become files. */
  readonly configs?: readonly FileReference[];
  /** Name of its container on the engine. */
  readonly container_name?: string;
  /** One period of the scheduler in microseconds. */
  readonly cpu_period?: number;
  /** Processor time in one period in microseconds. */
  readonly cpu_quota?: number;
  /** One period for real-time tasks in microseconds. */
  readonly cpu_rt_period?: number;
  /** Time of real-time tasks in one period in microseconds. */
  readonly cpu_rt_runtime?: number;
  /** Relative weight of processor time. */
  readonly cpu_shares?: number;
  /** Processors' worth of time. */
  readonly cpus?: number;
  /** The processors that it may use. */
  readonly cpuset?: string;
  /** What must be there before it starts. */
  readonly depends_on?: Readonly<Record<string, Dependency>>;
  /** Replicas and limits. */
  readonly deploy?: Deploy;
  /** Rules for devices. */
  readonly device_cgroup_rules?: readonly string[];
  /** Devices of the host. */
  readonly devices?: readonly Device[];
  /** Name servers. */
  readonly dns?: readonly string[];
  /** Options of the resolver. */
  readonly dns_opt?: readonly string[];
  /** Search domains. */
  readonly dns_search?: readonly string[];
  /** Domain name. */
  readonly domainname?: string;
  /** Program and first arguments. */
  readonly entrypoint?: readonly string[];
  /** Variables; `null` for one that is not set anywhere. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Ports for other containers. */
  readonly expose?: readonly string[];
  /** Further lines of `/etc/hosts`, `name=address`. */
  readonly extra_hosts?: readonly string[];
  /** Devices for graphics and computing. */
  readonly gpus?: readonly DeviceRequest[];
  /** Further groups. */
  readonly group_add?: readonly string[];
  /** Health check. */
  readonly healthcheck?: Healthcheck;
  /** Host name. */
  readonly hostname?: string;
  /** Image reference. */
  readonly image?: string;
  /** Whether an init process runs. */
  readonly init?: boolean;
  /** Shared memory of whom. */
  readonly ipc?: string;
  /** Labels. */
  readonly labels?: Texts;
  /** Other services under other names, `service:alias`. */
  readonly links?: readonly string[];
  /** Logging. */
  readonly logging?: { readonly driver?: string; readonly options?: Texts };
  /** MAC address. */
  readonly mac_address?: string;
  /** Limit of its memory in bytes. */
  readonly mem_limit?: string;
  /** Memory that it keeps, in bytes. */
  readonly mem_reservation?: string;
  /** Tendency of the kernel to swap it out. */
  readonly mem_swappiness?: number;
  /** Limit of memory and swap in bytes, `-1` for none. */
  readonly memswap_limit?: string;
  /** `host`, `none`, `bridge`, `service:NAME` or `container:NAME`. */
  readonly network_mode?: string;
  /** Networks it is in; `null` without further settings. */
  readonly networks?: Readonly<Record<string, ServiceNetwork | null>>;
  /** Whether the out-of-memory killer spares it. */
  readonly oom_kill_disable?: boolean;
  /** Preference of the out-of-memory killer. */
  readonly oom_score_adj?: number;
  /** Processes of whom. */
  readonly pid?: string;
  /** Processes at most. */
  readonly pids_limit?: number;
  /** For example `linux/arm64`. */
  readonly platform?: string;
  /** Published ports. */
  readonly ports?: readonly Port[];
  /** Whether it may do everything. */
  readonly privileged?: boolean;
  /** When its image is pulled. */
  readonly pull_policy?: "always" | "never" | "missing" | "build";
  /** Whether its root file system cannot be written to. */
  readonly read_only?: boolean;
  /** When it is started again. */
  readonly restart?: string;
  /** OCI runtime. */
  readonly runtime?: string;
  /** Number of its containers. */
  readonly scale?: number;
  /** Secrets that become files. */
  readonly secrets?: readonly FileReference[];
  /** For example `no-new-privileges`. */
  readonly security_opt?: readonly string[];
  /** Size of `/dev/shm` in bytes. */
  readonly shm_size?: string;
  /** Whether its input stays open. */
  readonly stdin_open?: boolean;
  /** How long it may take to end. */
  readonly stop_grace_period?: string;
  /** Signal that asks it to end. */
  readonly stop_signal?: string;
  /** Options of the storage driver. */
  readonly storage_opt?: Texts;
  /** Kernel parameters. */
  readonly sysctls?: Texts;
  /** File systems in memory, `path[:options]`. */
  readonly tmpfs?: readonly string[];
  /** Whether a terminal is allocated. */
  readonly tty?: boolean;
  /** Limits of its processes. */
  readonly ulimits?: Readonly<
    Record<string, number | { readonly soft: number; readonly hard: number }>
  >;
  /** `user[:group]`. */
  readonly user?: string;
  /** User namespace. */
  readonly userns_mode?: string;
  /** UTS namespace. */
  readonly uts?: string;
  /** What is mounted. */
  readonly volumes?: readonly ServiceVolume[];
  /** Services, or containers, whose volumes it gets: `service[:ro]`, `container:name[:ro]`. */
  readonly volumes_from?: readonly string[];
  /** Directory of its program. */
  readonly working_dir?: string;
}

/** How an image is built. */
export interface Build {
  /** Directory, absolute. */
  readonly context?: string;
  /** Dockerfile, relative to the context. */
  readonly dockerfile?: string;
  /** Dockerfile as text. */
  readonly dockerfile_inline?: string;
  /** Build arguments; `null` for one that is not set anywhere. */
  readonly args?: Readonly<Record<string, string | null>>;
  /** Labels of the image. */
  readonly labels?: Texts;
  /** Network of the steps. */
  readonly network?: string;
  /** Images whose cached steps count. */
  readonly cache_from?: readonly string[];
  /** Further lines of `/etc/hosts`, `name=address`. */
  readonly extra_hosts?: readonly string[];
  /** Whether nothing cached is used. */
  readonly no_cache?: boolean;
  /** Platforms; only one is possible. */
  readonly platforms?: readonly string[];
  /** Whether base images are always pulled. */
  readonly pull?: boolean;
  /** Secrets of the steps. */
  readonly secrets?: readonly FileReference[];
  /** Further names of the image. */
  readonly tags?: readonly string[];
  /** Stage. */
  readonly target?: string;
}

/** What is waited for of another service. */
export interface Dependency {
  /** When it counts as there. */
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  /** Whether it must exist. */
  readonly required: boolean;
  /** Whether a restart of the other one restarts this one. */
  readonly restart?: boolean;
}

/** Replicas and limits. */
export interface Deploy {
  /** Number of containers. */
  readonly replicas?: number;
  /** Limits and reservations. */
  readonly resources?: {
    readonly limits?: {
      readonly cpus?: number;
      readonly memory?: string;
      readonly pids?: number;
    };
    readonly reservations?: {
      readonly memory?: string;
      readonly devices?: readonly DeviceRequest[];
    };
  };
  /** When a container is started again. */
  readonly restart_policy?: {
    readonly condition?: "none" | "on-failure" | "any";
    readonly max_attempts?: number;
  };
}

/** Devices that a driver of the engine chooses. */
export interface DeviceRequest {
  /** What they must be able to do. */
  readonly capabilities: readonly string[];
  /** The driver. */
  readonly driver?: string;
  /** How many. */
  readonly count?: number | "all";
  /** Which ones. */
  readonly device_ids?: readonly string[];
  /** For the driver. */
  readonly options?: Texts;
}

/** How fast a block device may be used. */
export interface BlockDeviceRate {
  /** Path on the host. */
  readonly path: string;
  /** Bytes or operations a second. */
  readonly rate: number;
}

/** Share and limits of block devices. */
export interface BlockIo {
  /** Relative weight. */
  readonly weight?: number;
  /** The same for single devices. */
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  /** Bytes a second that are read. */
  readonly device_read_bps?: readonly BlockDeviceRate[];
  /** Bytes a second that are written. */
  readonly device_write_bps?: readonly BlockDeviceRate[];
  /** Operations a second that read. */
  readonly device_read_iops?: readonly BlockDeviceRate[];
  /** Operations a second that write. */
  readonly device_write_iops?: readonly BlockDeviceRate[];
}

/** A device of the host. */
export interface Device {
  /** Path on the host. */
  readonly source: string;
  /** Path inside. */
  readonly target: string;
  /** Any of `r`, `w`, `m`. */
  readonly permissions: string;
}

/** A config or secret that becomes a file. */
export interface FileReference {
  /** Its name in the project. */
  readonly source: string;
  /** Path inside; in a build its id. */
  readonly target?: string;
  /** Owner. */
  readonly uid?: string;
  /** Group. */
  readonly gid?: string;
  /** Permission bits, octal. */
  readonly mode?: string;
}

/** Health check. */
export interface Healthcheck {
  /** `NONE`, `CMD` or `CMD-SHELL`, and words. */
  readonly test?: readonly string[];
  /** For one check. */
  readonly timeout?: string;
  /** Between two checks. */
  readonly interval?: string;
  /** Failures in a row. */
  readonly retries?: number;
  /** How long failures do not count. */
  readonly start_period?: string;
  /** Between two checks in that time. */
  readonly start_interval?: string;
  /** Whether the check of the image is switched off. */
  readonly disable?: boolean;
}

/** How a service is in a network. */
export interface ServiceNetwork {
  /** Further names. */
  readonly aliases?: readonly string[];
  /** Static address. */
  readonly ipv4_address?: string;
  /** Static address. */
  readonly ipv6_address?: string;
  /** Link-local addresses. */
  readonly link_local_ips?: readonly string[];
  /** Options of the driver. */
  readonly driver_opts?: Texts;
  /** MAC address. */
  readonly mac_address?: string;
  /** The network of the highest one is connected first. */
  readonly priority?: number;
}

/** A published port. */
export interface Port {
  /** Name of it, for people. */
  readonly name?: string;
  /** `ingress` or `host`, which are the same on one machine. */
  readonly mode: "ingress" | "host";
  /** Address of the host. */
  readonly host_ip?: string;
  /** Port inside. */
  readonly target: number;
  /** Port or range of the host. */
  readonly published?: string;
  /** Protocol. */
  readonly protocol: "tcp" | "udp" | "sctp";
  /** For people and proxies. */
  readonly app_protocol?: string;
}

/** What is mounted. */
export interface ServiceVolume {
  /** Kind. */
  readonly type: "bind" | "volume" | "tmpfs";
  /** Path of the host, or name of a volume. */
  readonly source?: string;
  /** Path inside. */
  readonly target: string;
  /** Whether it cannot be written to. */
  readonly read_only?: boolean;
  /** For a path of the host. */
  readonly bind?: {
    readonly create_host_path?: boolean;
    readonly propagation?: string;
    readonly selinux?: "z" | "Z";
  };
  /** For a volume. */
  readonly volume?: { readonly nocopy?: boolean };
  /** For memory; size in bytes, mode in octal digits. */
  readonly tmpfs?: { readonly size?: string; readonly mode?: string };
}

/** One network. */
export interface Network {
  /** Name on the engine. */
  readonly name: string;
  /** Driver. */
  readonly driver?: string;
  /** Options of the driver. */
  readonly driver_opts?: Texts;
  /** Addresses. */
  readonly ipam?: {
    readonly driver?: string;
    readonly config?: readonly {
      readonly subnet?: string;
      readonly ip_range?: string;
      readonly gateway?: string;
      readonly aux_addresses?: Texts;
    }[];
    readonly options?: Texts;
  };
  /** Whether it is there already. */
  readonly external?: boolean;
  /** Whether it has no way out. */
  readonly internal?: boolean;
  /** Whether other containers may be connected. */
  readonly attachable?: boolean;
  /** Whether it has IPv6. */
  readonly enable_ipv6?: boolean;
  /** Labels. */
  readonly labels?: Texts;
}

/** One volume. */
export interface Volume {
  /** Name on the engine. */
  readonly name: string;
  /** Driver. */
  readonly driver?: string;
  /** Options of the driver. */
  readonly driver_opts?: Texts;
  /** Whether it is there already. */
  readonly external?: boolean;
  /** Labels. */
  readonly labels?: Texts;
}

/** One config or secret. */
export interface FileObject {
  /** Its full name. */
  readonly name: string;
  /** File of the host, absolute. */
  readonly file?: string;
  /** What is in it; only a config has it. */
  readonly content?: string;
  /** Variable that it is taken from. */
  readonly environment?: string;
}
