import assert from "node:assert/strict";
import { command, type CommandOptions } from "../../lib/commands/mod.ts";
import { Collected, decode, programPath, tempDir, until } from "./_support.ts";

async function forwarded(script: string, options: CommandOptions = {}, terminal = false) {
  const [stdout, stderr] = [new Collected({ terminal }), new Collected({ terminal })];
  const shown = command(["sh", "-c", script], { forward: true, ...options });
  await using runner = await shown.run({ stdout, stderr });
  const { pid } = runner;
  const result = await runner.wait();
  return { stdout: stdout.text, stderr: stderr.text, pid, result };
}

const visible = (text: string) => text.replaceAll("\x1b", "ESC");

Deno.test("each line gets a prefix, the last one an end that the record does not have", async () => {
  const { stdout, stderr, pid, result } = await forwarded("printf 'a\\n\\nb'");
  assert.equal(stdout, `sh ${pid}  | a\nsh ${pid}  | \nsh ${pid}  | b\n`);
  assert.equal(stderr, "");
  assert.equal(decode(result.stdout), "a\n\nb");
});

Deno.test("stderr goes to stderr, with a prefix of its own", async () => {
  const { stdout, stderr, pid } = await forwarded("echo o; echo e >&2");
  assert.equal(stdout, `sh ${pid}  | o\n`);
  assert.equal(stderr, `sh ${pid} E| e\n`);
});

Deno.test("a custom prefix is verbatim, also on a terminal", async () => {
  const options = { forward: { stdout: "$& %s → ", stderr: "" } };
  const { stdout, stderr } = await forwarded("printf 'a\\nb\\n'; echo e >&2", options, true);
  assert.equal(stdout, "$& %s → a\n$& %s → b\n");
  assert.equal(stderr, "e\n");
});

Deno.test("one stream can be forwarded without the other", async () => {
  const { stdout, stderr } = await forwarded("echo o; echo e >&2", { forward: { stderr: true } });
  assert.equal(stdout, "");
  assert.match(stderr, /E\| e\n$/);
});

Deno.test("no output, no prefix", async () => {
  const { stdout, stderr } = await forwarded("true");
  assert.deepEqual([stdout, stderr], ["", ""]);
});

Deno.test("a partial line shows before the program ends", async () => {
  const stdout = new Collected();
  const partial = command(["sh", "-c", "printf x; read -r answer"], { forward: true });
  await using runner = await partial.run({ stdin: "piped", stdout });
  await until("x shows", () => stdout.text.endsWith("| x"));
  assert.equal(runner.status, "running");
  await runner.stdin?.close();
  await runner.wait();
  assert.match(stdout.text, /\| x\n$/);
});

Deno.test("bytes are recorded and logged as they are, and shown whole or as U+FFFD", async () => {
  await using dir = await tempDir();
  const all = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  const script = `printf '${all.join("")}'; printf '\\360\\237'; read -r go; printf '\\246\\200'`;
  const log = `${dir.path}/x.log`;
  const stdout = new Collected();
  const bytes = command(["sh", "-c", script], { forward: true, log: { stdout: log } });
  await using runner = await bytes.run({ stdin: "piped", stdout });
  await until("the first half has come", () => runner.stdoutTail().length === 258);
  const writer = runner.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("go\n"));
  await writer?.close();
  const result = await runner.wait();
  const expected = new Uint8Array([...Array(256).keys(), 0xf0, 0x9f, 0xa6, 0x80]);
  assert.deepEqual(result.stdout, expected);
  assert.deepEqual(new Uint8Array(await Deno.readFile(log)), expected);
  assert(stdout.text.endsWith("🦀\n"), "the emoji is whole");
  assert(stdout.text.includes("~\x7f\ufffd\ufffd"), "invalid bytes are marked");
});

Deno.test("two commands on one terminal do not share a line", async () => {
  const stdout = new Collected();
  const open = command(["sh", "-c", "printf begun; read -r go; echo ' ended'"], {
    forward: { stdout: "A " },
  });
  await using first = await open.run({ stdin: "piped", stdout });
  await until("the line is begun", () => stdout.text === "A begun");
  await command("echo whole", { forward: { stdout: "B " } }).runToCompletion({ stdout });
  const writer = first.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("go\n"));
  await writer?.close();
  await first.wait();
  assert.equal(stdout.text, "A begun\nB whole\nA  ended\n");
});

Deno.test("colours cycle on a terminal and are absent elsewhere", async () => {
  const colours = new Set<string>();
  for (let i = 0; i < 8; i++) {
    const { stdout } = await forwarded("echo x", { forward: { stdout: true } }, true);
    const colour = /^ESC\[(\d+)msh \d+ {2}\| ESC\[0mx\n$/.exec(visible(stdout))?.[1];
    assert(colour !== undefined, JSON.stringify(stdout));
    colours.add(colour);
  }
  assert.equal(colours.size, 8);
  assert(!(await forwarded("echo x; echo y >&2")).stdout.includes("\x1b"));
});

// util-linux `script` gives the program a terminal of its own.
function onTerminal(env: Record<string, string>) {
  const program = `${Deno.execPath()} run -A --no-lock ${programPath("forward.ts")}`;
  return command(["script", "-qec", program, "/dev/null"], { env: { TERM: "xterm", ...env } })
    .runToCompletion({ timeoutMs: 30_000 });
}

Deno.test("a real terminal gets colours", async () => {
  const result = await onTerminal({ NO_COLOR: "" });
  assert.match(visible(result.stdoutText()), /ESC\[\d+mecho \d+ {2}\| ESC\[0mshown\r\n/);
});

Deno.test("NO_COLOR keeps colours off a real terminal", async () => {
  const result = await onTerminal({ NO_COLOR: "1" });
  assert.match(result.stdoutText(), /^echo \d+ {2}\| shown\r\n/m);
  assert(!result.stdoutText().includes("\x1b"));
});

Deno.test("a reader that goes away does not stop the command", async () => {
  const program = `${Deno.execPath()} run -A --no-lock ${programPath("forward.ts")} many`;
  const result = await command(["bash", "-c", `${program} | head -1; exit \${PIPESTATUS[0]}`])
    .runToCompletion({ timeoutMs: 30_000 });
  assert.equal(result.code, 0, result.stderrLossy());
  assert.match(result.stdoutText(), /^seq \d+ {2}\| 1\n$/);
});
