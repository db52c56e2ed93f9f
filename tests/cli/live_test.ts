import assert from "node:assert/strict";
import { Board } from "../../cli/live/board.ts";
import { LogGate } from "../../cli/live/log_gate.ts";
import { Screen } from "../../cli/live/screen.ts";
import { TerminalText } from "../../cli/live/terminal_text.ts";
import { cutText, fitText, plainText, textWidth } from "../../cli/live/text_width.ts";
import type { UpEvent } from "../../lib/compose/mod.ts";

const encoder = new TextEncoder();

Deno.test("a text is as wide as a terminal shows it", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["plain", 5],
    ["数据库", 6],
    ["ready 🎉", 8],
    ["e\u0301a\u0300", 2],
    ["👩‍💻", 2],
    ["🇩🇪", 2],
    ["한글", 4],
    ["ｆｕｌｌ", 8],
    ["a\u200bb", 2],
    ["✔ ⠹ ◌ █", 7],
  ];
  for (const [text, width] of cases) assert.equal(textWidth(text), width, JSON.stringify(text));
});

Deno.test("a text is cut between characters, and filled up to its width", () => {
  assert.equal(cutText("数据库系统", 6), "数据…");
  assert.equal(cutText("数据库", 6), "数据库");
  assert.equal(cutText("anything", 0), "");
  assert.equal(cutText("ab", 1), "…");
  assert.equal(fitText("数据库系统", 6), "数据… ");
  assert.equal(fitText("ab", 4), "ab  ");
});

