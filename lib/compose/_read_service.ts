import type { Dependency, Device, Healthcheck, Service, ServiceNetwork } from "./model.ts";
import { namesOf } from "./_merge.ts";
import { blockIo, deviceRule, gpus, microseconds, ulimits, volumesFrom } from "./_read_limits.ts";
import { address, expose, ports } from "./_read_ports.ts";
import {
  bool,
  bytes,
  duration,
  environment,
  filled,
  filledOrAbsent,
  int,
  list,
  listOrOne,
  number,
  object,
  oneOf,
  type Read,
  record,
  text,
  texts,
  words,
} from "./_reader.ts";
import { volumes } from "./_read_volumes.ts";
import { isNull } from "../yaml_tree/mod.ts";
import { build, fileReference } from "./_read_build.ts";
import { deploy } from "./_read_deploy.ts";
import { extraHosts } from "./_read_hosts.ts";

const mac: Read<string> = (node, reader, path) => {
  const value = text(node, reader, path);
  return value === undefined || /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(value)
    ? value
    : reader.wrong(node, path, 'a MAC address such as "02:42:ac:11:00:02"');
};

const dependsOn: Read<Readonly<Record<string, Dependency>>> = (node, reader, path) => {
  const one: Read<Dependency> = (value, reader, path) => {
    const fields = isNull(value) ? {} : object<Dependency>({
      condition: oneOf("service_started", "service_healthy", "service_completed_successfully"),
      required: bool,
      restart: bool,
    })(value, reader, path);
    if (fields === undefined) return undefined;
    const { condition = "service_started", required = true, restart } = fields;
    return { condition, required, ...(restart === undefined ? {} : { restart }) };
  };
  const map = namesOf(node, ["services", "*", "depends_on"]);
  return map.kind === "map"
    ? record(one)(map, reader, path)
    : reader.wrong(node, path, "a list of names or a mapping");
};

const serviceNetworks: Read<Readonly<Record<string, ServiceNetwork | null>>> = (
  node,
  reader,
  path,
) => {
  const map = namesOf(node, ["services", "*", "networks"]);
  if (map.kind !== "map") return reader.wrong(node, path, "a list of names or a mapping");
  const one = object<ServiceNetwork>({
    aliases: list(filled),
    ipv4_address: address,
    ipv6_address: address,
    link_local_ips: list(address),
    mac_address: mac,
    priority: int(-Number.MAX_SAFE_INTEGER),
    driver_opts: texts,
  }, {
    gw_priority: "the engine chooses the way out by itself",
    interface_name: "the engine names interfaces by itself",
  });
  return record<ServiceNetwork | null>((value, reader, path) =>
    isNull(value) ? null : one(value, reader, path) as ServiceNetwork | undefined
  )(map, reader, path);
};

const device: Read<Device> = (node, reader, path) => {
  if (node.kind === "map") {
    const fields = object<Device>({ source: filled, target: filled, permissions: permissions })(
      node,
      reader,
      path,
    );
    if (fields?.source === undefined) {
      return reader.error(node, `An item of "${path}" must have a "source"`);
    }
    return {
      source: fields.source,
      target: fields.target ?? fields.source,
      permissions: fields.permissions ?? "rwm",
    };
  }
  const value = filled(node, reader, path);
  if (value === undefined) return undefined;
  const [source, second, third, ...more] = value.split(":");
  const isPermissions = second !== undefined && third === undefined && /^[rwm]+$/.test(second);
  const target = second === undefined || isPermissions ? source : second;
  const rights = isPermissions ? second : third ?? "rwm";
  if (more.length > 0 || source === "" || target === "" || !/^[rwm]+$/.test(rights!)) {
    return reader.wrong(node, path, '"source[:target[:rwm]]"');
  }
  if (!source!.startsWith("/")) {
    return reader.error(node, `Cannot use device "${value}": only paths of the host can be used`);
  }
  return { source: source!, target: target!, permissions: rights! };
};

function permissions(...[node, reader, path]: Parameters<Read<string>>): string | undefined {
  const value = text(node, reader, path);
  return value === undefined || /^[rwm]+$/.test(value)
    ? value
    : reader.wrong(node, path, 'any of the letters "rwm"');
}

const healthcheck: Read<Healthcheck> = (node, reader, path) =>
  object<Healthcheck>({
    test: (value, reader, path) => {
      if (value.kind === "scalar") {
        const line = filled(value, reader, path);
        return line === undefined ? undefined : ["CMD-SHELL", line];
      }
      const all = list(text)(value, reader, path);
      const wanted = 'a text, or a list that begins with "NONE", "CMD" or "CMD-SHELL"';
      if (all === undefined || all.length === 0) return all && reader.wrong(value, path, wanted);
      const [first] = all;
      if (
        first === "NONE" || (first === "CMD" || first === "CMD-SHELL") && all.length > 1
      ) return all;
      const at = value.kind === "list" ? value.items[0] ?? value : value;
      return reader.wrong(at, path, wanted, `put "CMD" before the program`);
    },
    timeout: duration,
    interval: duration,
    retries: int(0),
    start_period: duration,
    start_interval: duration,
    disable: bool,
  })(node, reader, path) as Healthcheck | undefined;

