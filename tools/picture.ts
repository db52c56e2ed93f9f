/**
 * Draws the live view of `superorch up` as it is on a terminal, for the README:
 *
 *     deno run -A tools/picture.ts [FILE]
 *
 * The default is `docs/live_view.svg`. It runs `examples/shop` on the engine that discovery finds;
 * BUSYBOX names another image than that of the public registry. Needs script(1) of Linux.
 */

/** A piece of text in one style. */
interface Span {
  readonly text: string;
  readonly bold: boolean;
  readonly colour: string;
}

const COLUMNS = 84;
const COMMAND = "superorch up -f examples/shop/compose.yaml";
const FOREGROUND = "#d8dee9";
const COLOURS: Readonly<Record<string, string>> = {
  "2": "#7b8394",
  "31": "#e06c75",
  "32": "#98c379",
  "33": "#e5c07b",
  "34": "#61afef",
  "35": "#c678dd",
  "36": "#56b6c2",
};

const root = new URL("..", import.meta.url);
const target = Deno.args[0] ?? "docs/live_view.svg";
const recorded = await record();
const frames = framesOf(recorded);
// While the web server is being looked at: something is done, something runs, something waits.
const frame = frames.findLast((one) => /web.*running.*starting/.test(plain(one))) ?? frames.at(-1);
if (frame === undefined) throw new Error(`Cannot find a live view in: ${recorded}`);
await Deno.writeTextFile(target, draw([`$ ${COMMAND}`, ...frame.split("\n")]));
console.log(`${target}: ${frames.length} frames seen`);

async function record(): Promise<string> {
  const program = `deno run -q -A cli/main.ts ${COMMAND.replace("superorch ", "")}`;
  const { stdout } = await new Deno.Command("script", {
    args: [
      "-qefc",
      `stty cols ${COLUMNS} rows 30; ${program} --exit-code-from customer`,
      "/dev/null",
    ],
    cwd: root,
    env: { TERM: "xterm-256color", NO_COLOR: "" },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Each frame begins where the cursor has gone back up, and ends where the rest is erased. */
function framesOf(text: string): readonly string[] {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  return [...text.matchAll(/(?:^|\x1b\[\d+A)((?:[^\x1b]|\x1b\[[\d;]*[mK])+)\x1b\[J/g)]
    .map((match) => match[1]!.replaceAll("\r", "").replaceAll("\x1b[K", "").trimEnd());
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is taken out
  return text.replaceAll(/\x1b\[[\d;]*m/g, "");
}

function spansOf(line: string): readonly Span[] {
  const spans: Span[] = [];
  let bold = false;
  let colour = FOREGROUND;
  // deno-lint-ignore no-control-regex -- they are what is looked for
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    // deno-lint-ignore no-control-regex -- as above
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1]?.split(";");
    if (codes === undefined) {
      if (part !== "") spans.push({ text: part, bold, colour });
      continue;
    }
    for (const code of codes) {
      if (code === "" || code === "0") [bold, colour] = [false, FOREGROUND];
      else if (code === "1") bold = true;
      else colour = COLOURS[code] ?? colour;
    }
  }
  return spans;
}

function draw(lines: readonly string[]): string {
  const [lineHeight, charWidth, margin] = [20, 8.4, 16];
  const width = Math.ceil(COLUMNS * charWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map((line, index) => {
    const spans = spansOf(line).map(({ text, bold, colour }) =>
      `<tspan fill="${colour}"${bold ? ' font-weight="bold"' : ""}>${escapeXml(text)}</tspan>`
    );
    const y = margin + (index + 0.75) * lineHeight;
    return `  <text x="${margin}" y="${y}" xml:space="preserve">${spans.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" \
viewBox="0 0 ${width} ${height}" role="img" aria-label="The live view of superorch up">
  <rect width="100%" height="100%" rx="8" fill="#21252b"/>
  <g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">
${rows.join("\n")}
  </g>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
