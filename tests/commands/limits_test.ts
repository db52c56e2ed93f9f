import assert from "node:assert/strict";
import { command, CommandOutputError, CommandResult } from "../../lib/commands/mod.ts";
import { decode, tempDir } from "./_support.ts";

const LINES = 37_500;
const LIMIT = 10_240;
const count = command([
  "sh",
  "-c",
  `i=0; while [ $i -lt ${LINES} ]; do printf '%07d\\n' $i; printf '%07d\\n' $i >&2; i=$((i+1)); done`,
]);
const numbers = (from: number) =>
  Array.from({ length: LINES - from }, (_, i) => `${String(from + i).padStart(7, "0")}\n`).join("");

Deno.test("limits keep exactly the newest bytes in memory, and files below them", async () => {
  await using dir = await tempDir();
  const [stdout, stderr] = [`${dir.path}/o.log`, `${dir.path}/e.log`];
  const result = await count.with({
    recordLimitBytes: LIMIT,
    logLimitBytes: LIMIT,
    log: { stdout, stderr },
  }).runToCompletion();
  const expected = numbers(LINES - LIMIT / 8);
  assert.equal(expected.slice(0, 8), "0036220\n");
  for (const [record, path] of [[result.stdout, stdout], [result.stderr, stderr]] as const) {
    assert.equal(decode(record), expected);
    const log = await Deno.readTextFile(path);
    assert(log.length <= LIMIT && log.length >= LIMIT / 2, `${log.length} bytes`);
    assert(expected.endsWith(log), "the newest bytes");
  }
  assert.equal(result.stdoutDroppedBytes, LINES * 8 - LIMIT);
});

Deno.test("without limits record and log have every byte", async () => {
  await using dir = await tempDir();
  const [stdout, stderr] = [`${dir.path}/o.log`, `${dir.path}/e.log`];
  const result = await count.with({ log: { stdout, stderr } }).runToCompletion();
  const expected = numbers(0);
  assert.equal(expected.length, 300_000);
  assert.equal(result.stdoutText(), expected);
  assert.equal(result.stderrText(), expected);
  assert.equal(await Deno.readTextFile(stdout), expected);
  assert.equal(await Deno.readTextFile(stderr), expected);
});

Deno.test("a log with a limit is never over it while it is written", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  await using runner = await count.with({ logLimitBytes: LIMIT, log: { stdout: path } }).run();
  let largest = 0;
  const watching = (async () => {
    while (runner.status === "running") {
      largest = Math.max(largest, (await Deno.stat(path)).size);
    }
  })();
  await runner.wait();
  await watching;
  assert(largest > 0 && largest <= LIMIT, `${largest} bytes`);
});

Deno.test("a log is emptied, or continued when asked to", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  const echo = (text: string, append: boolean) =>
    command(["echo", text], { log: { stdout: { path, append } } }).runToCompletion();
  await echo("one", false);
  await echo("two", false);
  assert.equal(await Deno.readTextFile(path), "two\n");
  await echo("three", true);
  assert.equal(await Deno.readTextFile(path), "two\nthree\n");
});

Deno.test("a limit counts what an appended log already holds", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  await Deno.writeTextFile(path, "0123456789".repeat(10));
  const append = (text: string) =>
    command(["printf", text], { log: { stdout: { path, append: true, limitBytes: 40 } } })
      .runToCompletion();
  await append("abc");
  const log = await Deno.readTextFile(path);
  assert(log.endsWith("789abc") && log.length <= 40 && log.length >= 20, log);
});

Deno.test("generations keep older files, none over the limit and nothing lost between", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  await count.with({ log: { stdout: { path, limitBytes: LIMIT, generations: 3 } } })
    .runToCompletion();
  let joined = "";
  for (const name of ["x.log.3", "x.log.2", "x.log.1", "x.log"]) {
    const text = await Deno.readTextFile(`${dir.path}/${name}`);
    assert(text.length <= LIMIT);
    joined += text;
  }
  assert(numbers(0).endsWith(joined), "one piece with the newest bytes");
  assert(joined.length > 3 * LIMIT);
  await assert.rejects(Deno.stat(`${path}.4`), Deno.errors.NotFound);
});

Deno.test("recording can be off, for both streams or one", async () => {
  const both = command(["sh", "-c", "echo a; echo b >&2"]);
  const none = await both.with({ record: false }).runToCompletion();
  assert.deepEqual([none.stdout.length, none.stderr.length], [0, 0]);
  const one = await both.with({ record: { stdout: false } }).runToCompletion();
  assert.deepEqual([one.stdout.length, one.stderrText()], [0, "b\n"]);
  const zero = await both.with({ recordLimitBytes: 0 }).runToCompletion();
  assert.deepEqual([zero.stdout.length, zero.stderr.length], [0, 0]);
});

Deno.test("a full disk does not stop the command, and is told with its exit code", async () => {
  const loud = command([
    "sh",
    "-c",
    "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; exit 4",
  ]);
  await assert.rejects(
    loud.with({ log: { stdout: "/dev/full" } }).runToCompletion(),
    (error) => {
      assert(error instanceof CommandOutputError);
      assert.equal(error.result.code, 4);
      assert(error.result.stdoutText().endsWith("19999\n"));
      assert.match(String((error.cause as Error).message), /Cannot write log file "\/dev\/full"/);
      return true;
    },
  );
});

Deno.test("text of a record that has lost its start is refused unless a limit was asked for", async () => {
  const echo = command("printf 0é23");
  const limited = await echo.with({ recordLimitBytes: 3 }).runToCompletion();
  assert.equal(limited.stdoutText(), "23"); // the limit has cut é in half
  const unasked = new CommandResult({ ...limited, command: echo });
  assert.throws(() => unasked.stdoutText(), RangeError);
});
