import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { LABEL } from "../../lib/containers/mod.ts";

const ROOT = new URL("../../", import.meta.url);

async function demo(args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "demo", ...args],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(100_000),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function leftOvers(): Promise<readonly string[]> {
  await using engine = await connectEngine();
  const labels = { [LABEL.project]: "demo" };
  const containers = await engine.containers.list({ labels });
  const networks = await engine.networks.list({ labels });
  return [...containers.map(({ Id }) => Id), ...networks.map(({ Id }) => Id)];
}

/** The rows of the table, by name: state and exit code. */
function states(stdout: string): Readonly<Record<string, string>> {
  const rows = stdout.split("\n").flatMap((line) => {
    const match = /^(\w+) .*\b(terminated|exited|failed|healthy|running) +(\S+) /.exec(line);
    return match === null ? [] : [[match[1]!, `${match[2]} ${match[3]}`] as const];
  });
  return Object.fromEntries(rows);
}

Deno.test("the demo runs its graph, sums up, keeps complete logs and leaves nothing", async () => {
  const { code, stdout, stderr } = await demo([]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(states(stdout), {
    store: "terminated -",
    seed: "exited 0",
    shop: "terminated -",
    customer: "exited 0",
    auditor: "exited 0",
  });
  const logs = /^Logs: (.+)$/m.exec(stdout)?.[1];
  assert.ok(logs !== undefined, stdout);
  const read = (name: string) => Deno.readTextFile(`${logs}/${name}_stdout.log`);
  assert.equal(
    await read("customer"),
    "thank you for buying apples\nthank you for buying pears\nthank you for buying plums\n",
  );
  assert.equal(await read("auditor"), "the books say: 3 sold\nthe till agrees\n");
  assert.deepEqual(await leftOvers(), []);
});

for (const args of [["--fail"], ["--", "--fail"]]) {
  Deno.test(`the demo with "${args.join(" ")}" ends with 1 and one report that begins with the guilty one`, async () => {
    const { code, stdout, stderr } = await demo(args);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Network "demo" failed: container "auditor" ended with exit code 1$/m,
    );
    assert.equal(stderr.split('Network "demo" failed').length, 2, "one report");
    assert.match(stderr, /Error: 3 were sold, the till has money for 2/);
    assert.equal(states(stdout)["auditor"], "exited 1");
    assert.deepEqual(await leftOvers(), []);
  });
}

Deno.test("the demo refuses an option that it does not know with exit code 2", async () => {
  const { code, stderr } = await demo(["--fial"]);
  assert.equal(code, 2);
  assert.match(stderr, /Cannot understand "--fial"/);
});
