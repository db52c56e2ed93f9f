import assert from "node:assert/strict";
import { settingsTable } from "../../lib/rustc_wrap/mod.ts";
import { deno } from "../support/cli.ts";

const document = new URL("../../docs/rustc-wrap.md", import.meta.url);
const BEGIN = "<!-- settings: written by the tests with UPDATE=1 -->\n";
const END = "<!-- end of settings -->\n";

Deno.test("the document has the table of settings that the code has", async () => {
  const text = await Deno.readTextFile(document);
  const begin = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  assert.ok(begin >= BEGIN.length && end >= begin);
  const { stdout } = await deno(["fmt", "--ext=md", "--config", "deno.json", "-"], {
    stdin: settingsTable(),
    cwd: new URL("../..", import.meta.url).pathname,
  });
  const wanted = `\n${stdout}\n`;
  if (Deno.env.get("UPDATE") === "1") {
    await Deno.writeTextFile(document, text.slice(0, begin) + wanted + text.slice(end));
    return;
  }
  assert.equal(text.slice(begin, end), wanted);
});
