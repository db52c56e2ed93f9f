import { type AnsiSpan, ansiSpans, type AnsiStyle } from "../server/ansi.ts";
import type { LogLine } from "../server/log_lines.ts";
import { type Html, html } from "./html.ts";

/** Lines of a log, each stage's together, for reading without a script. */
export function logHtml(lines: readonly LogLine[]): Html {
  const stages = new Map<string, LogLine[]>();
  for (const line of lines) {
    const own = stages.get(line.stage) ?? [];
    own.push(line);
    stages.set(line.stage, own);
  }
  return html`${
    [...stages].map(([stage, own]) =>
      html`
        <details class="stage" open id="stage-${encodeURIComponent(stage)}">
          <summary>${stage === "" ? "agent" : stage}</summary>
          <div class="lines" tabindex="0" role="group" aria-label="Lines of ${stage === ""
            ? "the agent"
            : stage}">${linesHtml(own)}</div>
        </details>
      `
    )
  }`;
}

function linesHtml(lines: readonly LogLine[]): readonly Html[] {
  let style: AnsiStyle = {};
  return lines.map(({ n, text }) => {
    const { spans, after } = ansiSpans(text, style);
    style = after;
    return html`
      <div class="l"
        id="L${n}"><a href="#L${n}" aria-label="Line ${n}">${n}</a><span>${spans.map(
          spanHtml,
        )}</span></div>
    `;
  });
}

function spanHtml({ text, style }: AnsiSpan): Html {
  const classes = styleClasses(style);
  return classes === "" ? html`${text}` : html`<i class="${classes}">${text}</i>`;
}

/** Classes of a style; a page without a script shows RGB as the nearest of the 256 colours. */
function styleClasses({ f, b, a = "" }: AnsiStyle): string {
  const name = (kind: string, colour: number | string | undefined) =>
    colour === undefined ? [] : [`${kind}${typeof colour === "number" ? colour : nearest(colour)}`];
  return [...name("f", f), ...name("b", b), ...[...a].map((letter) => `a${letter}`)].join(" ");
}

function nearest(rgb: string): number {
  const level = (at: number) => Math.round((parseInt(rgb.slice(at, at + 2), 16) / 255) * 5);
  return 16 + 36 * level(1) + 6 * level(3) + level(5);
}
