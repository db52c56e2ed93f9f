import type { Coordinator } from "../coordinator.ts";
import { type Depth, depthPlot } from "./depth_plot.ts";
import { ago } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What the page of the agents shows. */
export interface AgentsPageOptions {
  /** Agents that are known. */
  readonly agents: ReturnType<Coordinator["agents"]>;
  /** How many builds waited. */
  readonly depths: readonly Depth[];
  /** Where the plot begins. */
  readonly since: number;
  /** How many hours it shows. */
  readonly hours: number;
  /** The time. */
  readonly now: number;
}

const HOURS = [1, 6, 24, 168] as const;

/** Agents with their load, and the queue over time. */
export function agentsPage({ agents, depths, since, hours, now }: AgentsPageOptions): Html {
  return html`
    <h1>Agents</h1>
    <div data-live="agents">${agents.length === 0
      ? html`<p class="empty">No agent has been heard of. Start one: <code>superorch buildr agent</code></p>`
      : html`
        <table class="agents">
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">State</th>
              <th scope="col">Busy</th>
              <th scope="col">Load</th>
              <th scope="col">Tags</th>
              <th scope="col">Builds</th>
              <th scope="col">Heard of</th>
              <th scope="col"><span class="unseen">Actions</span></th>
            </tr>
          </thead>
          <tbody>${agents.map((agent) => row(agent, now))}</tbody>
        </table>
      `}</div>
    <section aria-labelledby="queue-title">
      <div class="bar">
        <h2 id="queue-title">Queue</h2>
        <nav class="chips" aria-label="Span of the plot">${HOURS.map((count) =>
          html`
            <a class="chip" href="/agents?hours=${count}" ${count === hours && html`
              aria-current="true"
            `}>${count < 168 ? `${count} h` : "7 days"}</a>
          `
        )}</nav>
      </div>
      <div data-live="plot">${depthPlot(depths, since, now)}</div>
    </section>
  `;
}

function row(agent: AgentsPageOptions["agents"][number], now: number): Html {
  const state = !agent.isAlive ? "gone" : agent.draining ? "draining" : "alive";
  const busy = Math.min(1, agent.builds.length / Math.max(1, agent.slots));
  return html`
    <tr>
      <th scope="row">${agent.agent}${agent.version !== undefined && html`
        <span class="note">${agent.version}</span>
      `}</th>
      <td><span class="badge s-${state}">${state}</span></td>
      <td
        data-label="Busy"><svg class="load" viewBox="0 0 60 8" role="img" aria-label="${agent.builds
          .length} of ${agent
          .slots} slots"><rect class="all" width="60" height="8" rx="4"/><rect class="used" width="${60 *
          busy}" height="8" rx="4"/></svg> ${agent.builds.length}/${agent.slots}</td>
      <td data-label="Load">${agent.load !== undefined && agent.load.toFixed(2)}</td>
      <td data-label="Tags">${agent.tags.map((tag) =>
        html`
          <span class="tag">${tag}</span>
        `
      )}</td>
      <td data-label="Builds">${agent.builds.map((id) =>
        html`
          <a href="/builds/${encodeURIComponent(id)}">${id.slice(0, 8)}</a>
        `
      )}</td>
      <td data-label="Heard of">${ago(agent.heardAt, now)}</td>
      <td class="actions"
        hidden><button data-post="/api/v1/agents/${encodeURIComponent(
          agent.agent,
        )}/drain"${state !== "alive" && html`
          disabled
        `} aria-label="Drain ${agent.agent}">Drain</button></td>
    </tr>
  `;
}
