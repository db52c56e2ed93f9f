import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import {
  dockerfile,
  findKept,
  formatPlan,
  GraphError,
  hostCommand,
  LABEL,
  type NetworkPlan,
  removeKept,
} from "../../lib/containers/mod.ts";
import { ImageNotFoundError, NameInUseError } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { onEngine, sceneTest, shell, sleeper, tempDir, textOf, thrownBy } from "./support.ts";
import { container } from "../../lib/containers/mod.ts";

function actions({ steps }: NetworkPlan): Record<string, string> {
  return Object.fromEntries(
    steps.map(({ spec, action, image }) => [spec.name, image ? `${action} ${image}` : action]),
  );
}

sceneTest("a plan tells what a run would do, in its order, and does none of it", async (scene) => {
  await using directory = await tempDir();
  const network = await scene.network("plan", {
    volumes: { data: {}, theirs: { external: true, name: "superorch-no-such-volume" } },
  });
  const made = `${directory.path}/made`;
  network.add(
    hostCommand("check", command("true"), { dependsOn: { web: "healthy" } }),
    sleeper("web", {
      health: ["true"],
      dependsOn: ["db"],
      volumes: [{ volume: "data", target: "/data" }, { bind: made, target: "/made", make: true }],
    }),
    sleeper("db", { volumes: [{ volume: "theirs", target: "/theirs" }] }),
    container("built", dockerfile`FROM ${BUSYBOX_IMAGE}`),
    container("pulled", "superorch/no-such-image:1"),
    container("missing", "superorch/no-such-image:1", { pull: "never" }),
  );
  const plan = await network.plan();
  assert.deepEqual(actions(plan), {
    db: "create present",
    built: "create build",
    pulled: "create pull",
    missing: "create missing",
    web: "create present",
    check: "run",
  });
  assert.deepEqual(plan.networks, [{ name: network.engineName, action: "create" }]);
  assert.deepEqual(plan.volumes, [
    { name: "superorch-no-such-volume", action: "missing" },
    { name: "plan_data", action: "create" },
  ]);
  const text = formatPlan(plan);
  assert.match(text, new RegExp(`^create network ${network.engineName}\n`));
  assert.match(text, /^1\. create container pulled from superorch\/no-such-image:1 \(pull\)$/m);
  assert.match(text, /^3\. run command check from true, after web to become healthy$/m);
  assert.deepEqual(await onEngine(scene.engine, { [LABEL.run]: network.runId }), []);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), []);
  // A part of it is a plan too, with what it depends on.
  assert.deepEqual(Object.keys(actions(await network.plan(["web"]))), ["db", "web"]);
});

sceneTest("a plan finds the mistakes that a run would", async (scene) => {
  const network = await scene.network("plan", { unique: false });
  network.add(sleeper("a", { dependsOn: ["absent"] }));
  await thrownBy(GraphError, network.plan());
  await network.remove("a");
  network.add(sleeper("a", { platform: "no platform" }));
  await assert.rejects(network.plan(), /platform must be as/);
});

sceneTest("a plan of a kept network tells what goes on and what is made again", async (scene) => {
  const name = `plan-kept-${crypto.randomUUID().slice(0, 8)}`;
  await using directory = await tempDir();
  const file = `${directory.path}/config`;
  await Deno.writeTextFile(file, "one");
  const open = async (word: string) => {
    const network = await scene.network(name, { lifetime: "kept" });
    return network.add(
      sleeper("same"),
      sleeper("changed", { env: { WORD: word } }),
      sleeper("configured", { files: [{ source: file, target: "/etc/config" }] }),
      shell("job", "true"),
      sleeper("after", { dependsOn: { job: "completed" } }),
    );
  };
  try {
    await (await open("one")).run();
    const ids = (await findKept(scene.engine, name))?.containers;
    const again = await (await open("one")).plan();
    assert.deepEqual(again.networks.map(({ action }) => action), ["reuse"]);
    assert.deepEqual(new Set(again.steps.map(({ action }) => action)), new Set(["reuse"]));
    await Deno.writeTextFile(file, "two");
    const network = await open("two");
    assert.deepEqual(actions(await network.plan()), {
      same: "reuse present",
      changed: "replace present",
      configured: "replace present",
      job: "reuse present",
      after: "reuse present",
    });
    // The run does as the plan says: what is in a file that is copied in counts, not its path.
    await network.run();
    const now = (await findKept(scene.engine, name))?.containers;
    const replaced = [...now!].filter(([key, { Id }]) => ids?.get(key)?.Id !== Id);
    assert.deepEqual(replaced.map(([key]) => key).sort(), ["changed", "configured"]);
    const text = await network.container("configured").readFile("/etc/config");
    assert.equal(new TextDecoder().decode(text), "two");
  } finally {
    await removeKept(scene.engine, name, { graceMs: 0 });
  }
});

sceneTest("fixed names that somebody has are told with what to do about it", async (scene) => {
  const name = `plan-fixed-${crypto.randomUUID().slice(0, 8)}`;
  const first = await scene.network(name, { unique: false });
  await first.add(sleeper(`${name}-a`)).run();
  const second = await scene.network(name, { unique: false });
  second.add(sleeper(`${name}-a`));
  for (const attempt of [() => second.plan(), () => second.run()]) {
    const error = await thrownBy(NameInUseError, attempt());
    assert.match(error.message, /is already in use by container .*without "unique: false"/);
  }
  const third = await scene.network(name, { unique: false });
  const clash = await thrownBy(Error, third.add(sleeper(`${name}-b`)).run());
  assert.match(textOf(clash), /Cannot create network .*without unique: false/);
});

sceneTest(
  "a missing image that may not be pulled is told before anything is made",
  async (scene) => {
    const network = await scene.network();
    network.add(sleeper("a"), container("b", "superorch/no-such-image:1", { pull: "never" }));
    const error = await thrownBy(Error, network.run());
    assert.ok(textOf(error).includes("superorch/no-such-image:1"));
    assert.match(textOf(error), new RegExp(ImageNotFoundError.name));
  },
);
