import { isFinal } from "../../queue/events.ts";
import type { BuildRecord, StageRecord } from "../ledger_records.ts";
import type { LogLine } from "../server/log_lines.ts";
import { ago, badge, commitOf, repoLink, shortRepo, took } from "./format.ts";
import { type Html, html, type HtmlPart } from "./html.ts";
import { logHtml } from "./log_html.ts";
import { stageGraph } from "./stage_graph.ts";

/** What the page of a build shows. */
export interface BuildPageOptions {
  /** The build. */
  readonly build: BuildRecord;
  /** Its stages. */
  readonly stages: readonly StageRecord[];
  /** A part of its log, from line `from`; `undefined` for none of it. */
  readonly log: {
    readonly lines: readonly LogLine[];
    readonly from: number;
    readonly isEnd: boolean;
  } | undefined;
  /** The time. */
  readonly now: number;
}

/** How many lines a page has that is read without a script. */
export const LINES_PER_PAGE = 1_000;

/** The page of one build. */
export function buildPage({ build, stages, log, now }: BuildPageOptions): Html {
  const { job, number, status } = build;
  const isOver = isFinal(status);
  return html`
    <div data-live="head" data-final="${isOver ? "yes" : "no"}">
    <p class="crumbs"><a href="/">Builds</a> / #${number}</p>
    <div class="title"><h1>${shortRepo(
      job.repo,
    )} <span class="number">#${number}</span></h1>${badge(status)}
    <div class="actions" hidden>${isOver
      ? html`<button data-post="/api/v1/builds/${job.id}/retry" data-then="build">Build again</button>`
      : html`
        <button class="danger" data-post="/api/v1/builds/${job.id}/cancel"
          ${build.cancelRequestedAt !== undefined && html`
            disabled
          `}>${build.cancelRequestedAt === undefined ? "Cancel" : "Cancelling…"}</button>
      `}</div></div>
    ${build.reason !== undefined && build.reason !== "" && status !== "passed" &&
      html`<p class="why s-${status}">${build.reason}</p>`}
    ${facts(build, now)}
    </div>
    <section aria-labelledby="stages-title">
      <h2 id="stages-title">Stages</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Graph of the stages"
        data-live="graph">${stages.length === 0
          ? html`<p class="empty">${
            isOver ? "It came to no stage." : "No agent has told about stages yet."
          }</p>`
          : stageGraph(stages, now)}</div>
    </section>
    ${log !== undefined && logSection(build, log)}
  `;
}

function facts(build: BuildRecord, now: number): Html {
  const { job } = build;
  const commit = commitOf(build);
  const rows: readonly (readonly [string, HtmlPart])[] = [
    ["Repository", repoLink(job.repo)],
    ["Branch", job.branch],
    ["Commit", commit !== undefined && html`<code>${commit.slice(0, 12)}</code>`],
    ["Directory", job.path],
    ["Only stages", job.stages?.join(", ")],
    ["Agent", build.agent],
    ["Attempt", build.attempt > 1 && build.attempt],
    ["Needs", job.tags?.join(", ")],
    ["Variables", job.env !== undefined && Object.keys(job.env).join(", ")],
    ["Asked for", ago(build.submittedAt, now)],
    ["Took", took(build, now)],
    ["Lost events", build.lostEvents > 0 && build.lostEvents],
  ];
  return html`<dl class="facts">${
    rows.map(([name, value]) =>
      value !== undefined && value !== false && value !== "" &&
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

function logSection(build: BuildRecord, log: NonNullable<BuildPageOptions["log"]>): Html {
  const path = `/builds/${build.job.id}`;
  const last = log.lines.at(-1)?.n;
  return html`
    <section aria-labelledby="log-title" id="log" data-build="${build.job.id}">
      <div class="logbar">
        <h2 id="log-title">Log</h2>
        <div class="tools" hidden>
    <label class="unseen" for="find">Search the log</label>
    <input id="find" type="search" placeholder="Search the log  ( / )" autocomplete="off" spellcheck="false">
    <span id="found" role="status"></span>
    <button id="find-back" aria-label="Match before">↑</button><button id="find-on" aria-label="Next match">↓</button>
    <label class="check"><input id="follow" type="checkbox"> Follow</label>
    <button id="fold">Fold all</button>
        </div>
        <a class="raw" href="/api/v1/builds/${build.job.id}/log">Plain text</a>
      </div>
      <div class="log" id="lines">${log.lines.length === 0
        ? html`<p class="empty">Nothing has been written.</p>`
        : logHtml(log.lines)}</div>
      <nav class="pages plain" aria-label="Parts of the log">${log.from > 1 &&
        html`<a rel="prev" href="${path}?from=${
          Math.max(1, log.from - LINES_PER_PAGE)
        }#log">Lines before</a>`}${!log.isEnd && last !== undefined &&
        html`<a rel="next" href="${path}?from=${last + 1}#log">Lines after ${last}</a>`}</nav>
    </section>
  `;
}
