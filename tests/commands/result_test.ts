import assert from "node:assert/strict";
import {
  command,
  CommandFailedError,
  CommandResult,
  CommandStartError,
} from "../../lib/commands/mod.ts";
import { decode } from "./_support.ts";

const failing = command(["sh", "-c", "printf out; printf err >&2; exit 3"]);

Deno.test("runToCompletion() gives bytes and exit code of a command that fails", async () => {
  const result = await failing.runToCompletion();
  assert.equal(decode(result.stdout), "out");
  assert.equal(decode(result.stderr), "err");
  assert.equal(result.code, 3);
  assert.equal(result.signal, null);
  assert.equal(result.success, false);
  assert.equal(result.terminated, false);
  assert.equal(result.successfulOrTerminated, false);
});

Deno.test("assertSuccess() throws why, what was run, and its output", async () => {
  const result = await failing.runToCompletion();
  assert.throws(() => result.assertSuccess(), (error) => {
    assert(error instanceof CommandFailedError);
    assert.equal(error.code, 3);
    assert.equal(error.signal, null);
    assert.equal(error.stdoutTail, "out");
    assert.equal(error.stderrTail, "err");
    assert.equal(error.commandLine, "sh -c 'printf out; printf err >&2; exit 3'");
    assert.match(error.message, /^Command failed with exit code 3: sh -c/);
    assert.match(error.message, /stdout:\n {2}out\nstderr:\n {2}err$/);
    return true;
  });
});

Deno.test("assertSuccess() gives the result of a command that succeeds", async () => {
  const result = await command("echo hi").runToCompletion();
  assert.equal(result.assertSuccess().stdoutText(), "hi\n");
  assert.equal(result.success, true);
});

Deno.test("withoutOutput() keeps the output out of prints and errors, and in the data", async () => {
  const result = (await failing.runToCompletion()).withoutOutput();
  assert(result instanceof CommandResult);
  for (const text of [`${result}`, Deno.inspect(result), messageOf(() => result.assertSuccess())]) {
    assert(!/stdout:|stderr:/.test(text), text);
  }
  assert.equal(decode(result.stdout), "out");
});

Deno.test("a missing program is an error that names it", async () => {
  await assert.rejects(command("no-such-program-here a").runToCompletion(), (error) => {
    assert(error instanceof CommandStartError);
    assert.equal(error.program, "no-such-program-here");
    assert.match(error.message, /"no-such-program-here" was not found/);
    assert(error.cause instanceof Deno.errors.NotFound);
    return true;
  });
});

Deno.test("a file that is not executable is an error that says so", async () => {
  const file = await Deno.makeTempFile();
  try {
    await assert.rejects(command([file]).runToCompletion(), /is not executable/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the text of an error is bounded and its control characters are visible", async () => {
  const noisy = command([
    "sh",
    "-c",
    "printf '\\033[2Jx\\a\\r'; head -c 100000 /dev/zero >&2; exit 1",
  ]);
  const message = messageOf(
    ((result) => () => result.assertSuccess())(await noisy.runToCompletion()),
  );
  assert(message.length < 6_000, `${message.length} characters`);
  assert.match(message, /\\x1b\[2Jx\\x07\\r/);
  assert(![...message].some((c) => c < " " && c !== "\n"), "raw control characters");
});

Deno.test("20,000 bytes of é on stderr are cut between characters", async () => {
  const result = await command([
    "sh",
    "-c",
    "i=0; while [ $i -lt 10001 ]; do printf é >&2; i=$((i+1)); done; exit 1",
  ]).runToCompletion();
  assert.throws(() => result.assertSuccess(), (error) => {
    assert(error instanceof CommandFailedError);
    assert.match(error.stderrTail, /^…é+$/);
    return true;
  });
});

Deno.test("a killed command is told apart from one that exits with 137", async () => {
  const killed = await command(["sh", "-c", "kill -KILL $$"]).runToCompletion();
  const exited = await command(["sh", "-c", "exit 137"]).runToCompletion();
  assert.deepEqual([killed.code, killed.signal], [137, "SIGKILL"]);
  assert.deepEqual([exited.code, exited.signal], [137, null]);
  assert.match(messageOf(() => killed.assertSuccess()), /was ended by SIGKILL/);
  assert.match(messageOf(() => exited.assertSuccess()), /exit code 137/);
});

Deno.test("output that is not UTF-8 has no strict text but a lossy one", async () => {
  const result = await command(["printf", "a\\377b"]).runToCompletion();
  assert.throws(() => result.stdoutText(), TypeError);
  assert.equal(result.stdoutLossy(), "a\ufffdb");
  assert.deepEqual(result.stdout, new Uint8Array([97, 255, 98]));
});

Deno.test("a byte order mark is part of the text", async () => {
  const result = await command(["printf", "\\357\\273\\277x"]).runToCompletion();
  assert.equal(result.stdoutText(), "\ufeffx");
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new assert.AssertionError({ message: "did not throw" });
}
