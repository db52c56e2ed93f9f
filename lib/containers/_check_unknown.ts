import { unknownOptions } from "./_known_options.ts";
import type { ContainerSpec, HealthSpec, HostCommandSpec } from "./spec.ts";

/**
 * Lists the options of a node that nobody would look at, also those of its parts.
 *
 * @param spec The node.
 * @returns One sentence for each.
 */
export function unknownInNode(spec: ContainerSpec | HostCommandSpec): readonly string[] {
  if (spec.kind === "command") return unknownOptions(spec, "command", "a host command");
  const { health } = spec;
  const parts = [
    ...listOf(spec.ports, "port", "a port"),
    ...(spec.volumes ?? []).flatMap((volume) => {
      if (!isPlainObject(volume)) return [];
      if ("tmpfs" in volume) return unknownOptions(volume, "tmpfs", "a tmpfs");
      return "volume" in volume
        ? unknownOptions(volume, "volume", "a volume")
        : unknownOptions(volume, "bind", "a bind");
    }),
    ...listOf(spec.files, "file", "a file to copy"),
    ...listOf(spec.devices, "device", "a device"),
    ...listOf(spec.deviceRequests, "deviceRequest", "a request for devices"),
    ...listOf(Object.values(spec.ulimits ?? {}), "ulimit", "a limit of processes"),
    ...listOf(Object.values(spec.networks ?? {}), "endpoint", "its part in a network"),
    ...(isPlainObject(health) ? unknownOptions(health as HealthSpec, "health", "a check") : []),
    ...(isPlainObject(spec.blockIo) ? unknownOptions(spec.blockIo, "blockIo", "blockIo") : []),
    ...(isPlainObject(spec.logging) ? unknownOptions(spec.logging, "logging", "logging") : []),
  ];
  return [...unknownOptions(spec, "container", "a container"), ...new Set(parts)];
}

function listOf(
  list: unknown,
  kind: "port" | "file" | "device" | "deviceRequest" | "ulimit" | "endpoint",
  what: string,
): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((part) => isPlainObject(part) ? unknownOptions(part, kind, what) : []);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
