import assert from "node:assert/strict";
import { Diagnostics, SourceText } from "../../lib/diagnostics/mod.ts";
import { emitYaml, parseYaml, plainValue } from "../../lib/yaml_tree/mod.ts";

const TEXTS = [
  ...["yes", "no", "Off", "null", "~", "", " ", "1", "-1", "0x10", "0o7", "0440", "1_000", "1e3"],
  ...[
    ".5",
    ".inf",
    "-.INF",
    ".NaN",
    "1:30",
    "22:22:22",
    "2020-01-01",
    "10s",
    "1m30s",
    "...",
    "---",
  ],
  ...[
    "a: b",
    "a:",
    "a:b",
    "a::b",
    "http://a:80/b?c=d#e",
    "a #b",
    "#x",
    "- a",
    "-",
    "?",
    "? a",
    "!a",
  ],
  ...[
    "{a}",
    "[a]",
    "*a",
    "&a",
    "|",
    "> x",
    "%a",
    "@a",
    "`a",
    "'q'",
    '"q"',
    "a'b",
    "a\\b",
    "<<",
    "=",
  ],
  ...["a\nb", "a\nb\n", "a\n\n", "\na", " a\nb", "a \nb", "x\n  y\n", "a\n\n\nb", "\ta", "a\tb"],
  ...[
    "a\rb",
    "a\r\nb",
    "\x00",
    "\x1b[1m",
    "é",
    "🎉",
    "🎉\nx",
    "a\u2028b",
    "$$x",
    "(a)",
    "a,b",
    "a|b",
  ],
];

async function read(text: string): Promise<unknown> {
  const diagnostics = new Diagnostics();
  const documents = await parseYaml(new SourceText("test.yaml", text), diagnostics);
  assert.deepEqual(diagnostics.all, []);
  return plainValue(documents![0]!);
}

Deno.test("what is written as YAML is the same when it is read", async () => {
  for (const text of TEXTS) {
    const places = [{ a: text }, [text], [[text], { b: text }], { [text]: { c: [] }, z: {} }];
    for (const value of places) {
      const written = emitYaml(value);
      assert.deepEqual(await read(written), value, JSON.stringify(written));
    }
  }
  const rest = { a: [1, 1.5, true, null, [], {}, [[]], [{ x: 1, y: [2] }]], b: {} };
  assert.deepEqual(await read(emitYaml(rest)), rest);
});
