import assert from "node:assert/strict";
import { command, CommandFinishedError, CommandTimeoutError } from "../../lib/commands/mod.ts";
import { isTimeout } from "../../lib/errors/mod.ts";
import {
  decode,
  encode,
  processesWith,
  programPath,
  tempDir,
  uniqueSleep,
  until,
} from "./_support.ts";

const sh = (script: string) => command(["sh", "-c", script]);

Deno.test("waitWithTimeout() gives up in time and leaves the command running and usable", async () => {
  await using runner = await command("sleep 5").run();
  const start = performance.now();
  await assert.rejects(runner.waitWithTimeout(200), (error) => {
    assert(error instanceof CommandTimeoutError);
    assert(isTimeout(error));
    assert.equal(error.timeoutMs, 200);
    assert.match(error.message, /did not end within 200 ms, still runs as process \d+: sleep 5/);
    return true;
  });
  const elapsedMs = performance.now() - start;
  assert(elapsedMs >= 200 && elapsedMs < 2_000, `${elapsedMs} ms`);
  assert.equal(runner.status, "running");
  assert(runner.pid !== undefined);
  runner.signal("SIGTERM");
  const result = await runner.wait();
  assert.equal(result.signal, "SIGTERM");
  assert.equal(result.terminated, false); // a signal that the caller sends is the caller's
  assert.equal(runner.pid, undefined);
  assert.equal(runner.status, "finished");
  assert.equal(await runner.wait(), result);
  assert.equal(await runner.waitWithTimeout(0), result);
});

Deno.test("what is asked of a finished command is refused clearly", async () => {
  await using runner = await command("true").run();
  await runner.wait();
  const finished = { name: "CommandFinishedError", message: /"true": it has already finished$/ };
  await assert.rejects(runner.kill(), finished);
  await assert.rejects(runner.terminate(), finished);
  assert.throws(() => runner.signal("SIGTERM"), CommandFinishedError);
});

Deno.test("kill() is told apart from a command that exits with 137", async () => {
  await using runner = await command("sleep 60").run();
  const result = await runner.kill();
  assert.deepEqual([result.code, result.signal, result.terminated], [137, "SIGKILL", true]);
  assert.equal(result.successfulOrTerminated, true);
  assert.throws(() => result.assertSuccess(), /was terminated before it completed/);
  await assert.rejects(runner.kill(), CommandFinishedError);
});

Deno.test("terminate() asks first and keeps what the command says at its end", async () => {
  const polite = sh(
    "trap 'echo cleaning up; exit 7' TERM; echo ready; while :; do sleep 0.01; done",
  );
  await using runner = await polite.run();
  for await (const line of runner.lines()) if (line === "ready") break;
  const result = await runner.terminate();
  assert.deepEqual([result.code, result.signal, result.terminated], [7, null, true]);
  assert.equal(result.stdoutText(), "ready\ncleaning up\n");
});

Deno.test("terminate() kills what does not listen, after the grace", async () => {
  const deaf = sh("trap '' TERM; echo ready; while :; do sleep 0.05; done").with({ graceMs: 100 });
  await using runner = await deaf.run();
  for await (const line of runner.lines()) if (line === "ready") break;
  const result = await runner.terminate();
  assert.equal(result.signal, "SIGKILL");
  assert.equal(result.terminated, true);
});

Deno.test("terminate() ends a stopped command", async () => {
  await using runner = await command("sleep 60").run();
  runner.signal("SIGSTOP");
  assert.equal((await runner.terminate()).signal, "SIGTERM");
});

