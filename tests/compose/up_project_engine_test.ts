import assert from "node:assert/strict";
import {
  ComposeInputError,
  downProject,
  loadComposeProject,
  loadNetworkModule,
  planProject,
  type UpEvent,
  upProject,
} from "../../lib/compose/mod.ts";
import { LABEL } from "../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { onEngine, sceneTest, tempDir, thrownBy } from "../containers/support.ts";

const TEXT = `services:
  db: { image: ${BUSYBOX_IMAGE}, command: sleep 1000 }
  job: { image: ${BUSYBOX_IMAGE}, command: ["sh", "-c", "echo done; exit 5"], depends_on: [db] }
`;

sceneTest(
  "upProject tells what happens and gives a result, and leaves nothing",
  async ({ engine }) => {
    await using directory = await tempDir();
    await Deno.writeTextFile(`${directory.path}/compose.yaml`, TEXT);
    const projectName = `lib${crypto.randomUUID().slice(0, 8)}`;
    const project = await loadComposeProject({ cwd: directory.path, projectName, env: {} });
    const events: UpEvent[] = [];
    const result = await upProject(project, {
      engine,
      forward: false,
      exitCodeFrom: "job",
      onEvent: (event) => events.push(event),
    });
    assert.deepEqual([result.name, result.exitCode, result.changed], [projectName, 5, true]);
    assert.match(result.failure?.message ?? "", /container "job" ended with exit code 5/);
    assert.deepEqual(result.summary.map(({ name, exitCode }) => [name, exitCode]), [
      ["db", undefined],
      ["job", 5],
    ]);
    assert.equal(events[0]?.kind, "project");
    assert.equal(events.at(-1)?.kind, "summary");
    const lines = events.filter((event) => event.kind === "line");
    assert.deepEqual(lines, [{ kind: "line", name: "job", stream: "stdout", text: "done" }]);
    assert.deepEqual(await onEngine(engine, { [LABEL.project]: projectName }), []);
  },
);

sceneTest(
  "upProject, planProject and downProject of a project that is kept",
  async ({ engine }) => {
    await using directory = await tempDir();
    const projectName = `lib${crypto.randomUUID().slice(0, 8)}`;
    await Deno.writeTextFile(`${directory.path}/compose.yaml`, TEXT.replace("exit 5", "exit 0"));
    const project = await loadComposeProject({ cwd: directory.path, projectName, env: {} });
    try {
      const only = ["db"];
      const first = await upProject(project, { engine, detach: true, only });
      const again = await upProject(project, { engine, detach: true, only });
      assert.deepEqual([first.changed, again.changed], [true, false]);
      const plan = await planProject(project, { engine, detach: true });
      assert.deepEqual(plan.nodes.map(({ name, action }) => [name, action]), [
        ["db", "keep"],
        ["job", "create"],
      ]);
    } finally {
      const { removed, failed } = await downProject(projectName, { engine, timeoutMs: 0 });
      assert.deepEqual(removed.map(({ kind }) => kind), ["container", "network"]);
      assert.deepEqual(failed, []);
    }
    const nothing = await downProject(projectName, { engine });
    assert.deepEqual(nothing, { removed: [], failed: [], volumesLeft: [] });
  },
);

sceneTest("what cannot be brought up is refused before anything is made", async ({ engine }) => {
  await using directory = await tempDir();
  await Deno.writeTextFile(
    `${directory.path}/net.ts`,
    `export default { name: "x", specs: [{ kind: "container", name: "a", image: { kind: "reference", reference: "${BUSYBOX_IMAGE}" } }] };`,
  );
  const module = await loadNetworkModule(`${directory.path}/net.ts`, { projectName: "libx" });
  assert.deepEqual([module.name, module.specs.length], ["libx", 1]);
  for (
    const options of [
      { only: ["b"] },
      { exitCodeFrom: "b" },
      { scale: { a: 2 } },
      { detach: true, abortOnFailure: true },
    ]
  ) {
    await thrownBy(ComposeInputError, upProject(module, { engine, ...options }));
  }
  assert.deepEqual(await onEngine(engine, { [LABEL.project]: "libx" }), []);
});
