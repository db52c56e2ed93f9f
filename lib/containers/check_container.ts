import { type CheckedNetwork, formProblems, NO_LOG_DIRECTORY } from "./check_forms.ts";
import { unknownInNode } from "./_check_unknown.ts";
import { createBody } from "./create_body.ts";
import type {
  ContainerSpec,
  FileSpec,
  HealthSpec,
  HostCommandSpec,
  NodeSpec,
  PortSpec,
  VolumeSpec,
} from "./spec.ts";

/**
 * Finds mistakes in containers and host commands before anything is made.
 *
 * @param specs What will run together.
 * @param network What they will be in; without, only what does not depend on it is checked.
 * @throws {TypeError} with all mistakes of a node at once, or for a port that two want.
 * @throws {RangeError} when a port cannot be one.
 */
export function checkNodes(specs: readonly NodeSpec[], network?: CheckedNetwork): void {
  for (const spec of specs) if (spec.kind === "command") checkCommand(spec, network);
  checkContainers(specs.filter((spec) => spec.kind === "container"), network);
}

function checkCommand(spec: HostCommandSpec, network: CheckedNetwork | undefined): void {
  const problems = [
    ...unknownInNode(spec),
    ...(network !== undefined && spec.log === true && network.logDir === undefined
      ? [NO_LOG_DIRECTORY]
      : []),
  ];
  if (problems.length === 0) return;
  throw new TypeError(`Cannot run host command "${spec.name}": ${problems.join("; ")}`);
}

/**
 * Finds mistakes in specifications before anything is made.
 *
 * `deno run` does not check types, so what is written as in a compose file (`"8080:80"`,
 * `"./data:/data"`, a command as one text) or comes from an unset variable gets as far as this. Of
 * numbers, NaN would be sent as `null`, which means no limit.
 *
 * @param specs Containers that will run together.
 * @param network What they will be in; without, only what does not depend on it is checked.
 * @throws {TypeError} with all mistakes of a container at once, or for a port that two want.
 * @throws {RangeError} when a port cannot be one.
 */
export function checkContainers(
  specs: readonly ContainerSpec[],
  network?: CheckedNetwork,
): void {
  const holders = new Map<string, string>();
  for (const spec of specs) {
    const problems = [
      ...unknownInNode(spec),
      ...listProblems(spec),
      ...envProblems(spec.env),
      ...mountProblems(spec.volumes ?? [], spec.files ?? []),
      ...healthProblems(spec.health),
      ...numberProblems(spec),
      ...formProblems(spec, network),
    ];
    if (problems.length > 0) {
      throw new TypeError(`Cannot make container "${spec.name}": ${problems.join("; ")}`);
    }
    const networks = new Map(Object.keys(spec.networks ?? {}).map((key) => [key, key]));
    const resolveBind = (path: string) => path;
    createBody(spec, { image: "", network: "", networks, labels: {}, resolveBind });
    for (const port of spec.ports ?? []) requireFreePort(spec.name, port, holders);
  }
}

function requireFreePort(name: string, port: number | PortSpec, holders: Map<string, string>) {
  if (typeof port === "number" || (port.host ?? 0) === 0) return;
  const { host, hostIp = "127.0.0.1", protocol = "tcp" } = port;
  const address = `${hostIp}:${host}/${protocol}`;
  const holder = holders.get(address);
  if (holder !== undefined) {
    throw new TypeError(`Cannot publish ${address} for "${name}": "${holder}" has it already`);
  }
  holders.set(address, name);
}

function listProblems({ command, entrypoint }: ContainerSpec): readonly string[] {
  return Object.entries({ command, entrypoint }).flatMap(([field, list]) =>
    list === undefined || Array.isArray(list) && list.every((word) => typeof word === "string")
      ? []
      : [`its ${field} must be a list of texts, like ["sh", "-c", "…"]`]
  );
}

function envProblems(env: ContainerSpec["env"] = {}): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (name === "" || /[=\0]/.test(name)) {
      return [`${JSON.stringify(name)} cannot be the name of a variable`];
    }
    if (typeof value === "string" && !value.includes("\0")) return [];
    return [
      `variable "${name}" must be a text without NUL, it is ${JSON.stringify(value) ?? value}`,
    ];
  });
}

function mountProblems(
  volumes: readonly VolumeSpec[],
  files: readonly FileSpec[],
): readonly string[] {
  const targets = new Set<string>();
  const mounts = volumes.flatMap((volume) => {
    if (typeof volume !== "object" || volume === null) {
      return [
        `${JSON.stringify(volume)} is no volume: write { bind, target }, ` +
        `{ volume, target } or { tmpfs }`,
      ];
    }
    const target = "tmpfs" in volume ? volume.tmpfs : volume.target;
    const problems = absoluteProblems(target, "mount something at");
    if (targets.has(target)) return [...problems, `two volumes are mounted at "${target}"`];
    targets.add(target);
    return problems;
  });
  return [...mounts, ...files.flatMap(({ target }) => absoluteProblems(target, "copy to"))];
}

function absoluteProblems(path: unknown, action: string): readonly string[] {
  if (typeof path === "string" && path.startsWith("/")) return [];
  return [`to ${action} ${JSON.stringify(path) ?? path} the path must be absolute`];
}

function healthProblems(health: ContainerSpec["health"]): readonly string[] {
  if (health === undefined || typeof health === "string" || Array.isArray(health)) return [];
  const { test, retries, intervalMs, timeoutMs, startPeriodMs, startIntervalMs } =
    health as HealthSpec;
  const given = { intervalMs, timeoutMs, startPeriodMs, startIntervalMs };
  const times = Object.entries(given).flatMap(([field, ms]) =>
    ms === undefined || ms === 0 || ms >= 1 ? [] : [`"${field}" of its health check is ${ms}`]
  );
  return [
    ...(test === undefined || typeof test === "string" || Array.isArray(test)
      ? []
      : [`the test of its health check is ${JSON.stringify(test)}`]),
    ...times,
    ...(retries === undefined || retries >= 0
      ? []
      : [`"retries" of its health check is ${retries}`]),
  ];
}

const LIMITS: readonly string[] = ["recordLimitBytes", "logLimitBytes"];

function numberProblems(spec: ContainerSpec): readonly string[] {
  const times = ["cpuPeriodUs", "cpuQuotaUs"] as const;
  const twice = times.filter((field) => spec[field] !== undefined && spec.cpus !== undefined)
    .map((field) => `"cpus" and "${field}" say the same; only one of them can be given`);
  return [
    ...twice,
    ...Object.entries(spec).flatMap(([field, value]) => {
      if (typeof value !== "number") return [];
      const isLimit = LIMITS.includes(field); // ours, where Infinity means none; the others are sent
      const isWrong = isLimit || field === "stopTimeoutMs" ? !(value >= 0) : Number.isNaN(value);
      return isWrong || !isLimit && !Number.isFinite(value) ? [`"${field}" is ${value}`] : [];
    }),
  ];
}
