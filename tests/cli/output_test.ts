import assert from "node:assert/strict";
import {
  escapeControl,
  formatAge,
  formatJson,
  formatJsonLine,
  formatTable,
  standardOutput,
} from "../../cli/output.ts";

const rows = [["db", "postgres:16"], ["application", "a"]];

Deno.test("formatTable() aligns columns on a terminal, with a bold header where colour is wanted", () => {
  assert.equal(
    formatTable(["NAME", "IMAGE"], rows, { terminal: true, colour: false }),
    "NAME         IMAGE\ndb           postgres:16\napplication  a\n",
  );
  assert.ok(
    formatTable(["NAME", "IMAGE"], rows, { terminal: true, colour: true })
      .startsWith("\x1b[1mNAME         IMAGE\x1b[0m\n"),
  );
});

Deno.test("formatTable() writes one tab between fields off a terminal", () => {
  assert.equal(
    formatTable(["NAME", "IMAGE"], rows, { terminal: false, colour: false }),
    "NAME\tIMAGE\ndb\tpostgres:16\napplication\ta\n",
  );
});

Deno.test("formatTable() keeps one row on one line, whatever the cells hold", () => {
  const text = formatTable(["A", "B"], [["x\ty\n", "\x1b[31mred"]], {
    terminal: false,
    colour: false,
  });
  assert.equal(text, "A\tB\nx\\x09y\\x0a\t\\x1b[31mred\n");
});

Deno.test("escapeControl() leaves text alone", () => {
  assert.equal(escapeControl("größe 😀 \\n"), "größe 😀 \\n");
  assert.equal(escapeControl("\x00\x7f\x9b"), "\\x00\\x7f\\x9b");
});

Deno.test("formatAge() says one number and one unit", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, "0s"],
    [0.9, "0s"],
    [119, "119s"],
    [120, "2m"],
    [7199, "119m"],
    [7200, "2h"],
    [48 * 3600, "2d"],
    [400 * 86400, "400d"],
  ];
  for (const [seconds, text] of cases) assert.equal(formatAge(seconds), text);
});

Deno.test("JSON results end with one newline, and a stream has one line each", () => {
  assert.equal(formatJson([]), "[]\n");
  assert.equal(formatJsonLine({ a: "x\ny" }), '{"a":"x\\ny"}\n');
});

Deno.test("standardOutput() leaves colours out where it may not read NO_COLOR", () => {
  const output = standardOutput(() => {
    throw new Deno.errors.NotCapable("env");
  });
  assert.equal(output.out.colour, false);
});
