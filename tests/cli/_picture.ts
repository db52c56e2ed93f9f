const COLOURS: Readonly<Record<string, string>> = {
  "31": "#f7768e",
  "32": "#9ece6a",
  "33": "#e0af68",
  "36": "#7dcfff",
  "37": "#c0caf5",
  "90": "#565f89",
  "96": "#7dcfff",
};
const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;

/**
 * Draws what a terminal showed, colours included.
 *
 * @param screen Lines with colours as a terminal takes them.
 * @param columns Its width.
 * @returns An SVG image.
 */
export function pictureOf(screen: string, columns: number): string {
  const lines = screen.split("\n");
  const width = Math.round(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const rows = lines.map((line, index) =>
    `<text x="${MARGIN}" y="${MARGIN + CELL.height * (index + 0.75)}">${spansOf(line)}</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" rx="8" fill="#1a1b26"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" ` +
    `fill="#c0caf5" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

/** The text of a picture, without its colours. */
export function textOfPicture(svg: string): string {
  const rows = [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, row]) => row!);
  return rows.map((row) =>
    row.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&").trimEnd()
  ).join("\n");
}

function spansOf(line: string): string {
  let style = "";
  // deno-lint-ignore no-control-regex -- colours begin with it
  return line.split(/(\x1b\[[0-9;]*m)/).map((piece) => {
    if (piece.startsWith("\x1b[")) {
      style = styleAfter(style, piece.slice(2, -1).split(";"));
      return "";
    }
    const text = piece.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return text === "" || style === "" ? text : `<tspan${style}>${text}</tspan>`;
  }).join("");
}

function styleAfter(style: string, codes: readonly string[]): string {
  let now = style;
  for (const code of codes) {
    if (code === "" || code === "0" || code === "39") now = "";
    else if (code === "1") now += ' font-weight="bold"';
    else if (code === "2") now = ' opacity="0.6"';
    else if (COLOURS[code] !== undefined) now = ` fill="${COLOURS[code]}"`;
  }
  return now;
}
