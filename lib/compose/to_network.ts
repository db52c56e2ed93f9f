import {
  type BlockIoSpec,
  container,
  type ContainerOptions,
  type ContainerSpec,
  type Dependencies,
  type DeviceRequestSpec,
  type DockerfileSource,
  type EndpointSpec,
  type FileSpec,
  type HealthSpec,
  type ImageSource,
  type NetworkDefinition,
  type NetworkOptions,
  type RestartSpec,
  type VolumeDefinition,
  type VolumeSpec,
} from "../containers/mod.ts";
import type {
  BlockIo,
  Build,
  ComposeModel,
  Dependency,
  DeviceRequest,
  FileReference,
  Healthcheck,
  Network,
  Port,
  Service,
  ServiceVolume,
} from "./model.ts";
import type { Project } from "./project.ts";
import { parseDuration } from "./quantities.ts";

/** What a project is as a network of `containers`: plain data. */
export interface ProjectNetwork {
  /** Name of the network. */
  readonly name: string;
  /** What `ContainerNetwork.create` takes, to be extended by engine, logs and the like. */
  readonly options: Required<Pick<NetworkOptions, "networks" | "volumes">>;
  /** The containers, each after those that it depends on. */
  readonly specs: readonly ContainerSpec[];
  /** Names of the containers of each service. */
  readonly containers: Readonly<Record<string, readonly string[]>>;
}

/** How a project becomes a network. */
export interface ToNetworkOptions {
  /** How many containers a service has, instead of what its file says. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Whether what can be built is built, or which services are; the rest must be there. Default `true`. */
  readonly build?: boolean | readonly string[];
  /**
   * What containers and networks without a name of their own are called on the engine. `run`: as a
   * `ContainerNetwork` does, with the id of the run. `project`: `project-service-1` and
   * `project_network` as Compose does, so that there can be one of them. Default `run`.
   */
  readonly names?: "run" | "project";
  /** When images are pulled where the file does not say. Default `missing`. */
  readonly pull?: "missing" | "always" | "never";
}

/**
 * Turns a project into what a `ContainerNetwork` runs. Nothing is read or made.
 *
 * @param project The project.
 * @param options Scale, builds, pulls.
 * @returns Options and containers; a service with one container gives it its name, one with several
 * names them `name-1`, `name-2` and so on.
 * @throws {RangeError} when a scale is no whole number, or names no service.
 * @example
 * ```ts no-eval
 * import { loadComposeProject, toNetwork } from "@superorch/superorch/compose";
 * import { ContainerNetwork } from "@superorch/superorch/containers";
 *
 * const { name, options, specs } = toNetwork(await loadComposeProject());
 * await using network = await ContainerNetwork.create(name, options);
 * network.add(...specs);
 * await network.run();
 * await network.wait();
 * ```
 */
