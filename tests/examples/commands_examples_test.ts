import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";

async function example(name: string) {
  const temp = await Deno.makeTempDir({ prefix: "superorch-examples-" });
  const path = new URL(`../../examples/${name}.ts`, import.meta.url).pathname;
  try {
    const result = await command([Deno.execPath(), "run", "-A", "--no-lock", path], {
      env: { NO_COLOR: "1", TMPDIR: temp },
    }).runToCompletion({ timeoutMs: 60_000 });
    assert.deepEqual([...Deno.readDirSync(temp)], [], "the example left something behind");
    return result;
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
}

Deno.test("examples/basic_commands.ts does what it says", async () => {
  const result = (await example("basic_commands")).assertSuccess();
  const text = result.stdoutText();
  assert.match(text, /^ls \d+ {2}\| plain\.txt$/m);
  assert.match(text, /^process \d+ still runs$/m);
  assert.match(text, /Command failed with exit code 2: ls \.\/nonexistent/);
  assert.match(text, /Cannot start "no-such-program"/);
  assert.equal(result.stderrText(), "");
});

Deno.test("examples/commands.ts does what it says", async () => {
  const result = (await example("commands")).assertSuccess();
  const text = result.stdoutText();
  assert.match(text, /^a log of \d+ bytes$/m);
  assert.match(text, /^out: one\nout: two$/m);
  assert.match(result.stderrText(), /^err: one\nerr: two$/m);
  assert.match(text, /API_TOKEN: "\[redacted\]"/);
  assert(!text.includes("\x1b"));
});
