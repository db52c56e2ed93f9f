/** The 16 colours of a terminal, on the dark ground of the log: each at least 4.5 to 1. */
const BASE = [
  "#8b949e #ff7b72 #3fb950 #d29922 #6cb6ff #d2a8ff #39c5cf #c9d1d9",
  "#a5adb6 #ffa198 #56d364 #e3b341 #96d0ff #e2c5ff #56d4dd #ffffff",
].join(" ").split(" ");

function palette(): readonly string[] {
  const level = (index: number) => index === 0 ? 0 : 55 + 40 * index;
  const cube = Array.from({ length: 216 }, (_, index) => {
    const parts = [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(level);
    return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  });
  const greys = Array.from({ length: 24 }, (_, index) => {
    const part = (8 + 10 * index).toString(16).padStart(2, "0");
    return `#${part}${part}${part}`;
  });
  return [...BASE, ...cube, ...greys];
}

const STATIC = `
:root {
  --bg: #ffffff; --soft: #f6f8fa; --line: #d8dee4; --text: #1f2328; --dim: #57606a;
  --link: #0757ba; --accent: #0757ba; --on-accent: #ffffff;
  --ok: #116329; --bad: #b3121d; --warn: #7d4e00; --run: #0757ba; --idle: #57606a; --off: #6e3fb5;
  --log-bg: #0d1117; --log-text: #d6dde4; --log-dim: #8b949e; --log-line: #21262d;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0f1318; --soft: #171c23; --line: #2b323b; --text: #e4e9ee; --dim: #9aa5b1;
    --link: #7cbcff; --accent: #7cbcff; --on-accent: #0b1520;
    --ok: #56d364; --bad: #ff8f88; --warn: #e3b341; --run: #7cbcff; --idle: #9aa5b1; --off: #c9a6ff;
    --log-bg: #090c10;
  }
}
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; scroll-padding-top: 7rem; }
body { margin: 0; background: var(--bg); color: var(--text); }
a { color: var(--link); text-underline-offset: .2em; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
code, pre { font-family: var(--mono); font-size: .87em; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; top: 0; background: var(--accent); color: var(--on-accent); padding: .5rem 1rem; z-index: 9; }
.skip:focus { left: 0; }
.top { display: flex; align-items: center; gap: 1.6rem; padding: .7rem clamp(1rem, 4vw, 2.5rem); border-bottom: 1px solid var(--line); background: var(--soft); }
.brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 700; font-size: 1.1rem; text-decoration: none; color: var(--text); letter-spacing: -.01em; }
.brand svg { width: 1.25rem; height: 1.25rem; fill: var(--accent); }
.top nav { display: flex; gap: .3rem; }
.top nav a { padding: .25rem .7rem; border-radius: 6px; text-decoration: none; color: var(--dim); }
.top nav a:hover { color: var(--text); }
.top nav a[aria-current] { background: var(--bg); color: var(--text); box-shadow: inset 0 0 0 1px var(--line); font-weight: 600; }
.health { margin-left: auto; font-size: .87rem; color: var(--dim); white-space: nowrap; }
.health span::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; margin-right: .45em; background: var(--ok); }
.health .bad { color: var(--bad); } .health .bad::before { background: var(--bad); }
main { max-width: 78rem; margin: 0 auto; padding: 1.6rem clamp(1rem, 4vw, 2.5rem) 4rem; }
h1 { font-size: 1.55rem; line-height: 1.2; margin: 0 0 1rem; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
section { margin-top: 2rem; }
.number, .branch, .note, .lead, .crumbs, .reason { color: var(--dim); font-weight: 400; }
.crumbs { margin: 0 0 .4rem; font-size: .87rem; }
.bar { display: flex; flex-wrap: wrap; gap: .8rem 1.2rem; align-items: center; justify-content: space-between; margin-bottom: .9rem; }
.bar h2 { margin: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; }
.chip { border: 1px solid var(--line); border-radius: 99px; padding: .12rem .75rem; text-decoration: none; color: var(--dim); font-size: .9rem; }
.chip b { font-weight: 600; color: var(--text); margin-left: .15rem; }
.chip:hover { border-color: var(--dim); }
.chip[aria-current] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.chip[aria-current] b { color: inherit; }
.search { display: flex; gap: .4rem; flex: 0 1 24rem; }
input[type=search], input[type=password] { font: inherit; color: inherit; background: var(--bg); border: 1px solid #808a94; border-radius: 6px; padding: .3rem .6rem; min-width: 0; width: 100%; }
button { font: inherit; color: var(--text); background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .9rem; cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--dim); }
button:disabled { opacity: .55; cursor: default; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
button.danger { color: var(--bad); }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .65rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { font-size: .8rem; color: var(--dim); padding-block: .35rem; white-space: nowrap; }
tbody tr:hover { background: var(--soft); }
tbody th { overflow-wrap: anywhere; }
tbody th a { font-weight: 600; text-decoration: none; margin-right: .5rem; }
tbody th a:hover { text-decoration: underline; }
td { white-space: nowrap; font-variant-numeric: tabular-nums; }
td[data-label=Tags], td[data-label=Builds] { white-space: normal; }
.reason { display: block; font-size: .87rem; }
.empty { color: var(--dim); padding: 1.6rem; border: 1px dashed var(--line); border-radius: 10px; margin: 0; }
.badge { display: inline-flex; align-items: center; gap: .45em; font-size: .87rem; font-weight: 600; color: var(--c, var(--idle)); white-space: nowrap; }
.badge::before { content: ""; width: .62em; height: .62em; border-radius: 50%; background: var(--c, var(--idle)); }
.s-passed, .s-alive { --c: var(--ok); } .s-failed, .s-error, .s-gone { --c: var(--bad); }
.s-timeout, .s-allowed, .s-draining { --c: var(--warn); } .s-running { --c: var(--run); } .s-canceled { --c: var(--off); }
.s-queued, .s-waiting, .s-skipped { --c: var(--idle); }
.badge.s-queued::before, .badge.s-gone::before { background: none; box-shadow: inset 0 0 0 2px var(--c); }
@media (prefers-reduced-motion: no-preference) {
  .badge.s-running::before, .dot.s-running { animation: pulse 1.4s ease-in-out infinite; }
}
@keyframes pulse { 50% { opacity: .3; } }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; margin-bottom: .8rem; }
.title h1, .title h2 { margin: 0; }
.title .badge { font-size: 1rem; }
.actions { display: flex; gap: .5rem; margin-left: auto; }
td.actions { display: table-cell; text-align: right; }
.why { border-left: 3px solid var(--c, var(--dim)); background: var(--soft); padding: .5rem .9rem; border-radius: 0 8px 8px 0; margin: 0 0 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .7rem 1.4rem; margin: 0; }
.facts div { min-width: 0; } .facts dt { font-size: .8rem; color: var(--dim); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts div:first-child { grid-column: span 2; }
.scroll { overflow-x: auto; padding: .3rem 0; }
.graph { display: block; font: 13px system-ui, "DejaVu Sans", sans-serif; }
.graph .node { fill: var(--soft); stroke: var(--c, var(--line)); stroke-width: 1.3; }
.graph .node.s-waiting, .graph .node.s-skipped { stroke: var(--line); }
.graph .node.s-skipped { stroke-dasharray: 4 3; }
.graph .dot { fill: var(--c); }
.graph .name { fill: var(--text); font-weight: 600; } .graph .time { fill: var(--dim); font-size: 12px; }
.graph a { text-decoration: none; } .graph a:hover .node { fill: var(--bg); }
.graph a:focus-visible { outline: none; } .graph a:focus-visible .node { stroke: var(--accent); stroke-width: 3; }
.edge { fill: none; stroke: var(--line); stroke-width: 1.6; } .edge.s-passed { stroke: var(--dim); }
.logbar { position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; background: var(--bg); padding: .6rem 0; }
.logbar h2 { margin: 0; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .6rem; flex: 1; }
.tools input[type=search] { width: 16rem; }
.tools button { padding: .25rem .6rem; }
#found { font-size: .87rem; color: var(--dim); min-width: 4.5rem; font-variant-numeric: tabular-nums; }
.check { display: inline-flex; gap: .35rem; align-items: center; }
.raw { margin-left: auto; font-size: .9rem; }
.log { background: var(--log-bg); color: var(--log-text); border-radius: 10px; padding: .4rem 0; border: 1px solid var(--line); }
.log .empty { border: 0; color: var(--log-dim); }
.stage + .stage { border-top: 1px solid var(--log-line); }
.stage summary { padding: .4rem .9rem; cursor: pointer; font-weight: 600; display: flex; gap: .8rem; align-items: baseline; list-style: none; position: sticky; top: 3.4rem; background: var(--log-bg); z-index: 2; border-radius: 10px; }
.stage summary::before { content: "▸"; color: var(--log-dim); } .stage[open] > summary::before { content: "▾"; }
.stage summary::-webkit-details-marker { display: none; }
.stage summary .state { font-weight: 400; font-size: .87rem; color: var(--log-dim); }
.stage:target > summary { box-shadow: inset 3px 0 var(--accent); }
.stage summary:focus-visible { outline-color: #7cbcff; outline-offset: -2px; }
.lines { overflow-x: auto; font: 12.5px/20px var(--mono); padding-bottom: .5rem; }
.chunk { min-width: max-content; }
.l { display: flex; min-width: max-content; min-height: 20px; white-space: pre; }
.l > a { flex: none; width: 4.6rem; padding-right: 1rem; text-align: right; color: var(--log-dim); text-decoration: none; user-select: none; }
.l > a:hover { color: #fff; text-decoration: underline; }
.l > a:focus-visible { outline-color: #7cbcff; outline-offset: -2px; }
.l > span { padding-right: 1rem; }
.l i { font-style: normal; }
.l:hover { background: #161b22; } .l:target, .l.on { background: #3a2d05; box-shadow: inset 3px 0 #e3b341; }
.l:target > a, .l.on > a { color: #e3b341; }
.l mark { background: #e3b341; color: #0d1117; } .l.hit mark { background: #ff9d4d; }
.l .ao { font-weight: 700; } .l .ad { opacity: .75; } .l .ai { font-style: italic; } .l .au { text-decoration: underline; }
.l .as { text-decoration: line-through; } .l .av { filter: invert(1); background: var(--log-bg); }
.pages { display: flex; gap: 1.2rem; justify-content: flex-end; padding: .9rem 0; }
.plot { margin: 0; } .plot svg { width: 100%; height: auto; display: block; max-height: 17rem; }
.plot .grid { stroke: var(--line); stroke-width: 1; } .tick { fill: var(--dim); font: 11px system-ui, "DejaVu Sans", sans-serif; }
.plot .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .line.queued { stroke: var(--warn); } .line.running { stroke: var(--run); }
.plot .area { fill: var(--warn); opacity: .1; }
figcaption { color: var(--dim); font-size: .87rem; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
.key::before { content: ""; display: inline-block; width: 1.1em; height: .25em; border-radius: 2px; margin: 0 .4em .2em 0; background: var(--warn); } .key.running::before { background: var(--run); }
.plot details { margin-top: .6rem; font-size: .9rem; } .plot details td, .plot details th { padding: .2rem .8rem; }
.load { width: 60px; height: 8px; margin-right: .4rem; } .load .all { fill: var(--line); } .load .used { fill: var(--run); }
.tag { background: var(--soft); border: 1px solid var(--line); border-radius: 5px; padding: 0 .4rem; font-size: .87rem; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem; margin-bottom: 1rem; }
.tail { background: var(--log-bg); color: var(--log-text); padding: .8rem 1rem; border-radius: 8px; overflow: auto; margin: 0; max-height: 20rem; }
dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--bg); color: var(--text); padding: 1.4rem; max-width: 26rem; }
dialog::backdrop { background: #0008; } dialog p { color: var(--dim); margin: 0 0 .8rem; } .row { display: flex; gap: .6rem; margin-top: 1rem; }
#say:not(:empty).shown { position: fixed; clip-path: none; width: auto; height: auto; margin: 0; right: 1rem; bottom: 1rem; padding: .7rem 1.1rem; border-radius: 8px; background: var(--text); color: var(--bg); z-index: 9; white-space: normal; max-width: 30rem; }
.js .plain { display: none; }
@media (max-width: 46rem) {
  .top { gap: .8rem; flex-wrap: wrap; } .health { display: none; }
  table.builds, table.agents, .builds tbody, .agents tbody { display: block; }
  .builds thead, .agents thead { display: none; }
  .builds tr, .agents tr { display: flex; flex-wrap: wrap; gap: .1rem .9rem; padding: .8rem 0; border-bottom: 1px solid var(--line); }
  .builds td, .builds th, .agents td, .agents th { border: 0; padding: 0; font-size: .9rem; }
  .builds th, .agents th { flex: 1 1 70%; font-size: 1rem; order: -1; } .builds td:first-child { order: -2; width: 100%; }
  td[data-label]:empty { display: none; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--dim); font-size: .8rem; }
  .search { flex: 1 1 100%; } .tools { order: 3; flex: 1 1 100%; } .tools input[type=search] { flex: 1 1 8rem; width: 8rem; } #found:empty { display: none; } .l > a { width: 3.2rem; padding-right: .6rem; }
  .facts { grid-template-columns: 1fr 1fr; } .raw { margin-left: 0; } .stage summary { position: static; }
}
`;

/** The style of all pages. */
export function pageStyle(): string {
  const colours = palette().map((colour, index) =>
    `.f${index}{color:${colour}}.b${index}{background:${colour}}`
  );
  return `${STATIC.trim()}\n${colours.join("\n")}\n`;
}