const restart: Read<string> = (node, reader, path) => {
  const value = text(node, reader, path);
  if (value === undefined) return undefined;
  if (/^on-failure:\d+$/.test(value)) return value;
  return oneOf("no", "always", "on-failure", "unless-stopped")(
    // YAML 1.1 files have it without quotes, where it meant `false`.
    value === "false" && node.kind === "scalar" ? { ...node, text: "no" } : node,
    reader,
    path,
  );
};

const memswap: Read<string> = (node, reader, path) =>
  node.kind === "scalar" && node.text === "-1" ? "-1" : bytes(node, reader, path);

const pullPolicy: Read<NonNullable<Service["pull_policy"]>> = (node, reader, path) => {
  if (node.kind === "scalar" && node.text === "if_not_present") return "missing";
  if (node.kind === "scalar" && /^(?:daily|weekly|every_.*)$/.test(node.text)) {
    return reader.error(node, `Cannot use "${path}": superorch keeps no times of pulls`);
  }
  return oneOf("missing", "always", "never", "build")(node, reader, path);
};

const loggingRead: Read<NonNullable<Service["logging"]>> = object<NonNullable<Service["logging"]>>({
  driver: filled,
  options: texts,
}) as Read<NonNullable<Service["logging"]>>;

const containerName: Read<string> = (node, reader, path) => {
  const value = text(node, reader, path);
  return value === undefined || /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(value) ? value : reader.wrong(
    node,
    path,
    'two or more letters, digits, "_", "." or "-", the first one a letter or digit',
  );
};

/** Keys that are done with, or read with files, before and after the others. */
interface ReadElsewhere {
  readonly env_file?: string;
  readonly extends?: string;
  readonly label_file?: string;
}

/** Reads one service; what refers to other parts of the project is checked later. */
export const readService: Read<Service> = object<Service & ReadElsewhere>({
  profiles: list(filled),
  annotations: texts,
  attach: bool,
  build,
  blkio_config: blockIo,
  cap_add: list(filled),
  cap_drop: list(filled),
  cgroup: oneOf("host", "private"),
  cgroup_parent: filledOrAbsent,
  command: words,
  configs: list(fileReference),
  container_name: containerName,
  cpu_period: microseconds,
  cpu_quota: microseconds,
  cpu_rt_period: microseconds,
  cpu_rt_runtime: microseconds,
  cpu_shares: int(0),
  cpus: number,
  cpuset: filledOrAbsent,
  depends_on: dependsOn,
  deploy,
  device_cgroup_rules: list(deviceRule),
  devices: list(device),
  dns: listOrOne(address),
  dns_opt: list(filled),
  dns_search: listOrOne(text),
  domainname: filledOrAbsent,
  entrypoint: words,
  env_file: () => undefined,
  environment,
  extends: () => undefined,
  expose: list(expose),
  extra_hosts: extraHosts,
  gpus,
  group_add: list(filled),
  healthcheck,
  hostname: filledOrAbsent,
  image: filled,
  init: bool,
  ipc: filledOrAbsent,
  label_file: () => undefined,
  labels: texts,
  links: list(filled),
  logging: loggingRead,
  mac_address: mac,
  mem_limit: bytes,
  mem_reservation: bytes,
  mem_swappiness: int(0, 100),
  memswap_limit: memswap,
  network_mode: filled,
  networks: serviceNetworks,
  oom_kill_disable: bool,
  oom_score_adj: int(-1000, 1000),
  pid: filledOrAbsent,
  pids_limit: int(-1),
  platform: filledOrAbsent,
  ports,
  privileged: bool,
  pull_policy: pullPolicy,
  read_only: bool,
  restart,
  runtime: filledOrAbsent,
  scale: int(0, 1_000),
  secrets: list(fileReference),
  security_opt: list(filled),
  shm_size: bytes,
  stdin_open: bool,
  stop_grace_period: duration,
  stop_signal: filledOrAbsent,
  storage_opt: texts,
  sysctls: texts,
  tmpfs: listOrOne(filled),
  tty: bool,
  ulimits,
  user: text,
  userns_mode: filledOrAbsent,
  uts: filledOrAbsent,
  volumes,
  volumes_from: list(volumesFrom),
  working_dir: filledOrAbsent,
}, {
  cpu_count: "it has a meaning on Windows only",
  cpu_percent: "it has a meaning on Windows only",
  credential_spec: "it has a meaning on Windows only",
  external_links: "containers of other projects are reached through an external network",
  isolation: "it has a meaning on Windows only",
  models: "superorch runs no models",
  post_start: "superorch runs no hooks in containers",
  pre_stop: "superorch runs no hooks in containers",
  provider: "superorch runs containers only",
  use_api_socket: 'superorch takes a bind of the socket in "volumes" instead',
  volume_driver: 'superorch takes the driver from "volumes" of the project',
  net: 'it is from before the specification; "network_mode" has taken its place',
  log_driver: 'it is from before the specification; "logging" has taken its place',
  log_opt: 'it is from before the specification; "logging" has taken its place',
  dockerfile: 'it is from before the specification; "build.dockerfile" has taken its place',
}, {
  develop: "superorch does not watch sources",
}) as Read<Service>;
