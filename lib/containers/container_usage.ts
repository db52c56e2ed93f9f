import type { ContainerStats } from "../engine/mod.ts";

/** What a container uses, and has used since its start. */
export interface ContainerUsage {
  /** When this was so. */
  readonly at: Date;
  /** Processor time since the start. */
  readonly cpuTimeMs: number;
  /** Processors' worth since the sample before; only in a row of samples. */
  readonly cpus?: number;
  /** Memory, without the part of the page cache that can be given back. */
  readonly memoryBytes: number;
  /** Limit of its memory; that of the machine where it has none. */
  readonly memoryLimitBytes: number;
  /** Processes and threads. */
  readonly processes: number;
  /** Bytes that came over its networks. */
  readonly receivedBytes: number;
  /** Bytes that went over its networks. */
  readonly sentBytes: number;
}

/**
 * Reads a sample of the engine's.
 *
 * @param stats What the engine tells.
 * @returns The same in one unit each.
 */
export function usageOf(stats: ContainerStats): ContainerUsage {
  const { cpu_stats: now, precpu_stats: before, memory_stats: memory, networks } = stats;
  // As the docker command counts: the first name is of control groups v2, the other of v1.
  const idle = memory.stats?.["inactive_file"] ?? memory.stats?.["total_inactive_file"] ?? 0;
  const machineNs = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const ownNs = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const isRow = before.system_cpu_usage !== undefined && machineNs > 0 && ownNs >= 0;
  const sum = (field: "rx_bytes" | "tx_bytes") =>
    Object.values(networks ?? {}).reduce((total, one) => total + one[field], 0);
  return {
    at: new Date(stats.read),
    cpuTimeMs: now.cpu_usage.total_usage / 1e6,
    ...(isRow ? { cpus: ownNs / machineNs * (now.online_cpus ?? 1) } : {}),
    memoryBytes: Math.max(0, (memory.usage ?? 0) - idle),
    memoryLimitBytes: memory.limit ?? 0,
    processes: stats.pids_stats.current ?? 0,
    receivedBytes: sum("rx_bytes"),
    sentBytes: sum("tx_bytes"),
  };
}
