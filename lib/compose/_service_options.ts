import type {
  BlockIoSpec,
  ContainerOptions,
  Dependencies,
  DeviceRequestSpec,
  HealthSpec,
  RestartSpec,
} from "../containers/mod.ts";
import type { BlockIo, Dependency, DeviceRequest, Healthcheck, Service } from "./model.ts";
import type { Project } from "./project.ts";
import { parseDuration } from "./quantities.ts";
import type { ToNetworkOptions } from "./to_network.ts";
import { isBuilt } from "./_service_image.ts";
import { filesOf, readOnlyFiles, volumeOf } from "./_service_mounts.ts";
import { exposedPorts, networksOf, portOf } from "./_service_networks.ts";
import { bytes, compact, hostsOf, mapValues } from "./_plain_data.ts";

/** Where a service stands. */
export interface SpecContext {
  /** Its project. */
  readonly project: Project;
  /** Names of the containers of each service. */
  readonly containers: Readonly<Record<string, readonly string[]>>;
  /** How the project becomes a network. */
  readonly options: ToNetworkOptions;
}

type Fields<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Everything of a container but its name and image. */
export function optionsOf(
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

function healthOf(check: Healthcheck): readonly string[] | HealthSpec {
  const { test, disable, interval, timeout, retries } = check;
  if (disable === true || test?.[0] === "NONE") return [];
  const ms = (text: string | undefined) => text === undefined ? undefined : parseDuration(text);
  return compact<HealthSpec>({
    test: test?.[0] === "CMD-SHELL" ? test.slice(1).join(" ") : test?.slice(1),
    intervalMs: ms(interval),
    timeoutMs: ms(timeout) ?? 30_000,
    retries,
    startPeriodMs: ms(check.start_period),
    startIntervalMs: ms(check.start_interval),
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
