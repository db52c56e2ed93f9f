import assert from "node:assert/strict";
import { exists, Project, tree } from "./_support.ts";

Deno.test("two installs at once wait for each other", async () => {
  await using project = await Project.create(tree({
    "slow@b": ['install: sleep 1; echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/slow"'],
    "other@b": [],
  }));
  await project.orc(["configure", "-b", "slow"]);
  const first = project.orc(["install", "-b", "slow"]);
  const record = project.path("root/share/orchestra/.lock");
  const deadline = Date.now() + 20_000;
  while (!await exists(record) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const second = await project.orc(["install", "-b", "other"]);
  assert.equal(second.code, 0);
  assert.match(second.stderr, /Waiting for process \d+ \(install slow@b\), which uses the root/);
  assert.equal((await first).code, 0);
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("orc inside of an install script does not wait for itself", async () => {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  await using project = await Project.create(tree({
    "a@b": [`install: "${Deno.execPath()} run -q -A ${main} orc install -b c"`],
    "c@b": [],
  }));
  const { code, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 1);
  assert.match(stderr, /this runs in a script of a command that has locked/);
});