Deno.test("a grandchild that holds the pipe does not hold up the wait, and terminate() ends it", async () => {
  const sleep = uniqueSleep(30);
  await using runner = await sh(`sleep ${sleep} & echo hi`).run();
  const start = performance.now();
  const result = await runner.waitWithTimeout(2_000);
  assert(performance.now() - start < 2_000);
  assert.equal(result.stdoutText(), "hi\n");
  assert.equal(result.code, 0);
  assert.equal(processesWith(sleep).length, 1);
  assert.equal(await runner.terminate(), result);
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("nor does one that holds one pipe while the other is at its end", async () => {
  const sleep = uniqueSleep(30);
  await using runner = await sh(`exec 2>&1; sleep ${sleep} & echo hi`).run();
  const result = await runner.waitWithTimeout(10_000);
  assert.equal(result.stdoutText(), "hi\n");
  assert.equal(processesWith(sleep).length, 1);
  await runner.terminate();
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("terminate() reaches grandchildren that ignore SIGTERM", async () => {
  const sleep = uniqueSleep(30);
  const script = `(trap '' TERM; sleep ${sleep}; sleep ${sleep}) & echo ready; wait`;
  await using runner = await sh(script).with({ graceMs: 100 }).run();
  for await (const line of runner.lines()) if (line === "ready") break;
  await until("the grandchild is there", () => processesWith(sleep).length === 1);
  await runner.terminate();
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("a command that times out leaves no grandchild", async () => {
  const sleep = uniqueSleep(30);
  const start = performance.now();
  await assert.rejects(
    sh(`sleep ${sleep} & echo so far; wait`).runToCompletion({ timeoutMs: 300 }),
    (error) => {
      assert(error instanceof CommandTimeoutError && isTimeout(error));
      assert.equal(error.stdoutTail, "so far\n");
      assert.match(error.message, /within 300 ms, was terminated/);
      return true;
    },
  );
  assert(performance.now() - start < 5_000);
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("an abort ends the command and everything that it has started", async () => {
  const sleep = uniqueSleep(30);
  const controller = new AbortController();
  const running = sh(`sleep ${sleep} & wait`).runToCompletion({ signal: controller.signal });
  await until("it runs", () => processesWith(sleep).length === 1);
  controller.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  assert.deepEqual(processesWith(sleep), []);
  await assert.rejects(command("true").run({ signal: controller.signal }), /enough/);
});

Deno.test("an abort while the command is prepared starts nothing", async () => {
  await using dir = await tempDir();
  const controller = new AbortController();
  const touch = command(["touch", `${dir.path}/ran`], { log: `${dir.path}/x.log`, cwd: dir.path });
  const starting = touch.run({ signal: controller.signal });
  controller.abort(new Error("too late"));
  await assert.rejects(starting, /too late/);
  await assert.rejects(Deno.stat(`${dir.path}/ran`), Deno.errors.NotFound);
});

Deno.test("an abort terminates a runner", async () => {
  const controller = new AbortController();
  await using runner = await command("sleep 60").run({ signal: controller.signal });
  controller.abort();
  assert.equal((await runner.wait()).terminated, true);
});

Deno.test("giving up a wait by signal leaves the command running", async () => {
  await using runner = await command("sleep 60").run();
  await assert.rejects(runner.wait({ signal: AbortSignal.abort(new Error("later")) }), /later/);
  assert.equal(runner.status, "running");
});

Deno.test("disposal kills what still runs, and what was left behind", async () => {
  const [one, two] = [uniqueSleep(30), uniqueSleep(30)];
  {
    await using _running = await sh(`sleep ${one} & sleep ${one}`).run();
    await using finished = await sh(`sleep ${two} >/dev/null 2>&1 & exit 0`).run();
    await finished.wait();
    await until("all run", () => processesWith(one).length === 2);
    assert.equal(processesWith(two).length, 1);
  }
  assert.deepEqual([processesWith(one), processesWith(two)], [[], []]);
});

Deno.test("a command that is forgotten survives its runner", async () => {
  const sleep = uniqueSleep(30);
  const forgotten = command(`sleep ${sleep}`).with({ forgetOnDrop: true });
  let pid: number | undefined;
  const runner = await forgotten.run();
  {
    await using inner = runner;
    pid = inner.pid;
  }
  assert.deepEqual(processesWith(sleep), [pid]);
  await runner.kill();
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("a command outside a group is ended with all that can be found below it", async () => {
  const sleep = uniqueSleep(30);
  await using runner = await sh(`sleep ${sleep} & sleep ${sleep}`).run({ group: false });
  await until("both run", () => processesWith(sleep).length === 2);
  await runner.terminate();
  assert.deepEqual(processesWith(sleep), []);
});

Deno.test("a list of allowed programs is enough to run and end commands", async () => {
  const program = programPath("permissions.ts");
  const flags = ["--no-lock", "--no-prompt", "--allow-run=sleep,echo"];
  const result = await command([Deno.execPath(), "run", ...flags, program]).runToCompletion();
  assert.equal(result.assertSuccess().stdoutText(), "SIGTERM SIGKILL CommandTimeoutError hi\n");
});

Deno.test("pipes are drained when nothing is recorded", async () => {
  const loud = command("head -c 1048576 /dev/zero").with({ record: false });
  await using runner = await loud.run();
  const result = await runner.waitWithTimeout(10_000);
  assert.deepEqual([result.code, result.stdout.length], [0, 0]);
});

Deno.test("all that a command printed is there, however slow its log is", async () => {
  const chunks: Uint8Array[] = [];
  const slow = {
    async write(chunk: Uint8Array) {
      chunks.push(chunk.slice());
      await new Promise((resolve) => setTimeout(resolve, 30));
    },
  };
  const sleep = uniqueSleep(30);
  const script = `head -c 200000 /dev/zero; printf end; sleep ${sleep} &`;
  await using runner = await sh(script).with({ drainMs: 10 }).run({ sinks: { stdout: [slow] } });
  const result = await runner.wait();
  assert.equal(result.stdout.length, 200_003);
  assert.equal(decode(chunks.at(-1) ?? new Uint8Array(0)).slice(-3), "end");
});

Deno.test("lines come live, from the first one on, as often as asked", async () => {
  const script = "echo one; printf 'two\\r\\nth'; read -r go; echo ree; echo e >&2; printf last";
  await using runner = await sh(script).run({ stdin: "piped" });
  const seen: string[] = [];
  for await (const line of runner) {
    seen.push(line);
    if (line !== "two") continue;
    assert.equal(decode(runner.stdoutTail()).slice(0, 8), "one\ntwo\r");
    const writer = runner.stdin?.getWriter();
    await writer?.write(encode("go\n"));
    await writer?.close();
  }
  assert.deepEqual(seen, ["one", "two", "three", "last"]);
  await runner.wait();
  assert.deepEqual(await Array.fromAsync(runner.lines()), seen);
  assert.deepEqual(await Array.fromAsync(runner.lines({ stream: "stderr" })), ["e"]);
});

Deno.test("a loop over lines that is left lets the command go on", async () => {
  await using runner = await command("seq 1 500000").with({ recordLimitBytes: 16 }).run();
  for await (const line of runner.lines()) if (line !== "") break;
  const result = await runner.waitWithTimeout(10_000);
  assert.equal(result.stdoutText().slice(-7), "500000\n");
});

Deno.test("a slow loop over lines loses none of them", async () => {
  await using runner = await command("seq 1 400000").with({ recordLimitBytes: 16 }).run();
  let expected = 1;
  for await (const line of runner.lines()) {
    assert.equal(line, String(expected++));
    if (expected % 50_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(expected, 400_001);
});

Deno.test("2,000 lines of each stream in one log file are whole and in order", async () => {
  await using dir = await tempDir();
  const log = `${dir.path}/x.log`;
  const both = sh("i=0; while [ $i -lt 2000 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done");
  await both.with({ log }).runToCompletion();
  const lines = (await Deno.readTextFile(log)).split("\n");
  assert.equal(lines.pop(), "");
  assert.equal(lines.length, 4_000);
  for (const letter of ["o", "e"]) {
    const own = lines.filter((line) => line.startsWith(letter));
    assert.deepEqual(own, Array.from({ length: 2_000 }, (_, i) => `${letter}${i}`));
  }
});

Deno.test("one log file named twice is one log file", async () => {
  await using dir = await tempDir();
  const log = `${dir.path}/x.log`;
  await sh("echo o; echo e >&2").with({ log: { stdout: log, stderr: { path: log } } })
    .runToCompletion();
  assert.deepEqual((await Deno.readTextFile(log)).split("\n").sort(), ["", "e", "o"]);
});

Deno.test("one log file under two names is one log file", async () => {
  await using dir = await tempDir();
  const log = { stdout: `${dir.path}/x.log`, stderr: `${dir.path}/./x.log` };
  await sh("echo o; echo e >&2").with({ log }).runToCompletion();
  assert.deepEqual((await Deno.readTextFile(log.stdout)).split("\n").sort(), ["", "e", "o"]);
});

Deno.test("50 commands at once keep their outputs apart", async () => {
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) => sh(`echo ${i}; exit ${i}`).runToCompletion()),
  );
  results.forEach((result, i) => {
    assert.deepEqual([result.stdoutText(), result.code], [`${i}\n`, i]);
  });
});
