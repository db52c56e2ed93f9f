import type { StageRecord } from "../ledger_records.ts";
import { needsOf } from "../server/views.ts";
import { duration } from "./format.ts";
import { type Html, html } from "./html.ts";

const WIDTH = 204;
const HEIGHT = 46;
const GAP_X = 48;
const GAP_Y = 14;
const EDGE = 2;
/** Longest name that is shown whole, in characters. */
const NAME = 19;

interface Placed {
  readonly stage: StageRecord;
  readonly needs: readonly string[];
  readonly x: number;
  readonly y: number;
}

/** Which stage waits for which, from left to right, with states and times. */
export function stageGraph(stages: readonly StageRecord[], now: number): Html {
  const placed = place(stages);
  const width = Math.max(...placed.map(({ x }) => x)) + WIDTH + EDGE;
  const height = Math.max(...placed.map(({ y }) => y)) + HEIGHT + EDGE;
  const byId = new Map(placed.map((node) => [node.stage.stage, node]));
  return html`
    <svg class="graph" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"
      role="group" aria-label="Stages">
    <g aria-hidden="true">${placed.flatMap((node) =>
      node.needs.flatMap((need) => {
        const from = byId.get(need);
        return from === undefined ? [] : [edge(from, node)];
      })
    )}</g>
    ${placed.map((node) => box(node, now))}</svg>
  `;
}

function edge(from: Placed, to: Placed): Html {
  const [x1, y1] = [from.x + WIDTH, from.y + HEIGHT / 2];
  const [x2, y2] = [to.x, to.y + HEIGHT / 2];
  const middle = (x1 + x2) / 2;
  return html`
    <path class="edge s-${from.stage.status}"
      d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}" />
  `;
}

function box({ stage, needs, x, y }: Placed, now: number): Html {
  const { stage: id, status, startedAt, finishedAt } = stage;
  const ms = startedAt === undefined ? undefined : (finishedAt ?? now) - startedAt;
  const time = ms === undefined || status === "skipped" ? "" : duration(ms);
  const shown = [...id].length <= NAME ? id : `${[...id].slice(0, NAME - 1).join("")}…`;
  const after = needs.length === 0 ? "" : `, after ${needs.join(", ")}`;
  const label = `${id}: ${status}${time === "" ? "" : ` ${time}`}${after}`;
  return html`<a href="#stage-${
    encodeURIComponent(id)
  }" aria-label="${label}"><title>${label}</title>
<rect class="node s-${status}" x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8"/>
<circle class="dot s-${status}" cx="${x + 17}" cy="${y + HEIGHT / 2}" r="5"/>
<text class="name" x="${x + 32}" y="${y + 20}">${shown}</text>
<text class="time" x="${x + 32}" y="${y + 36}">${status} ${
    finishedAt === undefined && startedAt !== undefined
      ? html`<tspan data-since="${startedAt}">${time}</tspan>`
      : time
  }</text></a>`;
}

/** Columns by how many have to end before; without knowledge, one after the other. */
function place(stages: readonly StageRecord[]): readonly Placed[] {
  const known = new Map(stages.map((stage) => [stage.stage, stage]));
  const needsById = new Map(stages.map((stage, index) => {
    const before = stages[index - 1]?.stage;
    const needs = needsOf(stage) ?? (before === undefined ? [] : [before]);
    return [stage.stage, needs.filter((need) => known.has(need) && need !== stage.stage)];
  }));
  const columns = new Map<string, number>();
  const columnOf = (id: string, path: ReadonlySet<string>): number => {
    const found = columns.get(id);
    if (found !== undefined) return found;
    // What an agent says is not to be trusted: a circle ends here.
    const needs = (needsById.get(id) ?? []).filter((need) => !path.has(need));
    const deeper = new Set([...path, id]);
    const column = needs.reduce((most, need) => Math.max(most, columnOf(need, deeper) + 1), 0);
    columns.set(id, column);
    return column;
  };
  const rows: number[] = [];
  return stages.map((stage) => {
    const column = columnOf(stage.stage, new Set());
    const row = rows[column] ?? 0;
    rows[column] = row + 1;
    return {
      stage,
      needs: needsById.get(stage.stage) ?? [],
      x: EDGE / 2 + column * (WIDTH + GAP_X),
      y: EDGE / 2 + row * (HEIGHT + GAP_Y),
    };
  });
}
