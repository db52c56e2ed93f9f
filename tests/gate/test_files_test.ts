import assert from "node:assert/strict";
import { GateReport } from "../support/gate_report.ts";
import { runTestFiles } from "../support/gate_tests.ts";

/** Runs one file of tests as the gate does. */
async function gateOn(source: string): Promise<{ text: string; score: string }> {
  const scratch = await Deno.makeTempDir();
  try {
    let text = "";
    const report = new GateReport((piece) => text += piece);
    await Deno.writeTextFile(`${scratch}/some_test.ts`, source);
    const run = { id: crypto.randomUUID(), scratch, engine: false, jobs: 1 };
    await runTestFiles(report, run, [`${scratch}/some_test.ts`]);
    report.end();
    return { text, score: text.trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

Deno.test("a file that passes is one line, what it leaves out, and the score", async () => {
  const { text, score } = await gateOn(
    `Deno.test("a", () => {}); Deno.test.ignore("b", () => {});`,
  );
  assert.match(
    text,
    /^ok {4}\S+some_test\.ts +\d+\.\d s {2}1 passed, 1 ignored\n {6}skipped: b\n1 passed, 0 failed\n$/,
  );
  assert.equal(score, "1 passed, 0 failed");
});

Deno.test("a file that fails is shown whole, whatever summary it prints itself", async () => {
  const { text, score } = await gateOn(
    `Deno.test("a", () => {}); Deno.test("b", () => { console.log("9 passed, 0 failed"); throw new Error("boom"); });`,
  );
  assert.equal(score, "1 passed, 1 failed");
  assert.match(text, /\| .*boom/);
});

Deno.test("a file that keeps the machine busy is run when no other is", async () => {
  const scratch = await Deno.makeTempDir();
  try {
    const log = JSON.stringify(`${scratch}/log`);
    const source = (name: string) =>
      `Deno.test("a", async () => {\n` +
      `  const say = (word) => Deno.writeTextFile(${log}, word + "\\n", { append: true });\n` +
      `  await say("begin ${name}");\n` +
      `  await new Promise((resolve) => setTimeout(resolve, 200));\n` +
      `  await say("end ${name}");\n});`;
    await Deno.writeTextFile(`${scratch}/a_test.ts`, source("a"));
    await Deno.writeTextFile(`${scratch}/b_test.ts`, `// gate-alone\n${source("b")}`);
    const report = new GateReport(() => {});
    const run = { id: crypto.randomUUID(), scratch, engine: false, jobs: 2 };
    await runTestFiles(report, run, [`${scratch}/a_test.ts`, `${scratch}/b_test.ts`]);
    assert.equal(await Deno.readTextFile(`${scratch}/log`), "begin b\nend b\nbegin a\nend a\n");
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});

Deno.test("a file that hangs is killed with its children, and named", {
  ignore: Deno.build.os === "windows", // no sleep(1), no process groups
}, async () => {
  const { text, score } = await gateOn(
    `// gate-timeout: 2 s\n` +
      `Deno.test("hang", async () => {\n` +
      `  const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();\n` +
      `  console.log("child " + child.pid);\n` +
      `  await child.status;\n});`,
  );
  assert.equal(score, "0 passed, 1 failed");
  assert.match(text, /some_test\.ts was killed: it took more than 2 s/);
  const pid = Number(/child (\d+)/.exec(text)?.[1]);
  assert.ok(pid > 0, text);
  if (Deno.build.os === "linux") {
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "gone");
    assert.match(state, /^gone$|\) [ZX] /);
  }
});

for (
  const [name, source, message] of [
    ["throws while it loads", `throw new Error("at the top");`, /at the top/],
    ["cannot be parsed", `Deno.test(`, /error/],
    ["holds no test", `console.log("nothing here");`, /holds no test/],
    [
      "leaves a file in its temporary directory",
      `Deno.test("a", async () => { await Deno.makeTempFile({ prefix: "left-" }); });`,
      /left in its temporary directory: left-/,
    ],
    [
      "leaks a resource",
      `Deno.test("a", async () => { await Deno.open("/"); });`,
      /some_test\.ts/,
    ],
    ["ends the process", `Deno.test("a", () => Deno.exit(0));`, /some_test\.ts/],
  ] as const
) {
  Deno.test(`a file that ${name} is a failure`, async () => {
    const { text, score } = await gateOn(source);
    assert.match(score, /^\d+ passed, 1 failed$/, text);
    assert.match(text, message);
  });
}

Deno.test("a test that needs an engine fails where only the others are run", async () => {
  const { score } = await gateOn(
    `import { connectEngine } from ${
      JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
    };\n` +
      `Deno.test("engine", async () => { await using _ = await connectEngine(); });`,
  );
  assert.equal(score, "0 passed, 1 failed");
});
