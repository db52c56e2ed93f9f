import { type Html, html } from "./html.ts";

/** How many builds waited and ran at some time. */
export interface Depth {
  /** When: milliseconds since 1970. */
  readonly at: number;
  /** How many waited. */
  readonly queued: number;
  /** How many ran. */
  readonly running: number;
}

const WIDTH = 720;
const HEIGHT = 190;
const LEFT = 40;
const BOTTOM = 24;
const TOP = 10;
/** Most points of a line: more than one for every second pixel nobody sees. */
const MAX_POINTS = 340;

/** Waiting and running builds over time, with the same figures as a table. */
export function depthPlot(depths: readonly Depth[], since: number, now: number): Html {
  const points = thinned(depths, since, now);
  const most = Math.max(4, ...points.map(({ queued, running }) => Math.max(queued, running)));
  const step = niceStep(most / 4);
  const top = Math.ceil(most / step) * step;
  const x = (at: number) => LEFT + ((at - since) / Math.max(1, now - since)) * (WIDTH - LEFT - 8);
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const line = (value: (point: Depth) => number) =>
    points.map((point, index) =>
      `${index === 0 ? "M" : "L"}${x(point.at).toFixed(1)} ${y(value(point)).toFixed(1)}`
    ).join("");
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const times = Array.from({ length: 5 }, (_, index) => since + ((now - since) * index) / 4);
  const last = points.at(-1);
  const words = last === undefined
    ? "Nothing is known yet."
    : `Now ${last.queued} waiting and ${last.running} running; at most ` +
      `${Math.max(...points.map(({ queued }) => queued))} waited.`;
  const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
  return html`
    <figure class="plot">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="xMinYMid" role="img"
        aria-label="Waiting and running builds. ${words}">
    ${ticks.map((tick) =>
      html`
        <path class="grid" d="M${LEFT} ${y(tick)}H${WIDTH - 8}" />
        <text class="tick" text-anchor="end" x="${LEFT - 8}" y="${y(tick) + 4}">${tick}</text>
      `
    )}
    ${times.map((at, index) =>
      html`<text class="tick" text-anchor="${
        index === 0 ? "start" : index === 4 ? "end" : "middle"
      }" x="${x(at)}" y="${HEIGHT - 6}">${clock(at)}</text>`
    )}
    ${points.length > 1 && html`
      <path class="area queued" d="${line(({ queued }) => queued)}L${x(points.at(-1)!.at).toFixed(
        1,
      )} ${y(0)}L${x(points[0]!.at).toFixed(1)} ${y(0)}Z" />
      <path class="line queued" d="${line(({ queued }) => queued)}" />
      <path class="line running" d="${line(({ running }) => running)}" />
    `}
      </svg>
      <figcaption><span class="key queued">waiting</span> <span class="key running">running</span> <span>${words} Times are UTC.</span></figcaption>
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Waiting</th>
              <th scope="col">Running</th>
            </tr>
          </thead>
          <tbody>${points.slice(-30).reverse().map(({ at, queued, running }) =>
            html`
              <tr>
                <td>${new Date(at).toISOString().slice(0, 19).replace("T", " ")}</td>
                <td>${queued}</td>
                <td>${running}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </details>
    </figure>
  `;
}

/** At most so many points: of each span of time the largest figures, so that no peak is lost. */
function thinned(depths: readonly Depth[], since: number, now: number): readonly Depth[] {
  if (depths.length <= MAX_POINTS) return depths;
  const spans = new Map<number, Depth>();
  for (const { at, queued, running } of depths) {
    const index = Math.floor(((at - since) / Math.max(1, now - since)) * MAX_POINTS);
    const known = spans.get(index);
    spans.set(index, {
      at,
      queued: Math.max(queued, known?.queued ?? 0),
      running: Math.max(running, known?.running ?? 0),
    });
  }
  return [...spans.values()];
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power;
}
