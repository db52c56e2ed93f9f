import type {
  ContainerCreateBody,
  DeviceRequest,
  EndpointConfig,
  HealthConfig,
  HostConfig,
  Mount,
  PortBinding,
} from "../engine/mod.ts";
import type {
  BlockIoSpec,
  ContainerSpec,
  DeviceRateSpec,
  DeviceRequestSpec,
  EndpointSpec,
  HealthSpec,
  NamedVolumeSpec,
  PortSpec,
  RestartSpec,
  VolumeSpec,
} from "./spec.ts";
import { splitVolumesFrom } from "./spec.ts";

/** What of a container is known only when it is about to be made. */
export interface CreateContext {
  /** Id or reference of its image. */
  readonly image: string;
  /** The network on the engine. */
  readonly network: string;
  /** Names on the engine of the further networks, by key. */
  readonly networks?: ReadonlyMap<string, string>;
  /** All its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute path for each path of a bind. */
  readonly resolveBind: (path: string) => string;
  /** Name on the engine for each named volume. */
  readonly resolveVolume?: (name: string) => string;
  /** Labels of a named volume that is made for it. */
  readonly volumeLabels?: (name: string) => Readonly<Record<string, string>>;
  /** Name on the engine for each other node, for `container:NAME`. */
  readonly resolveContainer?: (name: string) => string;
}

/** The engine makes the first health check only after one interval; Docker's own default is 30 s. */
const HEALTH_INTERVAL_MS = 300;
const HEALTH_TIMEOUT_MS = 5_000;
const HEALTH_RETRIES = 3;
const HEALTH_START_PERIOD_MS = 30_000;

/**
 * Turns a specification into the body of the engine's create call.
 *
 * @param spec The container.
 * @param context What is known only now.
 * @returns The body, without fields that nobody set.
 * @throws {RangeError} when a port cannot be one.
 */
export function createBody(spec: ContainerSpec, context: CreateContext): ContainerCreateBody {
  const ports = (spec.ports ?? []).map((port) => normalPort(spec.name, port));
  return compact<ContainerCreateBody>({
    Image: context.image,
    Cmd: spec.command,
    Entrypoint: spec.entrypoint,
    Env: spec.env === undefined
      ? undefined
      : Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels, ...context.labels },
    WorkingDir: spec.workdir,
    User: spec.user,
    Hostname: hostname(spec),
    Domainname: spec.domainname,
    Tty: spec.tty,
    OpenStdin: spec.stdin === undefined ? undefined : spec.stdin !== false,
    StdinOnce: spec.stdin === undefined ? undefined : spec.stdin !== false,
    AttachStdin: spec.stdin === "held" ? true : undefined,
    ExposedPorts: exposedPorts(spec, ports),
    Healthcheck: spec.health === undefined ? undefined : healthConfig(spec.health),
    StopSignal: spec.stopSignal,
    StopTimeout: spec.stopTimeoutMs === undefined
      ? undefined
      : Math.ceil(spec.stopTimeoutMs / 1000),
    MacAddress: spec.mac,
    HostConfig: hostConfig(spec, ports, context),
    NetworkingConfig: networkingConfig(spec, context),
  });
}

/**
 * Lists how a container is in its networks.
 *
 * @param spec The container.
 * @param context Names on the engine.
 * @returns Names of networks on the engine, the first one first; none with a network mode.
 */
export function endpointsOf(
  spec: ContainerSpec,
  context: Pick<CreateContext, "network" | "networks">,
): readonly (readonly [string, EndpointConfig])[] {
  if (spec.networkMode !== undefined) return [];
  if (spec.networks === undefined) return [[context.network, endpointConfig(spec, spec)]];
  return Object.entries(spec.networks).map(([key, endpoint]) => {
    const name = context.networks?.get(key);
    if (name === undefined) {
      throw new TypeError(`Container "${spec.name}" is in network "${key}", which is not defined`);
    }
    return [name, endpointConfig(spec, endpoint)] as const;
  });
}

// Before API 1.44 only one network can be given at the creation; the others are connected then.
function networkingConfig(spec: ContainerSpec, context: CreateContext) {
  const [first] = endpointsOf(spec, context);
  return first === undefined ? undefined : { EndpointsConfig: { [first[0]]: first[1] } };
}

// A host name of its own would contradict what is shared.
function hostname(spec: ContainerSpec): string | undefined {
  const mode = spec.networkMode ?? "";
  if (spec.uts === "host") return undefined;
  if (mode === "host" || mode.startsWith("container:")) return spec.hostname;
  return spec.hostname ?? spec.name;
}

