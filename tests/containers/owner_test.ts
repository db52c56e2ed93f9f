import assert from "node:assert/strict";
import {
  formatOwner,
  identifyProcess,
  LABEL,
  labelsOf,
  type Owner,
  ownerState,
  parseOwner,
} from "../../lib/containers/mod.ts";

const OWNER: Owner = {
  machine: "0123456789abcdef",
  boot: "b8f0c2d4-aaaa-bbbb-cccc-1234567890ab",
  pidNamespace: "4026531836",
  pid: 42,
  startTicks: "123456",
};

Deno.test("an owner survives being written as a label", () => {
  const label = formatOwner(OWNER);
  assert.equal(
    label,
    "0123456789abcdef:b8f0c2d4-aaaa-bbbb-cccc-1234567890ab:4026531836:42:123456",
  );
  assert.deepEqual(parseOwner(label), OWNER);
});

Deno.test("what is no owner is none", () => {
  for (
    const label of [
      "",
      "unknown",
      formatOwner(undefined),
      "a:b:c:d",
      "a:b:1:2:3:4",
      "a:b:1:-2:3",
      "a:b:1:2:x",
      "::1:2:3",
      "a:b:1::3",
    ]
  ) assert.equal(parseOwner(label), undefined, label);
});

const LINUX = Deno.build.os === "linux";

Deno.test({
  name: "this process is alive, one of its pid that began at another time is dead",
  ignore: !LINUX,
  async fn() {
    const self = await identifyProcess();
    assert.ok(self);
    assert.equal(self.pid, Deno.pid);
    assert.equal(await ownerState(self, self), "alive");
    assert.equal(await ownerState({ ...self, startTicks: "1" }, self), "dead");
    assert.equal(await ownerState({ ...self, boot: "another" }, self), "dead");
  },
});

Deno.test({
  name: "a process that has ended is dead, also as a zombie, and whatever its name",
  ignore: !LINUX,
  async fn() {
    const self = await identifyProcess();
    // A name with spaces and parentheses, as /proc shows it.
    const directory = await Deno.makeTempDir();
    const path = `${directory}/a) b (c 1 2`;
    await Deno.copyFile("/bin/sleep", path);
    await Deno.chmod(path, 0o755);
    const child = new Deno.Command(path, { args: ["1000"] }).spawn();
    try {
      const owner = await identifyProcess(child.pid);
      assert.ok(owner);
      assert.equal(await ownerState(owner, self), "alive");
      child.kill("SIGKILL");
      await child.status;
      assert.equal(await ownerState(owner, self), "dead");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("nobody is judged from another machine or PID namespace", async () => {
  const self: Owner = { ...OWNER, pid: 7 };
  assert.equal(await ownerState({ ...OWNER, machine: "other" }, self), "unknown");
  assert.equal(await ownerState({ ...OWNER, pidNamespace: "1" }, self), "unknown");
  assert.equal(await ownerState({ ...OWNER, machine: "other", boot: "old" }, self), "unknown");
  assert.equal(await ownerState(undefined, self), "unknown");
  assert.equal(await ownerState(OWNER, undefined), "unknown");
});

Deno.test("labels leave out what there is not", () => {
  const values = { run: "r", project: "p", host: "h", owner: "o", lifetime: "owner" } as const;
  assert.deepEqual(labelsOf(values), {
    [LABEL.run]: "r",
    [LABEL.project]: "p",
    [LABEL.host]: "h",
    [LABEL.owner]: "o",
    [LABEL.lifetime]: "owner",
  });
  const labels = labelsOf({ ...values, name: "n", spec: "s" });
  assert.equal(labels[LABEL.name], "n");
  assert.equal(labels[LABEL.spec], "s");
});