export function toNetwork(project: Project, options: ToNetworkOptions = {}): ProjectNetwork {
  const { model } = project;
  const counts = new Map<string, number>();
  for (const [name, service] of Object.entries(model.services)) {
    const count = ownOf(options.scale ?? {}, name) ?? service.scale ?? service.deploy?.replicas ??
      1;
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Cannot scale service "${name}" to ${count}: it must be a whole number`);
    }
    counts.set(name, count);
  }
  for (const name of Object.keys(options.scale ?? {})) {
    if (!counts.has(name)) throw new RangeError(`Cannot scale "${name}": there is no such service`);
  }
  const containers: Record<string, readonly string[]> = {};
  for (const [name, count] of counts) {
    containers[name] = count === 1
      ? [name]
      : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
  }
  const specs = inOrder(model).flatMap((name) => {
    const service = model.services[name]!;
    return containers[name]!.map((own) =>
      container(
        own,
        imageOf(name, service, project, options),
        compact(optionsOf(name, own, service, { project, containers, options })),
      )
    );
  });
  return {
    name: project.name,
    options: {
      networks: Object.fromEntries(
        Object.entries(model.networks ?? {})
          .map(([key, network]) => [
            key,
            networkOf(
              network,
              options.names === "project" ? undefined : `${project.name}_${key}`,
            ),
          ]),
      ),
      volumes: mapValues(
        model.volumes ?? {},
        ({ name, external, driver, driver_opts, labels }) =>
          compact<VolumeDefinition>({ name, external, driver, driverOptions: driver_opts, labels }),
      ),
    },
    specs,
    containers,
  };
}

interface SpecContext {
  readonly project: Project;
  readonly containers: Readonly<Record<string, readonly string[]>>;
  readonly options: ToNetworkOptions;
}

type Fields<T> = { readonly [K in keyof T]: T[K] | undefined };

function optionsOf(
  name: string,
  own: string,
  service: Service,
  context: SpecContext,
): Fields<ContainerOptions> {
  const { project, containers, options } = context;
  const limits = service.deploy?.resources?.limits;
  const reservation = service.deploy?.resources?.reservations?.memory;
  const requests = [
    ...service.gpus ?? [],
    ...service.deploy?.resources?.reservations?.devices ?? [],
  ];
  const shared = (mode: string | undefined) =>
    mode?.startsWith("service:") ? `container:${containers[mode.slice(8)]?.[0]}` : mode;
  const pull = service.pull_policy === "build" ? undefined : service.pull_policy ?? options.pull;
  return {
    dependsOn: dependenciesOf(service.depends_on, containers),
    forward: service.attach,
    command: service.command,
    entrypoint: service.entrypoint,
    env: service.environment === undefined ? undefined : Object.fromEntries(
      Object.entries(service.environment).filter(([, value]) => value !== null),
    ) as Record<string, string>,
    workdir: service.working_dir,
    user: service.user,
    hostname: service.hostname,
    domainname: service.domainname,
    containerName: service.container_name ??
      (options.names === "project"
        ? `${project.name}-${name}-${containers[name]!.indexOf(own) + 1}`
        : undefined),
    labels: service.labels,
    annotations: service.annotations,
    networks: networksOf(name, own, service, project),
    networkMode: shared(service.network_mode),
    ports: service.ports?.map(portOf),
    expose: service.expose?.flatMap(exposedPorts),
    volumes: [
      ...(service.volumes ?? []).map(volumeOf),
      ...(service.tmpfs ?? []).map((text) => {
        const colon = text.indexOf(":");
        return colon === -1
          ? { tmpfs: text, options: "" }
          : { tmpfs: text.slice(0, colon), options: text.slice(colon + 1) };
      }),
      ...readOnlyFiles(service, project.model),
    ],
    files: service.read_only === true ? undefined : filesOf(service, project),
    health: service.healthcheck && healthOf(service.healthcheck),
    tty: service.tty,
    stdin: service.stdin_open,
    init: service.init,
    stopSignal: service.stop_signal,
    stopTimeoutMs: service.stop_grace_period === undefined
      ? undefined
      : parseDuration(service.stop_grace_period),
    restart: restartOf(service),
    platform: service.platform,
    mac: service.mac_address,
    memoryBytes: bytes(service.mem_limit ?? limits?.memory),
    memorySwapBytes: bytes(service.memswap_limit),
    memoryReservationBytes: bytes(service.mem_reservation ?? reservation),
    cpus: service.cpus ?? limits?.cpus,
    cpuShares: service.cpu_shares,
    cpuset: service.cpuset,
    cpuPeriodUs: service.cpu_period,
    cpuQuotaUs: service.cpu_quota,
    cpuRealtimePeriodUs: service.cpu_rt_period,
    cpuRealtimeRuntimeUs: service.cpu_rt_runtime,
    pidsLimit: service.pids_limit ?? limits?.pids,
    memorySwappiness: service.mem_swappiness,
    oomKillDisable: service.oom_kill_disable === true ? true : undefined,
    blockIo: service.blkio_config && blockIoOf(service.blkio_config),
    ulimits: service.ulimits &&
      mapValues(service.ulimits, (one) => typeof one === "number" ? { soft: one } : one),
    shmBytes: bytes(service.shm_size),
    capAdd: service.cap_add,
    capDrop: service.cap_drop,
    sysctls: service.sysctls,
    devices: service.devices?.map(({ source, target, permissions }) => ({
      host: source,
      container: target,
      permissions,
    })),
    deviceRequests: requests.length === 0 ? undefined : requests.map(deviceRequestOf),
    deviceCgroupRules: service.device_cgroup_rules,
    volumesFrom: service.volumes_from?.map((text) => {
      const [, external, other = "", mode = ""] = /^(container:)?([^:]+)(.*)$/.exec(text) ?? [];
      return (external === undefined ? containers[other]?.[0] ?? other : other) + mode;
    }),
    privileged: service.privileged,
    readOnly: service.read_only,
    securityOptions: service.security_opt,
    groups: service.group_add,
    extraHosts: service.extra_hosts && hostsOf(service.extra_hosts),
    dns: service.dns,
    dnsSearch: service.dns_search,
    dnsOptions: service.dns_opt,
    pid: shared(service.pid),
    ipc: shared(service.ipc),
    uts: service.uts,
    userns: service.userns_mode,
    runtime: service.runtime,
    logging: service.logging && {
      driver: service.logging.driver ?? "",
      ...(service.logging.options === undefined ? {} : { options: service.logging.options }),
    },
    oomScoreAdj: service.oom_score_adj,
    cgroupParent: service.cgroup_parent,
    cgroup: service.cgroup,
    storageOptions: service.storage_opt,
    pull: isBuilt(name, service, options) ? undefined : pull,
  };
}

function imageOf(
  name: string,
  service: Service,
  project: Project,
  options: ToNetworkOptions,
): ImageSource {
  const { build, platform } = service;
  const image = imageNameOf(project, name);
  if (build === undefined || !isBuilt(name, service, options)) {
    return { kind: "reference", reference: image };
  }
  return compact<DockerfileSource>({
    kind: "dockerfile",
    path: build.dockerfile_inline === undefined ? dockerfilePath(build) : undefined,
    contents: build.dockerfile_inline,
    context: build.context,
    args: build.args && Object.fromEntries(
      Object.entries(build.args).filter(([, value]) => value !== null),
    ) as Record<string, string>,
    target: build.target,
    platform: build.platforms?.[0] ?? platform,
    noCache: build.no_cache,
    pull: build.pull,
    network: build.network,
    labels: build.labels,
    secrets: buildSecrets(build, project.model),
    cacheFrom: build.cache_from,
    extraHosts: build.extra_hosts && hostsOf(build.extra_hosts),
    tags: build.tags,
    // In a run of its own an image needs no name; a project that is kept finds it again by that.
    tag: options.names === "project" ? image : service.image,
  });
}

/** Name of the image of a service: its own, or the one that Compose gives what it builds. */
export function imageNameOf(project: Project, service: string): string {
  return project.model.services[service]?.image ?? `${project.name}-${service}`;
}

function isBuilt(name: string, { build }: Service, options: ToNetworkOptions): boolean {
  if (build === undefined || options.build === false) return false;
  return options.build === undefined || options.build === true || options.build.includes(name);
}

function dockerfilePath({ context, dockerfile = "Dockerfile" }: Build): string {
  return dockerfile.startsWith("/") ? dockerfile : `${context}/${dockerfile}`;
}

function buildSecrets(build: Build, model: ComposeModel): DockerfileSource["secrets"] {
  if (build.secrets === undefined) return undefined;
  return Object.fromEntries(build.secrets.map(({ source, target = source }) => {
    const { file, environment } = model.secrets![source]!;
    return [target, file === undefined ? { env: environment! } : { file }];
  }));
}

function dependenciesOf(
  dependencies: Readonly<Record<string, Dependency>> | undefined,
  containers: Readonly<Record<string, readonly string[]>>,
): Dependencies | undefined {
  if (dependencies === undefined) return undefined;
  const names = {
    service_started: "started",
    service_healthy: "healthy",
    service_completed_successfully: "completed",
  } as const;
  return Object.fromEntries(
    Object.entries(dependencies).flatMap(([service, { condition }]) =>
      containers[service]!.map((name) => [name, names[condition]])
    ),
  );
}

function networksOf(
  name: string,
  own: string,
  service: Service,
  project: Project,
): Readonly<Record<string, EndpointSpec>> | undefined {
  if (service.networks === undefined) return undefined;
  const entries = Object.entries(service.networks)
    .toSorted(([, a], [, b]) => (b?.priority ?? 0) - (a?.priority ?? 0));
  return Object.fromEntries(entries.map(([key, settings], index) => {
    const aliases = [
      ...(own === name ? [] : [name]),
      ...(service.container_name === undefined ? [] : [service.container_name]),
      ...(settings?.aliases ?? []),
      ...aliasesFromLinks(name, key, project.model),
    ];
    return [
      key,
      compact<EndpointSpec>({
        aliases: aliases.length === 0 ? undefined : [...new Set(aliases)],
        ipv4: settings?.ipv4_address,
        ipv6: settings?.ipv6_address,
        linkLocal: settings?.link_local_ips,
        driverOptions: settings?.driver_opts,
        mac: settings?.mac_address ?? (index === 0 ? service.mac_address : undefined),
      }),
    ];
  }));
}

// A link gives the other one a further name, which all in the network may know.
function aliasesFromLinks(name: string, network: string, model: ComposeModel): readonly string[] {
  return Object.values(model.services).flatMap(({ links = [], networks = {} }) =>
    Object.hasOwn(networks, network)
      ? links.flatMap((link) => {
        const [target, alias] = link.split(":");
        return target === name && alias !== undefined ? [alias] : [];
      })
      : []
  );
}

function portOf({ target, published, host_ip, protocol }: Port) {
  const isRange = published?.includes("-") === true;
  return {
    container: target,
    ...(published === undefined
      ? {}
      : isRange
      ? { hostRange: published }
      : { host: Number(published) }),
    hostIp: host_ip ?? "",
    protocol,
  };
}

function hostsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}

function deviceRequestOf(request: DeviceRequest): DeviceRequestSpec {
  const { capabilities, driver, count, device_ids: ids, options } = request;
  return compact<DeviceRequestSpec>({ capabilities, driver, count, ids, options });
}

function blockIoOf(io: BlockIo): BlockIoSpec {
  return compact<BlockIoSpec>({
    weight: io.weight,
    deviceWeights: io.weight_device,
    readBytes: io.device_read_bps,
    writeBytes: io.device_write_bps,
    readOperations: io.device_read_iops,
    writeOperations: io.device_write_iops,
  });
}

function exposedPorts(text: string): readonly string[] {
  const [range, protocol = "tcp"] = text.split("/");
  const [first, last = first] = range!.split("-").map(Number);
  return Array.from(
    { length: last! - first! + 1 },
    (_, index) => `${first! + index}/${protocol}`,
  );
}

function volumeOf(volume: ServiceVolume): VolumeSpec {
  const { type, source = "", target, read_only: readOnly } = volume;
  if (type === "bind") {
    return compact<VolumeSpec>({
      bind: source,
      target,
      readOnly,
      make: volume.bind?.create_host_path === false ? undefined : volume.bind?.create_host_path,
      propagation: volume.bind?.propagation,
      selinux: volume.bind?.selinux,
    });
  }
  if (type === "volume") {
    return compact<VolumeSpec>({ volume: source, target, readOnly, noCopy: volume.volume?.nocopy });
  }
  const { size, mode } = volume.tmpfs ?? {};
  return compact<VolumeSpec>({
    tmpfs: target,
    sizeBytes: bytes(size),
    mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
  });
}

function filesOf(service: Service, project: Project): readonly FileSpec[] | undefined {
  const { model, fileVariables } = project;
  const files = fileReferences(service).map(({ kind, reference }): FileSpec => {
    const { file, content, environment } = model[kind]![reference.source]!;
    const attributes = {
      target: fileTarget(kind, reference),
      mode: Number.parseInt(reference.mode ?? "0444", 8),
      ...(reference.uid === undefined ? {} : { uid: Number(reference.uid) }),
      ...(reference.gid === undefined ? {} : { gid: Number(reference.gid) }),
    };
    if (file !== undefined) return { source: file, uid: 0, gid: 0, ...attributes };
    return { content: content ?? fileVariables[environment!]!, ...attributes };
  });
  return files.length === 0 ? undefined : files;
}

// Nothing can be copied into a read-only file system, but something can be mounted there.
function readOnlyFiles(service: Service, model: ComposeModel): readonly VolumeSpec[] {
  if (service.read_only !== true) return [];
  return fileReferences(service).map(({ kind, reference }) => ({
    bind: model[kind]![reference.source]!.file!,
    target: fileTarget(kind, reference),
    readOnly: true,
  }));
}

function fileReferences({ configs = [], secrets = [] }: Service) {
  return [
    ...configs.map((reference) => ({ kind: "configs", reference } as const)),
    ...secrets.map((reference) => ({ kind: "secrets", reference } as const)),
  ];
}

function fileTarget(kind: "configs" | "secrets", { source, target }: FileReference): string {
  if (target?.startsWith("/")) return target;
  return kind === "secrets" ? `/run/secrets/${target ?? source}` : `/${target ?? source}`;
}

function healthOf(check: Healthcheck): readonly string[] | HealthSpec {
  const { test, disable, interval, timeout, retries, start_period: startPeriod } = check;
  if (disable === true || test?.[0] === "NONE") return [];
  const ms = (text: string | undefined) => text === undefined ? undefined : parseDuration(text);
  return compact<HealthSpec>({
    test: test?.[0] === "CMD-SHELL" ? test.slice(1).join(" ") : test?.slice(1),
    intervalMs: ms(interval),
    timeoutMs: ms(timeout) ?? 30_000,
    retries,
    startPeriodMs: ms(startPeriod),
  });
}

function restartOf({ restart, deploy }: Service): RestartSpec | undefined {
  if (restart !== undefined) {
    const [name, count] = restart.split(":");
    return count === undefined
      ? name as Exclude<RestartSpec, object>
      : { onFailure: { maxRetries: Number(count) } };
  }
  const policy = deploy?.restart_policy;
  if (policy === undefined) return undefined;
  const { condition = "any", max_attempts: attempts } = policy;
  if (condition === "none") return "no";
  if (condition === "any") return "always";
  return attempts === undefined ? "on-failure" : { onFailure: { maxRetries: attempts } };
}

// A name that nobody chose is left to the network, which can make it one of a run.
function networkOf(network: Network, usual: string | undefined): NetworkDefinition {
  const { name, external, ipam, enable_ipv6, internal, attachable, driver, driver_opts, labels } =
    network;
  const subnets = ipam?.config?.flatMap((one) =>
    one.subnet === undefined ? [] : [compact<NonNullable<NetworkDefinition["subnets"]>[number]>({
      subnet: one.subnet,
      gateway: one.gateway,
      range: one.ip_range,
      reserved: one.aux_addresses,
    })]
  );
  return compact<NetworkDefinition>({
    name: name === usual && external !== true ? undefined : name,
    external,
    subnets: subnets?.length === 0 ? undefined : subnets,
    ipamDriver: ipam?.driver,
    ipamOptions: ipam?.options,
    ipv6: enable_ipv6,
    internal,
    attachable,
    driver,
    driverOptions: driver_opts,
    labels,
  });
}

function ownOf<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function inOrder({ services }: ComposeModel): readonly string[] {
  const ordered = new Set<string>();
  const visit = (name: string) => {
    if (ordered.has(name)) return;
    for (const other of Object.keys(services[name]?.depends_on ?? {})) visit(other);
    ordered.add(name);
  };
  Object.keys(services).forEach(visit);
  return [...ordered];
}

function bytes(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function mapValues<T, U>(
  values: Readonly<Record<string, T>>,
  change: (value: T) => U,
): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

// Fields that nobody set, and lists that became empty, do not show in prints and hashes.
function compact<T extends object>(fields: object): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) =>
      value !== undefined && !(name === "volumes" && (value as unknown[]).length === 0)
    ),
  ) as T;
}
