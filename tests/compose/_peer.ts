import type { ContainerInspect } from "../../lib/engine/mod.ts";
import { installPackage, isProgram } from "../support/debian_packages.ts";

/** Why Debian's docker-compose cannot be used, `undefined` when it can; installs it as root. */
export async function peerProblem(): Promise<string | undefined> {
  if (await isProgram("docker-compose")) return undefined;
  const problem = await installPackage("docker-compose");
  return problem === undefined ? undefined : `docker-compose cannot be installed: ${problem}`;
}

/** What of a container a compose file decides, without names and ids that differ in every run. */
export function decided(inspect: ContainerInspect, rename: (name: string) => string) {
  const { Config, HostConfig, Mounts, NetworkSettings, Id } = inspect;
  const config = Config as unknown as Record<string, unknown>;
  const host = HostConfig as unknown as Record<string, unknown>;
  const pick = (from: Record<string, unknown>, keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, normal(from[key])]));
  const labels = Object.entries(Config.Labels ?? {})
    .filter(([name]) => !/^(?:com\.docker\.compose|org\.superorch)\./.test(name));
  return {
    ...pick(config, CONFIG_KEYS),
    ...pick(host, HOST_KEYS),
    Labels: Object.fromEntries(labels.toSorted()),
    PidMode: rename(String(host["PidMode"])).replace(/^container:.*/, "container"),
    Mounts: Mounts.map(({ Type, Source, Destination, RW, Name }) => ({
      Type,
      Source: Type === "bind" ? Source : "",
      Name: Type === "volume" && !/^[0-9a-f]{64}$/.test(Name ?? "") ? rename(Name ?? "") : "",
      Destination,
      RW,
    })).toSorted((a, b) => a.Destination < b.Destination ? -1 : 1),
    Networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => {
        const { IPAMConfig, Aliases } = endpoint as unknown as {
          readonly IPAMConfig: { IPv4Address?: string } | null;
          readonly Aliases: readonly string[] | null;
        };
        return [rename(name), {
          IPv4Address: IPAMConfig?.IPv4Address ?? "",
          Aliases: (Aliases ?? []).filter((alias) => !Id.startsWith(alias)).toSorted(),
        }] as const;
      }).toSorted(),
    ),
  };
}

const CONFIG_KEYS = [
  "Cmd",
  "Entrypoint",
  "Env",
  "WorkingDir",
  "User",
  "Domainname",
  "Tty",
  "OpenStdin",
  "StopSignal",
  "StopTimeout",
  "ExposedPorts",
  "Healthcheck",
];

const HOST_KEYS = [
  "CapAdd",
  "CapDrop",
  "PortBindings",
  "RestartPolicy",
  "Memory",
  "MemorySwap",
  "MemoryReservation",
  "NanoCpus",
  "CpuShares",
  "CpusetCpus",
  "PidsLimit",
  "ShmSize",
  "Ulimits",
  "Dns",
  "DnsOptions",
  "DnsSearch",
  "ExtraHosts",
  "GroupAdd",
  "IpcMode",
  "UTSMode",
  "UsernsMode",
  "Privileged",
  "ReadonlyRootfs",
  "SecurityOpt",
  "Sysctls",
  "Tmpfs",
  "Devices",
  "Init",
  "LogConfig",
  "OomScoreAdj",
  "Runtime",
  "CgroupParent",
  "CpuPeriod",
  "CpuQuota",
  "MemorySwappiness",
  "OomKillDisable",
  "BlkioDeviceReadBps",
  "BlkioDeviceWriteBps",
  "BlkioDeviceReadIOps",
  "BlkioDeviceWriteIOps",
  "DeviceCgroupRules",
];

// Nothing has several faces in the API; order means nothing in lists of pairs.
function normal(value: unknown): unknown {
  if (value === null || value === undefined || value === "" || value === false) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.toSorted(byText);
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([name, one]) => [name, normal(one)] as const)
      .filter(([, one]) => one !== null);
    return entries.length === 0 ? null : Object.fromEntries(entries.toSorted());
  }
  return value === 0 ? null : value;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
