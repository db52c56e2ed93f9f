import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import { lockRoot } from "../../lib/orchestra/installed/root_lock.ts";
import { Project, tree } from "./_support.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

Deno.test("commands that change a root wait for each other, and say for whom", async () => {
  await using project = await Project.create(tree({ "a@b": [], "other@b": [] }));
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  const lock = await lockRoot(project.path("root"), { purpose: "test" });
  const told = ["install -b other", "uninstall a", "gc"].map(async (words) => {
    const orc = command([Deno.execPath(), "run", "-q", "-A", MAIN, "orc", ...words.split(" ")], {
      cwd: project.directory,
    });
    const runner = await orc.run({ signal: AbortSignal.timeout(60_000) });
    for await (const line of runner.lines({ stream: "stderr" })) {
      if (line.includes(`Waiting for process ${Deno.pid} (test), which uses the root`)) break;
    }
    return runner;
  });
  const runners = await Promise.all(told);
  assert.deepEqual(runners.map(({ status }) => status), ["running", "running", "running"]);
  await lock.release();
  for (const runner of runners) {
    assert.equal((await runner.wait()).code, 0, new TextDecoder().decode(runner.stderrTail()));
    await runner[Symbol.asyncDispose]();
  }
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("orc inside of an install script does not wait for itself", async () => {
  await using project = await Project.create(tree({
    "a@b": [`install: "${Deno.execPath()} run -q -A ${MAIN} orc install -b c"`],
    "c@b": [],
  }));
  const { code, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 1);
  assert.match(stderr, /this runs in a script of a command that has locked/);
});
