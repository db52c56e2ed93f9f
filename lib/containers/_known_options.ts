import type { NetworkDefinition, NetworkOptions, RunOptions, WaitOptions } from "./network_spec.ts";
import type {
  BindSpec,
  BlockIoSpec,
  ContainerSpec,
  DeviceRequestSpec,
  DeviceSpec,
  EndpointSpec,
  HealthSpec,
  HostCommandSpec,
  NamedVolumeSpec,
  NodeOptions,
  PortSpec,
  TmpfsSpec,
  UlimitSpec,
} from "./spec.ts";

/** Every name that a type has; one that is forgotten here does not compile. */
type Names<T> = { readonly [K in keyof Required<T>]: true };

const NODE: Names<NodeOptions> = {
  dependsOn: true,
  important: true,
  allowUnsuccessful: true,
  forward: true,
  log: true,
  recordLimitBytes: true,
  logLimitBytes: true,
};

/** The names that each kind of options has. */
export const KNOWN = {
  container: {
    ...NODE,
    kind: true,
    name: true,
    image: true,
    command: true,
    entrypoint: true,
    env: true,
    workdir: true,
    user: true,
    hostname: true,
    domainname: true,
    containerName: true,
    aliases: true,
    networks: true,
    networkMode: true,
    labels: true,
    annotations: true,
    ports: true,
    expose: true,
    volumes: true,
    files: true,
    health: true,
    tty: true,
    stdin: true,
    init: true,
    stopSignal: true,
    stopTimeoutMs: true,
    restart: true,
    platform: true,
    ipv4: true,
    ipv6: true,
    mac: true,
    memoryBytes: true,
    memorySwapBytes: true,
    memoryReservationBytes: true,
    cpus: true,
    cpuShares: true,
    cpuset: true,
    cpuPeriodUs: true,
    cpuQuotaUs: true,
    cpuRealtimePeriodUs: true,
    cpuRealtimeRuntimeUs: true,
    pidsLimit: true,
    memorySwappiness: true,
    oomKillDisable: true,
    blockIo: true,
    ulimits: true,
    shmBytes: true,
    capAdd: true,
    capDrop: true,
    sysctls: true,
    devices: true,
    deviceRequests: true,
    deviceCgroupRules: true,
    volumesFrom: true,
    privileged: true,
    readOnly: true,
    securityOptions: true,
    groups: true,
    extraHosts: true,
    dns: true,
    dnsSearch: true,
    dnsOptions: true,
    pid: true,
    ipc: true,
    uts: true,
    userns: true,
    runtime: true,
    logging: true,
    oomScoreAdj: true,
    cgroupParent: true,
    cgroup: true,
    storageOptions: true,
    pull: true,
  } satisfies Names<ContainerSpec>,
  command: { ...NODE, kind: true, name: true, command: true } satisfies Names<HostCommandSpec>,
  port: {
    container: true,
    host: true,
    hostRange: true,
    hostIp: true,
    protocol: true,
  } satisfies Names<PortSpec>,
  bind: {
    bind: true,
    make: true,
    selinux: true,
    target: true,
    readOnly: true,
    propagation: true,
  } satisfies Names<BindSpec>,
  volume: { volume: true, target: true, readOnly: true, noCopy: true } satisfies Names<
    NamedVolumeSpec
  >,
  tmpfs: { tmpfs: true, sizeBytes: true, mode: true, options: true } satisfies Names<TmpfsSpec>,
  file: { target: true, content: true, source: true, mode: true, uid: true, gid: true },
  endpoint: {
    aliases: true,
    ipv4: true,
    ipv6: true,
    linkLocal: true,
    mac: true,
    driverOptions: true,
  } satisfies Names<EndpointSpec>,
  health: {
    test: true,
    intervalMs: true,
    timeoutMs: true,
    retries: true,
    startPeriodMs: true,
    startIntervalMs: true,
  } satisfies Names<HealthSpec>,
  ulimit: { soft: true, hard: true } satisfies Names<UlimitSpec>,
  deviceRequest: {
    driver: true,
    count: true,
    ids: true,
    capabilities: true,
    options: true,
  } satisfies Names<DeviceRequestSpec>,
  blockIo: {
    weight: true,
    deviceWeights: true,
    readBytes: true,
    writeBytes: true,
    readOperations: true,
    writeOperations: true,
  } satisfies Names<BlockIoSpec>,
  device: { host: true, container: true, permissions: true } satisfies Names<DeviceSpec>,
  logging: { driver: true, options: true },
  network: {
    engine: true,
    connect: true,
    unique: true,
    lifetime: true,
    logDir: true,
    forward: true,
    stdout: true,
    stderr: true,
    startWidth: true,
    stop: true,
    handleSignals: true,
    subnets: true,
    ipv6: true,
    internal: true,
    driver: true,
    driverOptions: true,
    labels: true,
    networks: true,
    volumes: true,
    onProgress: true,
    onEvent: true,
    signal: true,
  } satisfies Names<NetworkOptions>,
  definition: {
    name: true,
    external: true,
    subnets: true,
    ipamDriver: true,
    ipamOptions: true,
    ipv6: true,
    internal: true,
    attachable: true,
    driver: true,
    driverOptions: true,
    labels: true,
  } satisfies Names<NetworkDefinition>,
  run: { timeoutMs: true, signal: true } satisfies Names<RunOptions>,
  wait: { timeoutMs: true, terminateOnFailure: true, signal: true } satisfies Names<WaitOptions>,
  terminate: { graceMs: true },
} as const;

/**
 * Lists what of some options nobody would look at: a misspelt `readonly` would mount a volume that
 * can be written to.
 *
 * @param given What the caller wrote.
 * @param kind What it should be.
 * @param what How it is called, for example `its health check`.
 * @returns One sentence for each.
 */
export function unknownOptions(
  given: object,
  kind: keyof typeof KNOWN,
  what: string,
): readonly string[] {
  return Object.keys(given).flatMap((name) =>
    Object.hasOwn(KNOWN[kind], name) ? [] : [`${what} has no option ${JSON.stringify(name)}`]
  );
}

/**
 * Refuses options that nobody would look at.
 *
 * @param given What the caller wrote.
 * @param kind What it should be.
 * @param action What cannot be done, for example `run network "shop"`.
 * @throws {TypeError} naming them.
 */
export function requireKnownOptions(
  given: object,
  kind: keyof typeof KNOWN,
  action: string,
): void {
  const problems = unknownOptions(given, kind, "this");
  if (problems.length > 0) throw new TypeError(`Cannot ${action}: ${problems.join("; ")}`);
}
