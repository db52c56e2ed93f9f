import type { Coordinator } from "../coordinator.ts";

const STATUSES = ["queued", "running", "passed", "failed", "error", "canceled", "timeout"] as const;

/**
 * Figures in the text format of Prometheus.
 *
 * @param coordinator Who knows.
 * @param requests How many requests were answered, by status.
 */
export function metricsText(
  coordinator: Coordinator,
  requests: ReadonlyMap<number, number>,
): string {
  const counts = coordinator.ledger.counts();
  const agents = coordinator.agents();
  const alive = agents.filter(({ isAlive }) => isAlive);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const metric = (name: string, type: string, help: string, values: readonly [string, number][]) =>
    `# HELP buildr_${name} ${help}\n# TYPE buildr_${name} ${type}\n` +
    values.map(([labels, value]) => `buildr_${name}${labels} ${value}\n`).join("");
  return [
    metric(
      "builds",
      "gauge",
      "Builds in the ledger by state.",
      STATUSES.map((status) => [`{status="${status}"}`, counts[status] ?? 0]),
    ),
    metric("agents", "gauge", "Agents that are known.", [
      ['{alive="true"}', alive.length],
      ['{alive="false"}', agents.length - alive.length],
    ]),
    metric("slots", "gauge", "Builds that agents which are alive can run at a time.", [
      ["", sum(alive.map(({ slots }) => slots))],
    ]),
    metric("slots_busy", "gauge", "Builds that they run.", [
      ["", sum(alive.map(({ builds }) => builds.length))],
    ]),
    metric("events_total", "counter", "Number of the newest event.", [
      ["", coordinator.ledger.lastEventId()],
    ]),
    metric("transport_up", "gauge", "Whether builds can be handed on.", [
      ["", coordinator.isHealthy() ? 1 : 0],
    ]),
    metric(
      "http_requests_total",
      "counter",
      "Requests by status of the answer.",
      [...requests].sort(([a], [b]) => a - b).map(([code, n]) => [`{code="${code}"}`, n]),
    ),
    metric("resident_bytes", "gauge", "Memory of the process.", [["", Deno.memoryUsage().rss]]),
  ].join("");
}
