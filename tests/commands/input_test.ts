import assert from "node:assert/strict";
import { command, CommandOutputError } from "../../lib/commands/mod.ts";
import { processesWith, uniqueSleep, until } from "./_support.ts";

Deno.test("a text reaches standard input", async () => {
  const result = await command("grep h").runWithInput("hello\nworld");
  assert.equal(result.stdoutText(), "hello\n");
  assert.equal(result.code, 0);
});

Deno.test("a text that is the name of a setting is a text", async () => {
  for (const text of ["null", "inherit", "piped", ""]) {
    assert.equal((await command("cat").runWithInput(text)).stdoutText(), text);
  }
  await assert.rejects(command("cat").run({ stdin: "null", input: "" }), TypeError);
});

Deno.test("a command that reads nothing of 1 MiB succeeds all the same", async () => {
  for (const script of ["true", "exit 3", "head -c 1 >/dev/null", "exec <&-; exit 0"]) {
    const result = await command(["sh", "-c", script]).runWithInput(new Uint8Array(1024 * 1024));
    assert.equal(result.code, script === "exit 3" ? 3 : 0, script);
    assert.equal(result.signal, null);
  }
});

Deno.test("8 MiB through cat come back identical", async () => {
  const input = new Uint8Array(8 * 1024 * 1024);
  for (let i = 0; i < input.length; i += 65_536) {
    crypto.getRandomValues(input.subarray(i, i + 65_536));
  }
  const result = await command("cat").runWithInput(input);
  assert.equal(result.stdout.length, input.length);
  assert(result.stdout.every((byte, index) => byte === input[index]));
});

Deno.test("a stream is read as the command reads", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(65_536).fill(97));
    },
  });
  const result = await command("head -c 100000").runWithInput(endless);
  assert.equal(result.stdout.length, 100_000);
  assert(pulled < 100, `${pulled} chunks were read`);
});

Deno.test("a stream that never gives anything does not outlive the command", async () => {
  let cancelled = false;
  const silent = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true;
    },
  });
  const result = await command("true").runWithInput(silent);
  assert.equal(result.code, 0);
  await until("the stream is cancelled", () => cancelled);
});

Deno.test("input that breaks off ends the command: half of it must not look like all", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("half"));
      setTimeout(() => controller.error(new Error("the source broke")), 20);
    },
  });
  const script = "cat; echo complete";
  await assert.rejects(command(["sh", "-c", script]).runWithInput(broken), (error) => {
    assert(error instanceof CommandOutputError);
    assert.match(error.message, /Cannot read the input of/);
    assert.match(String(error.cause), /the source broke/);
    assert.equal(error.result.terminated, true);
    assert(!error.result.stdoutText().includes("complete"));
    return true;
  });
});

Deno.test("standard input is empty by default", async () => {
  assert.equal((await command("cat").runToCompletion()).stdoutText(), "");
});

Deno.test("input for a command whose child keeps the pipe does not hang", async () => {
  const sleep = uniqueSleep(60);
  const script = `sleep ${sleep} <&0 & exit 5`;
  await using runner = await command(["sh", "-c", script]).run({
    input: new Uint8Array(1024 * 1024),
  });
  const result = await runner.waitWithTimeout(10_000);
  assert.equal(result.code, 5);
  await runner.kill();
  assert.deepEqual(processesWith(sleep), []);
});
