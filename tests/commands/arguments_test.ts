import assert from "node:assert/strict";
import { Command, command, type CommandSpec, CommandStartError } from "../../lib/commands/mod.ts";
import { tempDir } from "./_support.ts";

Deno.test("a text is split at any white space", async () => {
  const result = await command("  printf\t%s|\n a   b ").runToCompletion();
  assert.equal(result.stdoutText(), "a|b|");
});

Deno.test("an argument is passed as it is, a word of a text is not quoted", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/a b.txt`, "");
  const listed = await command(`ls ${dir.path}`).runToCompletion();
  assert.equal(listed.stdoutText(), "a b.txt\n");
  const asArgument = await command("ls").arg(`${dir.path}/a b.txt`).runToCompletion();
  assert.equal(asArgument.success, true);
  const inText = await command(`ls '${dir.path}/a b.txt'`).runToCompletion();
  assert.equal(inText.success, false);
});

Deno.test("an array is not split, its program included", async () => {
  await using dir = await tempDir();
  const program = `${dir.path}/my program`;
  await Deno.writeTextFile(program, "#!/bin/sh\nprintf '%s|' \"$@\"\n");
  await Deno.chmod(program, 0o755);
  const result = await command([program, "a b", ""]).args("c  d").runToCompletion();
  assert.equal(result.stdoutText(), "a b||c  d|");
});

Deno.test("there is no shell: * and $HOME stay what they are", async () => {
  const result = await command("echo * $HOME ~ ; |").runToCompletion();
  assert.equal(result.stdoutText(), "* $HOME ~ ; |\n");
});

Deno.test("envClear starts from an empty environment", async () => {
  const result = await command("env", { envClear: true, env: { A: "1" } }).runToCompletion();
  assert.equal(result.stdoutText(), "A=1\n");
});

Deno.test("env adds to the inherited environment, later values win", async () => {
  const made = command(["sh", "-c", 'echo "$A $B ${PATH:+path}"'], { env: { A: "1", B: "1" } });
  const result = await made.env({ B: "2" }).runToCompletion();
  assert.equal(result.stdoutText(), "1 2 path\n");
});

Deno.test("a relative directory works", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/inner`);
  const outer = command(["sh", "-c", "cd inner && pwd -P"]).cwd(dir.path);
  assert.equal((await outer.runToCompletion()).stdoutText(), `${dir.path}/inner\n`);
  const root = await command("pwd").cwd("./tests/../tests").runToCompletion();
  assert.match(root.stdoutText(), /\/tests\n$/);
});

Deno.test("a missing directory is an error before anything runs", async () => {
  await using dir = await tempDir();
  const mark = `${dir.path}/ran`;
  for (const cwd of [`${dir.path}/missing`, "/dev/null", ""]) {
    await assert.rejects(command(["touch", mark], { cwd }).runToCompletion(), CommandStartError);
  }
  await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("a log that cannot be opened is an error before anything runs", async () => {
  await using dir = await tempDir();
  const mark = `${dir.path}/ran`;
  const touch = command(["touch", mark], { log: `${dir.path}/missing/x.log` });
  await assert.rejects(touch.runToCompletion(), /its log cannot be opened/);
  await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("a command is immutable: each step makes another one", () => {
  const first = command("echo");
  const second = first.arg("a").env({ A: "1" }).cwd("/").with({ record: false });
  assert.deepEqual(first.spec, { program: "echo", args: [] });
  assert.deepEqual(second.spec.args, ["a"]);
  assert.throws(() => (second.spec.args as string[]).push("b"), TypeError);
  assert.throws(() => ((second.spec as { program: string }).program = "x"), TypeError);
  assert.deepEqual(second.with({ record: undefined, cwd: undefined }).spec, {
    program: "echo",
    args: ["a"],
    env: { A: "1" },
  });
});

Deno.test("a command survives JSON and runs the same after it", async () => {
  const original = command("sh -c", {
    args: ['printf "$A"'],
    env: { A: "é" },
    recordLimitBytes: 10,
    forward: { stderr: "p " },
    log: { stdout: { path: "/dev/null", append: true } },
    graceMs: 5,
  });
  const copy = new Command(JSON.parse(JSON.stringify(original)));
  assert.deepEqual(copy.spec, original.spec);
  assert.equal(JSON.stringify(copy), JSON.stringify(original));
  assert.equal((await copy.runToCompletion()).stdoutText(), "é");
});

Deno.test("data that is no command is refused, naming the field", () => {
  const refused = (data: unknown, words: RegExp) =>
    assert.throws(() => new Command(data as CommandSpec), words);
  refused({ program: "", args: [] }, /no program/);
  refused({ args: [] }, /no program/);
  refused({ program: "ls" }, /no "args"/);
  refused({ program: "ls", args: "a" }, /"args" must be an array of texts/);
  refused({ program: "ls", args: [1] }, /"args" must be an array of texts/);
  refused({ program: "ls", args: [], env: { A: 1 } }, /"env" must be an object of texts/);
  refused({ program: "ls", args: [], env: { "A=B": "1" } }, /"env" must be/);
  refused({ program: "ls", args: [], env: { "": "1" } }, /"env" must be/);
  refused({ program: "ls", args: [], cwdd: "/" }, /unknown field "cwdd"/);
  refused({ program: "ls", args: [], graceMs: -1 }, /"graceMs" must be a number of 0 or more/);
  refused({ program: "ls", args: [], record: 1 }, /"record" must be/);
  refused({ program: "ls", args: [], forward: { stdin: true } }, /"forward" must be/);
  refused({ program: "ls", args: [], log: { path: 1 } }, /"log" must be/);
  assert.throws(() => command("  "), /no program/);
  assert.throws(() => command("a", { forgetOnDrop: true, dieWithParent: true }), /exclude/);
  assert.throws(() => command("a", { interactive: true, log: "x" }), /exclude/);
});

Deno.test("a zero byte in an argument is an error of ours, not a crash", async () => {
  await assert.rejects(command(["echo", "a\0b"]).runToCompletion(), CommandStartError);
});