function hostConfig(
  spec: ContainerSpec,
  ports: readonly Required<PortSpec>[],
  context: CreateContext,
): HostConfig {
  const shared = (mode: string | undefined) =>
    mode?.startsWith("container:")
      ? `container:${context.resolveContainer?.(mode.slice(10)) ?? mode.slice(10)}`
      : mode;
  const { volumes } = spec;
  return compact<HostConfig>({
    NetworkMode: shared(spec.networkMode) ?? endpointsOf(spec, context)[0]?.[0] ?? "none",
    Mounts: volumes?.filter((volume) => !isPlain(volume)).map((volume) => mount(volume, context)),
    Binds: plainBinds(volumes, context),
    Tmpfs: plainTmpfs(volumes),
    Annotations: spec.annotations,
    PortBindings: ports.length === 0 ? undefined : portBindings(ports),
    RestartPolicy: spec.restart === undefined ? undefined : restartPolicy(spec.restart),
    CapAdd: spec.capAdd,
    CapDrop: spec.capDrop,
    Sysctls: spec.sysctls,
    Devices: spec.devices?.map((device) => {
      const { host, container = host, permissions = "rwm" } = typeof device === "string"
        ? { host: device }
        : device;
      return { PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions };
    }),
    DeviceRequests: spec.deviceRequests?.map(deviceRequest),
    DeviceCgroupRules: spec.deviceCgroupRules,
    VolumesFrom: spec.volumesFrom?.map((text) => {
      const [name, mode] = splitVolumesFrom(text);
      return `${context.resolveContainer?.(name) ?? name}${mode}`;
    }),
    Privileged: spec.privileged,
    Init: spec.init,
    Memory: spec.memoryBytes,
    MemorySwap: spec.memorySwapBytes,
    MemoryReservation: spec.memoryReservationBytes,
    NanoCpus: spec.cpus === undefined ? undefined : Math.round(spec.cpus * 1e9),
    CpuShares: spec.cpuShares,
    CpusetCpus: spec.cpuset,
    CpuPeriod: spec.cpuPeriodUs,
    CpuQuota: spec.cpuQuotaUs,
    CpuRealtimePeriod: spec.cpuRealtimePeriodUs,
    CpuRealtimeRuntime: spec.cpuRealtimeRuntimeUs,
    PidsLimit: spec.pidsLimit,
    MemorySwappiness: spec.memorySwappiness,
    OomKillDisable: spec.oomKillDisable,
    ...blockIo(spec.blockIo ?? {}),
    ShmSize: spec.shmBytes,
    Ulimits: spec.ulimits === undefined
      ? undefined
      : Object.entries(spec.ulimits).map(([Name, { soft, hard = soft }]) => ({
        Name,
        Soft: soft,
        Hard: hard,
      })),
    Dns: spec.dns,
    DnsSearch: spec.dnsSearch,
    DnsOptions: spec.dnsOptions,
    ExtraHosts: spec.extraHosts === undefined
      ? undefined
      : Object.entries(spec.extraHosts).map(([name, address]) => `${name}:${address}`),
    GroupAdd: spec.groups,
    PidMode: shared(spec.pid),
    IpcMode: shared(spec.ipc),
    UTSMode: spec.uts,
    UsernsMode: spec.userns,
    ReadonlyRootfs: spec.readOnly,
    SecurityOpt: spec.securityOptions,
    Runtime: spec.runtime,
    LogConfig: spec.logging === undefined
      ? undefined
      : { Type: spec.logging.driver, Config: spec.logging.options ?? {} },
    OomScoreAdj: spec.oomScoreAdj,
    CgroupParent: spec.cgroupParent,
    CgroupnsMode: spec.cgroup,
    StorageOpt: spec.storageOptions,
  });
}

function endpointConfig({ name }: ContainerSpec, endpoint: EndpointSpec): EndpointConfig {
  const addresses = compact({
    IPv4Address: endpoint.ipv4,
    IPv6Address: endpoint.ipv6,
    LinkLocalIPs: endpoint.linkLocal,
  });
  return {
    Aliases: [...new Set([name, ...(endpoint.aliases ?? [])])],
    ...(Object.keys(addresses).length === 0 ? {} : { IPAMConfig: addresses }),
    ...(endpoint.mac === undefined ? {} : { MacAddress: endpoint.mac }),
    ...(endpoint.driverOptions === undefined ? {} : { DriverOpts: endpoint.driverOptions }),
  };
}

function deviceRequest(request: DeviceRequestSpec): DeviceRequest {
  const { driver, ids, count = ids === undefined ? "all" : undefined, capabilities, options } =
    request;
  return compact<DeviceRequest>({
    Driver: driver,
    Count: count === "all" ? -1 : count,
    DeviceIDs: ids,
    Capabilities: [capabilities],
    Options: options,
  });
}

function blockIo(io: BlockIoSpec): Partial<HostConfig> {
  const rates = (list: readonly DeviceRateSpec[] | undefined) =>
    list?.map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return {
    BlkioWeight: io.weight,
    BlkioWeightDevice: io.deviceWeights?.map(({ path, weight }) => ({
      Path: path,
      Weight: weight,
    })),
    BlkioDeviceReadBps: rates(io.readBytes),
    BlkioDeviceWriteBps: rates(io.writeBytes),
    BlkioDeviceReadIOps: rates(io.readOperations),
    BlkioDeviceWriteIOps: rates(io.writeOperations),
  };
}

// The engine takes labels for SELinux, and options of a tmpfs as they are, in the older form only.
function isPlain(volume: VolumeSpec): boolean {
  if ("bind" in volume) return volume.selinux !== undefined;
  return "tmpfs" in volume && volume.options !== undefined;
}

