import assert from "node:assert/strict";
import { inspect } from "node:util";
import { reportError } from "../../lib/errors/mod.ts";
import { command, CommandFailedError } from "../../lib/commands/mod.ts";
import { Redactor, TailBuffer } from "../../lib/commands/output/mod.ts";
import { Collected, decode, encode, tempDir } from "./_support.ts";

const SECRET = "s3cr3t'value";

Deno.test("a secret is in no printed form of a command", () => {
  const made = command(["login", `--token=${SECRET}`, `a ${SECRET} b`], {
    secrets: [SECRET],
    env: { DB_PASSWORD: "first-one", PLAIN: `x${SECRET}y`, HIDDEN: "second-one", KEY: "us" },
    secretEnv: ["HIDDEN"],
  });
  const forms = [`${made}`, Deno.inspect(made), inspect({ made }), Deno.inspect({ deep: made })];
  for (const text of forms) {
    for (const secret of [SECRET, "s3cr3t", "first-one", "second-one"]) {
      assert(!text.includes(secret), text);
    }
  }
  assert.equal(`${made}`, "login --token=[redacted] 'a [redacted] b'");
  assert.equal(JSON.parse(JSON.stringify(made)).env.DB_PASSWORD, "first-one");
});

Deno.test("a secret that the program prints is not in the error, but in the record", async () => {
  const script = 'echo "out $API_TOKEN"; echo "err $API_TOKEN" >&2; exit 1';
  const leaking = command(["sh", "-c", script], { env: { API_TOKEN: "tok-12345" } });
  const result = await leaking.runToCompletion();
  assert.throws(() => result.assertSuccess(), (error) => {
    assert(error instanceof CommandFailedError);
    assert.equal(error.stdoutTail, "out [redacted]\n");
    assert.equal(error.stderrTail, "err [redacted]\n");
    assert(!error.message.includes("tok-"), error.message);
    return true;
  });
  assert(!Deno.inspect(result).includes("tok-"));
  assert.equal(result.stdoutText(), "out tok-12345\n");
});

Deno.test("a secret is in no report of an error, nor in a result as data", async () => {
  const leaking = command(["sh", "-c", "echo $API_TOKEN"], {
    env: { API_TOKEN: "tok-12345" },
    log: "/dev/full",
  });
  await assert.rejects(leaking.runToCompletion(), (error) => {
    const report = JSON.stringify(reportError(error)) + Deno.inspect(error) + inspect(error);
    assert.match(report, /No space left/);
    assert(!report.includes("tok-"), report);
    return true;
  });
});

Deno.test("a secret that a limit has cut in half is not in the error", async () => {
  const result = await command(["printf", "aaasecret-value-tail"], {
    recordLimitBytes: 12, // "t-value-tail"
    secrets: ["secret-value"],
  }).runToCompletion();
  assert.equal(result.stdoutText(), "t-value-tail");
  assert.equal(`${result}`.split("\n").at(-1), "[redacted]-tail");
});

Deno.test("a secret across the cut of an error's tail is not in the error", async () => {
  const padding = "x".repeat(1_994);
  const result = await command(["sh", "-c", `printf 'secret-value${padding}' >&2; exit 1`], {
    secrets: ["secret-value"],
  }).runToCompletion();
  assert.throws(() => result.assertSuccess(), (error) => {
    assert(error instanceof CommandFailedError);
    assert(!/value|secret/.test(error.stderrTail), error.stderrTail.slice(0, 30));
    return true;
  });
});

Deno.test("an error about a command that cannot start is redacted", async () => {
  const missing = command(["no-such-program", SECRET], { secrets: [SECRET] });
  await assert.rejects(missing.runToCompletion(), /"no-such-program \[redacted\]"/);
});

Deno.test("redactOutput hides secrets in forwarded output and logs, cut over chunks too", async () => {
  await using dir = await tempDir();
  const log = `${dir.path}/x.log`;
  const stdout = new Collected();
  const script = "printf 'a pass'; read -r go; printf 'word-1 b\\npassw'; read -r go; printf 'ord'";
  const leaking = command(["sh", "-c", script], {
    secrets: ["password-1", "pass"],
    redactOutput: true,
    forward: { stdout: "> " },
    log: { stdout: log },
  });
  await using runner = await leaking.run({ stdin: "piped", stdout });
  const writer = runner.stdin?.getWriter();
  const lines = runner.lines();
  await writer?.write(encode("go\n"));
  assert.equal((await lines.next()).value, "a password-1 b");
  await lines.return();
  await writer?.write(encode("go\n"));
  await writer?.close();
  const result = await runner.wait();
  assert.equal(result.stdoutText(), "a password-1 b\npassword");
  assert.equal(stdout.text, "> a [redacted] b\n> [redacted]word\n");
  assert.equal(await Deno.readTextFile(log), "a [redacted] b\n[redacted]word");
});

Deno.test("a stream is redacted the same however it is cut", () => {
  const redactor = new Redactor(["abcab", "abc", "c-é", ""]);
  const text = "xabcabcab abab abc-é-é c- ab";
  const whole = redactor.text(text);
  const bytes = encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const tail = new TailBuffer({ limitBytes: 1_000 });
    const sink = redactor.sink(tail);
    for (let at = 0; at < bytes.length; at += size) sink.write(bytes.subarray(at, at + size));
    sink.end?.();
    assert.equal(tail.text(), whole, `pieces of ${size}`);
  }
  assert(!decode(encode(whole)).includes("abc"));
});
