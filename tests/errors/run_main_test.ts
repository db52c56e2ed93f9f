import assert from "node:assert/strict";
import { runMain, StackedError } from "../../lib/errors/mod.ts";
import { deno } from "../support/cli.ts";

async function run(main: () => unknown): Promise<{ codes: number[]; text: string }> {
  const codes: number[] = [];
  let text = "";
  await runMain(main as () => void, {
    write: (part) => text += part,
    exit: (code) => codes.push(code),
    colour: false,
  });
  return { codes, text };
}

Deno.test("runMain() lets a program that succeeds end by itself", async () => {
  assert.deepEqual(await run(() => {}), { codes: [], text: "" });
  assert.deepEqual(await run(() => Promise.resolve(0)), { codes: [], text: "" });
});

Deno.test("runMain() takes a number for the exit code", async () => {
  assert.deepEqual(await run(() => Promise.resolve(7)), { codes: [7], text: "" });
});

Deno.test("runMain() renders what a program throws and ends with 1", async () => {
  const fail = () => {
    throw new StackedError("Cannot go on", { cause: "disk full", location: false });
  };
  const expected = { codes: [1], text: "Error: \n    Cannot go on\n    disk full\n" };
  assert.deepEqual(await run(fail), expected);
  assert.deepEqual(await run(() => Promise.resolve().then(fail)), expected);
});

Deno.test("runMain() needs no permission and writes no colours into a pipe", async () => {
  const script = new URL("scripts/failing_main.ts", import.meta.url).href;
  const { code, stderr, stdout } = await deno(["run", "--no-prompt", script]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  const [, ...lines] = stderr.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^ {4}Cannot add/);
  assert.match(stderr, /at \S*failing_main\.ts 4:\d+\n/);
  assert.equal(lines.at(-1), "    RangeError: one");
  assert.equal(stderr.includes("\x1b"), false);
});