function plainBinds(
  volumes: readonly VolumeSpec[] | undefined,
  context: CreateContext,
): readonly string[] | undefined {
  const binds = (volumes ?? []).flatMap((volume) => {
    if (!("bind" in volume) || volume.selinux === undefined) return [];
    const { readOnly, propagation, selinux } = volume;
    const options = [
      readOnly === true ? "ro" : "rw",
      selinux,
      ...(propagation ? [propagation] : []),
    ];
    return [`${context.resolveBind(volume.bind)}:${volume.target}:${options.join(",")}`];
  });
  return binds.length === 0 ? undefined : binds;
}

function plainTmpfs(
  volumes: readonly VolumeSpec[] | undefined,
): Readonly<Record<string, string>> | undefined {
  const entries = (volumes ?? []).flatMap((volume) =>
    "tmpfs" in volume && volume.options !== undefined
      ? [[volume.tmpfs, volume.options] as const]
      : []
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function mount(volume: VolumeSpec, context: CreateContext): Mount {
  if ("bind" in volume) {
    return compact<Mount>({
      Type: "bind",
      Source: context.resolveBind(volume.bind),
      Target: volume.target,
      ReadOnly: volume.readOnly,
      BindOptions: volume.propagation === undefined
        ? undefined
        : { Propagation: volume.propagation },
    });
  }
  if ("volume" in volume) {
    return compact<Mount>({
      Type: "volume",
      Source: volume.volume === ""
        ? undefined
        : context.resolveVolume?.(volume.volume) ?? volume.volume,
      Target: volume.target,
      ReadOnly: volume.readOnly,
      VolumeOptions: volumeOptions(volume, context),
    });
  }
  return compact<Mount>({
    Type: "tmpfs",
    Target: volume.tmpfs,
    TmpfsOptions: compact({ SizeBytes: volume.sizeBytes, Mode: volume.mode }),
  });
}

// Labels count only where the engine makes the volume with this call: one that is there keeps its.
function volumeOptions({ volume, noCopy }: NamedVolumeSpec, { volumeLabels }: CreateContext) {
  const options = compact({
    NoCopy: noCopy,
    Labels: volume === "" ? undefined : volumeLabels?.(volume),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

function normalPort(name: string, port: number | PortSpec): Required<PortSpec> {
  const { container, host = 0, hostRange = "", hostIp = "127.0.0.1", protocol = "tcp" } =
    typeof port === "number" ? { container: port } as PortSpec : port;
  requirePort(name, container, 1);
  requirePort(name, host, 0);
  return { container, host, hostRange, hostIp, protocol };
}

function requirePort(name: string, port: number, min: number): void {
  if (Number.isInteger(port) && port >= min && port <= 65535) return;
  throw new RangeError(
    `Cannot publish port ${port} of container "${name}": it must be between ${min} and 65535`,
  );
}

function portBindings(
  ports: readonly Required<PortSpec>[],
): Readonly<Record<string, readonly PortBinding[]>> {
  const bindings: Record<string, PortBinding[]> = {};
  for (const { container, host, hostRange, hostIp, protocol } of ports) {
    const binding = { HostIp: hostIp, HostPort: host === 0 ? hostRange : String(host) };
    (bindings[`${container}/${protocol}`] ??= []).push(binding);
  }
  return bindings;
}

function exposedPorts(
  spec: ContainerSpec,
  ports: readonly Required<PortSpec>[],
): Readonly<Record<string, Record<string, never>>> | undefined {
  const names = [
    ...ports.map(({ container, protocol }) => `${container}/${protocol}`),
    ...(spec.expose ?? []).map((port) => String(port).includes("/") ? String(port) : `${port}/tcp`),
  ];
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
}

function restartPolicy(restart: RestartSpec): { Name: string; MaximumRetryCount?: number } {
  return typeof restart === "string"
    ? { Name: restart }
    : { Name: "on-failure", MaximumRetryCount: restart.onFailure.maxRetries };
}

/**
 * Turns a health check into the engine's form.
 *
 * @param health Program and arguments, a line for the shell, or all of it.
 * @returns Times in nanoseconds.
 */
export function healthConfig(health: readonly string[] | string | HealthSpec): HealthConfig {
  const spec = typeof health === "string" || Array.isArray(health)
    ? { test: health as readonly string[] | string }
    : health as HealthSpec;
  const { test } = spec;
  if (test?.length === 0) return { Test: ["NONE"] };
  return {
    Test: test === undefined
      ? []
      : typeof test === "string"
      ? ["CMD-SHELL", test]
      : ["CMD", ...test],
    Interval: nanoseconds(spec.intervalMs ?? HEALTH_INTERVAL_MS),
    Timeout: nanoseconds(spec.timeoutMs ?? HEALTH_TIMEOUT_MS),
    Retries: spec.retries ?? HEALTH_RETRIES,
    StartPeriod: nanoseconds(spec.startPeriodMs ?? HEALTH_START_PERIOD_MS),
    ...(spec.startIntervalMs === undefined
      ? {}
      : { StartInterval: nanoseconds(spec.startIntervalMs) }),
  };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

function compact<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as T;
}