Deno.test("what a program writes cannot drive the terminal from a line of the board", () => {
  assert.equal(plainText("\x1b[31mred\x1b[0m\tx\r"), "red x");
  assert.equal(plainText("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07");
  assert.equal(plainText("50 %\r60 %"), "50 %\\x0d60 %");
  assert.equal(plainText("\x9b1m\u202e"), "\\x9b1m\\u{202e}");
});

Deno.test("colours of services stay on a terminal and end with their line, all else is escaped", () => {
  const text = new TerminalText(true);
  assert.equal(
    text.push("a \x1b[1;32mgreen\nplain\x1b[2J\x07\r\n"),
    [
      "a \x1b[1;32mgreen\x1b[0m",
      "plain\\x1b[2J\\x07",
      "",
    ].join("\n"),
  );
  assert.equal(new TerminalText(false).push("a \x1b[32mgreen\x1b[0m\n"), "a green\n");
});

Deno.test("a colour that is cut over two pieces is one, an end that never comes is escaped", () => {
  const text = new TerminalText(true);
  assert.equal(text.push("x\x1b[3"), "x");
  assert.equal(text.push("1mred\r"), "\x1b[31mred");
  assert.equal(text.push("\n"), "\x1b[0m\n");
  assert.equal(text.push("\x1b"), "");
  assert.equal(text.flush(), "\\x1b");
});

Deno.test("a gate holds what is written until it is opened, and makes nobody wait", async () => {
  let shown = "";
  const sink = { terminal: true, colour: false, write: (text: string) => void (shown += text) };
  const gate = new LogGate(sink, false);
  await gate.write(encoder.encode("one\ntw"));
  assert.equal(shown, "");
  assert.equal(gate.drain(), "one\n");
  gate.release();
  assert.equal(shown, "tw");
  await gate.write(encoder.encode("o\n"));
  assert.equal(shown, "two\n");
});

Deno.test("a gate holds so much and no more, and says what is left out", async () => {
  let shown = "";
  const sink = { terminal: false, colour: false, write: (text: string) => void (shown += text) };
  const gate = new LogGate(sink, false);
  for (let index = 0; index < 40; index++) await gate.write(new Uint8Array(64 * 1024).fill(97));
  await gate.write(encoder.encode("\nlast\n"));
  gate.release();
  assert.match(shown, /^… \d+ bytes of output before this are left out here\n/);
  assert.ok(shown.endsWith("\nlast\n"));
  assert.ok(shown.length < 1.2 * 1024 * 1024, `${shown.length}`);
});

/** A board that has taken notice of some events, a second apart. */
function boardOf(...events: readonly UpEvent[]): Board {
  const board = new Board(0);
  for (const [index, event] of events.entries()) board.take(event, index * 1000);
  return board;
}

function project(...nodes: readonly (readonly [string, ...string[]])[]): UpEvent {
  return {
    kind: "project",
    name: "shop",
    nodes: nodes.map(([name, ...after]) => ({ name, service: name, after })),
  };
}

function node(name: string, what: string, state: string, more: object = {}): UpEvent {
  return { kind: "node", name, what, state, atMs: 0, kept: false, ...more };
}

Deno.test("the board has a line for each service: state, health, time, and what it says", () => {
  const board = boardOf(
    project(["db"], ["cache"], ["app", "db", "cache"], ["job"]),
    node("db", "started", "starting"),
    { kind: "line", name: "db", stream: "stdout", text: "\x1b[32mlistening\x1b[0m" },
    node("cache", "started", "running"),
    node("job", "exit code 3", "exited", { exitCode: 3 }),
  );
  const lines = board.lines({ columns: 80, rows: 24 }, 5000, false);
  assert.deepEqual(lines.map((line) => line.replace(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, "*")), [
    "shop  1 of 4 up  5.0 s",
    "* db     running     starting     4.0 s  listening",
    "✔ cache  running     -            0.0 s",
    "◌ app    waiting     -                   after db",
    "✘ job    exited 3    -            0.0 s",
  ]);
});

Deno.test("pulls and builds are bars as long as they go on", () => {
  const image = (more: object): UpEvent => ({
    kind: "image",
    name: "db",
    reference: "postgres:16",
    action: "pull",
    state: "progress",
    ...more,
  });
  const draw = (event: UpEvent) =>
    boardOf(project(["db"]), event).lines({ columns: 120, rows: 24 }, 2000, false)[1]!;
  assert.match(
    draw(image({ current: 12_400_000, total: 24_800_000, text: "Downloading" })),
    /pulling .* ██████████░░░░░░░░░░ {2}50 % {2}12\.4 of 24\.8 MB {2}Downloading$/,
  );
  assert.match(
    draw(image({ action: "build", current: 1, total: 4, text: "[2/4] RUN make" })),
    /building .* █████░░░░░░░░░░░░░░░ 1\/4 {2}\[2\/4\] RUN make$/,
  );
  assert.match(draw(image({ state: "started" })), /pulling .* postgres:16$/);
});

Deno.test("no line of the board is as wide as its terminal, however narrow", () => {
  const board = boardOf(
    project(["数据库数据库数据库数据库"], ["a-service-with-quite-a-long-name-indeed", "x"]),
    { kind: "line", name: "数据库数据库数据库数据库", stream: "stdout", text: "🎉".repeat(200) },
    node("数据库数据库数据库数据库", "started", "running"),
  );
  for (const columns of [1, 10, 20, 31, 32, 40, 44, 56, 57, 80, 200]) {
    for (const line of board.lines({ columns, rows: 24 }, 1000, false)) {
      assert.ok(textWidth(line) < Math.max(10, columns), `${columns}: ${line}`);
    }
  }
});

Deno.test("more services than lines: what fails or goes on is shown, the rest is counted", () => {
  const names = Array.from({ length: 30 }, (_, index) => `svc${index}`);
  const board = boardOf(
    project(...names.map((name) => [name] as const)),
    ...names.slice(0, 20).map((name) => node(name, "started", "running")),
    node("svc7", "failed", "failed"),
  );
  const lines = board.lines({ columns: 80, rows: 10 }, 1000, false);
  assert.equal(lines.length, 8);
  assert.match(lines.join("\n"), /^✘ svc7 /m);
  assert.match(lines.at(-1)!, /^ {2}… and 24 more: 19 up, 5 waiting$/);
});

Deno.test("a block is drawn over the one before, also when the terminal has become narrower", () => {
  let written = "";
  let columns = 80;
  const screen = new Screen((text) => void (written += text), () => ({ columns, rows: 24 }));
  screen.draw(["x".repeat(70), "\x1b[32mshort\x1b[0m"]);
  written = "";
  screen.draw(["y"]);
  assert.equal(written, "\r\x1b[2Ay\x1b[K\n\x1b[J");
  screen.draw(["x".repeat(70), "short"]);
  columns = 30; // the terminal has broken the first line into three
  written = "";
  screen.print("note\n");
  assert.equal(written, "\r\x1b[4A\x1b[Jnote\n");
  written = "";
  screen.draw(["z"]);
  assert.equal(written, "\rz\x1b[K\n\x1b[J");
});
