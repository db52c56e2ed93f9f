import type { BuildStatus } from "../../queue/events.ts";
import type { BuildRecord } from "../ledger_records.ts";
import { ago, badge, commitOf, shortRepo, took } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What the list shows. */
export interface BuildsPageOptions {
  /** Builds, newest first. */
  readonly builds: readonly BuildRecord[];
  /** How many there are of each state. */
  readonly counts: Readonly<Partial<Record<BuildStatus, number>>>;
  /** What is looked for. */
  readonly filter: { readonly status?: string; readonly q?: string; readonly before?: number };
  /** Number that the next page begins below; `undefined` on the last one. */
  readonly next: number | undefined;
  /** The time. */
  readonly now: number;
}

const STATUSES = ["queued", "running", "passed", "failed", "error", "canceled", "timeout"] as const;

/** The list of builds. */
export function buildsPage(options: BuildsPageOptions): Html {
  const { builds, counts, filter, next, now } = options;
  const address = (more: Readonly<Record<string, string | undefined>>) => {
    const wanted = { status: filter.status, q: filter.q, ...more };
    const words = Object.entries(wanted).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [`${name}=${encodeURIComponent(value)}`]
    );
    return words.length === 0 ? "/" : `/?${words.join("&")}`;
  };
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const chip = (status: string | undefined, text: string, count: number) =>
    html`
      <a class="chip${status === undefined ? "" : ` s-${status}`}" href="${address({
        status,
      })}" ${filter.status === status
        ? html`
          aria-current="true"
        `
        : ""}>${text} <b>${count}</b></a>
    `;
  return html`
    <h1>Builds</h1>
    <div class="bar">
      <nav class="chips" aria-label="States" data-live="chips">${chip(
        undefined,
        "all",
        total,
      )}${STATUSES.filter((status) => (counts[status] ?? 0) > 0 || filter.status === status).map((
        status,
      ) => chip(status, status, counts[status] ?? 0))}</nav>
      <form class="search" role="search" action="/">
    ${filter.status !== undefined &&
      html`<input type="hidden" name="status" value="${filter.status}">`}
    <label class="unseen" for="q">Repository, branch or id</label>
    <input id="q" name="q" type="search" placeholder="Repository, branch or id" value="${filter.q ??
      ""}">
    <button>Find</button>
      </form>
    </div>
    <div data-live="builds">${builds.length === 0
      ? html`<p class="empty">${
        total === 0
          ? html`No build yet. Ask for one: <code>superorch buildr submit https://…</code>`
          : "No build is like this."
      }</p>`
      : html`
        <table class="builds">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Build</th>
              <th scope="col">Commit</th>
              <th scope="col">Agent</th>
              <th scope="col">Took</th>
              <th scope="col">Asked for</th>
            </tr>
          </thead>
          <tbody>${builds.map((build) => row(build, now))}</tbody>
        </table>
      `}</div>
    <nav class="pages" aria-label="More builds" data-live="pages">${filter.before !== undefined &&
      html`<a href="${address({})}">Newest</a>`}${next !== undefined &&
      html`<a rel="next" href="${address({ before: String(next) })}">Older</a>`}</nav>
  `;
}

function row(build: BuildRecord, now: number): Html {
  const { job, number, status, agent, attempt, reason } = build;
  const commit = commitOf(build);
  return html`
    <tr>
      <td>${badge(status)}</td>
      <th
        scope="row"><a href="/builds/${job.id}">${shortRepo(
          job.repo,
        )} <span class="number">#${number}</span></a>
    <span class="branch">${job.branch ??
      (job.commit === undefined ? "default branch" : "")}</span>${attempt > 1 && html`
      <span class="note">attempt ${attempt}</span>
    `}${reason !== undefined && status !== "passed" &&
      html`<span class="reason">${reason.split("\n")[0]!.slice(0, 200)}</span>`}</th>
      <td data-label="Commit">${commit !== undefined &&
        html`<code>${commit.slice(0, 10)}</code>`}</td>
      <td data-label="Agent">${agent}</td>
      <td data-label="Took">${took(build, now)}</td>
      <td data-label="Asked for">${ago(build.submittedAt, now)}</td>
    </tr>
  `;
}
