import type { DeadJob } from "../../queue/transport.ts";
import { ansiSpans } from "../server/ansi.ts";
import { ago, shortRepo } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Builds that nobody runs any more. */
export function deadPage(dead: readonly DeadJob[], now: number): Html {
  return html`
    <h1>Dead builds</h1>
    <p
      class="lead">Builds whose agents were lost too often, and messages that were no build. They stay until somebody decides.</p>
    <div data-live="dead">${dead.length === 0
      ? html`<p class="empty">None. That is good.</p>`
      : dead.map((job) =>
        html`<article class="card">
<div class="title"><h2>${job.job === undefined ? "Not a build" : shortRepo(job.job.repo)}</h2> ${
          ago(job.diedAt, now)
        }
<div class="actions" hidden>${
          job.job !== undefined &&
          html`<button data-post="/api/v1/dead/${
            encodeURIComponent(job.id)
          }/retry" data-then="build">Build again</button>`
        }<button class="danger" data-delete="/api/v1/dead/${
          encodeURIComponent(job.id)
        }" aria-label="Drop ${job.id}">Drop</button></div></div>
<p class="why s-error">${job.reason}</p>
<p class="note"><a href="/builds/${encodeURIComponent(job.id)}">${job.id}</a></p>
${
          job.lastLines.length > 0
            ? html`<pre class="tail" tabindex="0" aria-label="Last lines">${
              job.lastLines.map((line) =>
                `${ansiSpans(line).spans.map(({ text }) => text).join("")}\n`
              )
            }</pre>`
            : job.job === undefined &&
              html`<pre class="tail" tabindex="0" aria-label="The message">${job.content}</pre>`
        }</article>`
      )}</div>
  `;
}
