import { isInSubnet, parseAddress } from "./_address.ts";
import type { NetworkDefinition, NetworkOptions } from "./network_spec.ts";
import type { ContainerSpec, EndpointSpec } from "./spec.ts";

/** What of a network decides whether its containers can be made. */
export type CheckedNetwork = Pick<NetworkOptions, "subnets" | "networks" | "logDir">;

/** All that Linux has had since 5.9 (capabilities(7)); the engine refuses every other too. */
const CAPABILITIES: ReadonlySet<string> = new Set([
  ...["ALL", "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF"],
  ...["CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID"],
  ...["IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE"],
  ...["MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP"],
  ...["SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT"],
  ...["SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE"],
  ...["SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"],
]);

const SIGNALS: ReadonlySet<string> = new Set([
  ...["ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT"],
  ...["KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM"],
  ...["TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"],
]);

/** Says that the engine's own words are these, for whoever looks for them. */
const NO_SUBNET =
  "user specified IP address is supported only when connecting to networks with user configured subnets";

/**
 * Finds texts of a specification that the engine would refuse when others are made already.
 *
 * @param spec The container.
 * @param network What it will be in; without, addresses are checked for their form alone.
 * @returns One sentence for each.
 */
export function formProblems(spec: ContainerSpec, network?: CheckedNetwork): readonly string[] {
  return [
    ...platformProblems(spec.platform),
    ...[...spec.capAdd ?? [], ...spec.capDrop ?? []].flatMap(capabilityProblems),
    ...signalProblems(spec.stopSignal),
    ...endpointProblems(spec, spec.networks === undefined ? network?.subnets ?? [] : undefined),
    ...Object.entries(spec.networks ?? {}).flatMap(([key, endpoint]) => {
      const definition = network?.networks?.[key];
      return endpointProblems(endpoint, subnetsOf(definition), ` in network "${key}"`);
    }),
    ...(network !== undefined && spec.log === true && network.logDir === undefined
      ? [NO_LOG_DIRECTORY]
      : []),
  ];

  function subnetsOf(definition: NetworkDefinition | undefined) {
    // What is external has its addresses from somebody else.
    return definition === undefined || definition.external === true
      ? undefined
      : definition.subnets ?? [];
  }
}

/** What is wrong with `log: true` in a network without a directory for it. */
export const NO_LOG_DIRECTORY = "its output shall go to files (log), and the network has no logDir";

function platformProblems(platform: unknown): readonly string[] {
  if (platform === undefined) return [];
  const isPlatform = typeof platform === "string" &&
    /^[a-z0-9_]+(?:\/[a-z0-9_]+(?:\/[a-z0-9_.]+)?)?$/i.test(platform);
  if (isPlatform) return [];
  return [`its platform must be as "linux/arm64", it is ${JSON.stringify(platform)}`];
}

function capabilityProblems(capability: unknown): readonly string[] {
  const name = String(capability).toUpperCase().replace(/^CAP_/, "");
  if (CAPABILITIES.has(name)) return [];
  return [`${JSON.stringify(capability)} is no capability such as "NET_ADMIN"`];
}

function signalProblems(signal: unknown): readonly string[] {
  if (signal === undefined) return [];
  const name = String(signal).toUpperCase().replace(/^SIG/, "");
  const isSignal = SIGNALS.has(name) || /^RTM(?:IN|AX)(?:[+-]\d{1,2})?$/.test(name) ||
    /^\d+$/.test(name) && Number(name) >= 1 && Number(name) <= 64;
  if (isSignal) return [];
  return [`its stopSignal must be as "SIGTERM", it is ${JSON.stringify(signal)}`];
}

function endpointProblems(
  { ipv4, ipv6, mac }: EndpointSpec,
  subnets: NetworkOptions["subnets"],
  where = "",
): readonly string[] {
  const isMac = mac === undefined ||
    typeof mac === "string" && /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(mac);
  return [
    ...(isMac
      ? []
      : [`its mac${where} must be as "02:42:ac:11:00:02", it is ${JSON.stringify(mac)}`]),
    ...addressProblems("ipv4", 32, ipv4, subnets, where),
    ...addressProblems("ipv6", 128, ipv6, subnets, where),
  ];
}

function addressProblems(
  field: "ipv4" | "ipv6",
  bits: number,
  text: string | undefined,
  subnets: NetworkOptions["subnets"],
  where: string,
): readonly string[] {
  if (text === undefined) return [];
  const shown = JSON.stringify(text);
  const address = typeof text === "string" ? parseAddress(text) : undefined;
  if (address?.bits !== bits) return [`its ${field}${where} is ${shown}, which is no such address`];
  if (subnets === undefined) return [];
  const known = subnets.filter(({ subnet }) => isInSubnet(address, subnet) !== undefined);
  const ofKind = known.filter(({ subnet }) => subnet.includes(":") === (bits === 128));
  if (ofKind.length === 0) {
    return [`its ${field}${where} ${shown} needs a subnet of the network: ${NO_SUBNET}`];
  }
  if (ofKind.some(({ subnet }) => isInSubnet(address, subnet))) return [];
  const list = ofKind.map(({ subnet }) => subnet).join(", ");
  return [`its ${field}${where} ${shown} is not in the network's ${list}`];
}
