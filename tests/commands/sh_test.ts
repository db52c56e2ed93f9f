import assert from "node:assert/strict";
import { CommandFailedError, sh, shell, shQuiet } from "../../lib/commands/mod.ts";
import { isTimeout } from "../../lib/errors/mod.ts";
import { Collected } from "./_support.ts";

Deno.test("sh() shows the output and gives it back", async () => {
  const stdout = new Collected();
  assert.equal(await sh(["printf %s|", "a b", "c"], { stdout }), "a b|c|");
  assert.match(stdout.text, /^printf \d+ {2}\| a b\|c\|\n$/);
});

Deno.test("shQuiet() shows nothing", async () => {
  const stdout = new Collected();
  assert.equal(await shQuiet("echo hi", { stdout }), "hi\n");
  assert.equal(stdout.text, "");
});

Deno.test("sh() splits a text, and of an array only the first element", async () => {
  assert.equal(await shQuiet("printf %s| a b"), "a|b|");
  assert.equal(await shQuiet(["printf %s|", "a b"], { args: ["c d"] }), "a b|c d|");
});

Deno.test("sh() fails when the command does", async () => {
  await assert.rejects(shQuiet("ls ./nonexistent"), (error) => {
    assert(error instanceof CommandFailedError);
    assert.match(error.message, /Command failed with exit code 2: ls \.\/nonexistent\n/);
    assert.match(error.stderrTail, /nonexistent/);
    return true;
  });
});

Deno.test("sh() takes options of the command and of the run", async () => {
  assert.equal(await shQuiet("cat", { input: "text" }), "text");
  assert.equal(await shQuiet(["sh", "-c", "echo $A"], { env: { A: "1" } }), "1\n");
  await assert.rejects(shQuiet("sleep 60", { timeoutMs: 50 }), isTimeout);
});

Deno.test("sh() refuses an empty command", async () => {
  for (const empty of ["", "  ", [], ["  "]]) {
    await assert.rejects(sh(empty), /there is no program/);
  }
});

Deno.test("shell() loads the template of dax", async () => {
  const { $ } = await shell();
  assert.equal(await $`echo ${"a b"} | cat`.text(), "a b");
});
