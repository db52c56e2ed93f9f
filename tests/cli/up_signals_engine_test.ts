import assert from "node:assert/strict";
import { LABEL } from "../../lib/containers/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { nothingLeftWithin } from "../containers/support.ts";
import { TestProject } from "./_project.ts";

const TWO = `services:
  polite:
    image: IMAGE
    command: ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done"]
  deaf: { image: IMAGE, command: sleep 1000, depends_on: [polite] }
`;

const SLOW = `services:
  a: { image: IMAGE, command: sleep 1000 }
  b: { image: IMAGE, command: sleep 1000, healthcheck: { test: [CMD, "false"], start_period: 90s } }
  c: { image: IMAGE, command: sleep 1000, depends_on: { b: { condition: service_healthy } } }
`;

/** Starts `up`, waits until something is true, sends a signal, and gives how it ended. */
async function interrupted(
  project: TestProject,
  signal: Deno.Signal,
  when: () => Promise<void>,
  args: readonly string[] = ["up"],
) {
  const child = project.spawn(...args);
  const output = child.output();
  await eventually(when, 40_000, { what: "the moment", pollMs: 25 });
  const began = performance.now();
  child.kill(signal);
  const { code, stdout, stderr } = await output;
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, ms: performance.now() - began, stdout: decode(stdout), stderr: decode(stderr) };
}

async function states(project: TestProject): Promise<readonly string[]> {
  return Object.values(await project.containers()).map((text) => text.split(" ")[0]!);
}

/** Holds as soon as so many containers run. */
function running(project: TestProject, count: number) {
  return async () => {
    const all = (await states(project)).filter((state) => state === "running");
    assert.ok(all.length >= count, `${all.length} run`);
  };
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} asks services to end, removes everything, and ends with ${code}`, async () => {
    await using project = await TestProject.make(TWO);
    const end = await interrupted(project, signal, running(project, 2));
    assert.equal(end.code, code, end.stderr);
    assert.match(end.stdout, /^polite {2}\| bye$/m);
    // Ten seconds would be the grace of one that does not listen.
    assert.ok(end.ms < 8_000, `${end.ms} ms`);
    await project.nothingLeft();
  });
}

Deno.test("a service has the time that it says, and not more", async () => {
  await using project = await TestProject.make(`services:
  slow:
    image: IMAGE
    command: ["sh", "-c", "trap '' TERM; trap 'sleep 100' TERM; while :; do sleep 0.1; done"]
    stop_grace_period: 1s
`);
  const end = await interrupted(project, "SIGINT", running(project, 1));
  assert.equal(end.code, 130);
  assert.ok(end.ms > 900 && end.ms < 8_000, `${end.ms} ms`);
  await project.nothingLeft();
});

Deno.test("a second Ctrl-C waits for nothing; what is left is removed without it", async () => {
  await using project = await TestProject.make(`services:
  slow: { image: IMAGE, command: ["sh", "-c", "trap 'sleep 100' TERM; while :; do sleep 0.1; done"] }
`);
  const child = project.spawn("up");
  const output = child.output();
  await eventually(running(project, 1), 40_000, { pollMs: 25 });
  child.kill("SIGINT");
  // The container has its ten seconds now; the second signal comes when the first was taken.
  await eventually(
    async () => {
      const { State } = await project.engine.containers.inspect(
        Object.values(await project.containers())[0]!.split(" ")[1]!,
      );
      assert.ok(State.Running);
      const processes = await project.engine.containers.top(
        Object.values(await project.containers())[0]!.split(" ")[1]!,
      );
      assert.ok(processes.Processes.some((row) => row.join(" ").includes("sleep 100")));
    },
    20_000,
    { pollMs: 50 },
  );
  child.kill("SIGINT");
  const began = performance.now();
  const { code } = await output;
  assert.equal(code, 130);
  assert.ok(performance.now() - began < 3_000);
  await nothingLeftWithin(20_000, project.engine, { [LABEL.project]: project.name });
});

Deno.test("Ctrl-C at any moment of a start leaves nothing, attached and detached", async () => {
  await using project = await TestProject.make(`services:
  a: { image: IMAGE, command: sleep 1000, healthcheck: { test: [CMD, test, -f, /no], interval: 100ms, start_period: 90s } }
  b: { image: IMAGE, command: sleep 1000, depends_on: { a: { condition: service_healthy } } }
`);
  const moments: readonly (() => Promise<void>)[] = [
    async () => {
      const labels = { [LABEL.project]: project.name };
      assert.ok((await project.engine.networks.list({ labels })).length > 0);
    },
    async () => assert.ok((await states(project)).length > 0),
    running(project, 1),
  ];
  for (const args of [["up"], ["up", "--detach"]]) {
    for (const moment of moments) {
      const { code, stderr } = await interrupted(project, "SIGINT", moment, args);
      assert.equal(code, 130, stderr);
      await project.nothingLeft();
    }
  }
});

Deno.test("Ctrl-C in an update of a project that is kept leaves what was there before", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000 } }",
  );
  await project.run("up", "-d", "-q");
  const before = await project.containers();
  await project.write(
    "compose.yaml",
    `services:
  a: { image: IMAGE, command: sleep 1000 }
  b: { image: IMAGE, command: sleep 1000, healthcheck: { test: [CMD, "false"], start_period: 90s } }
  c: { image: IMAGE, command: sleep 1000, depends_on: { b: { condition: service_healthy } } }
`,
  );
  const { code } = await interrupted(project, "SIGINT", running(project, 2), ["up", "-d"]);
  assert.equal(code, 130);
  assert.deepEqual(await project.containers(), before);
});

Deno.test("kill -9 in the middle leaves nothing once the reaper has been there", async () => {
  await using project = await TestProject.make(TWO);
  for (const count of [1, 2]) {
    const end = await interrupted(project, "SIGKILL", running(project, count));
    assert.equal(end.code, 137);
    await nothingLeftWithin(20_000, project.engine, { [LABEL.project]: project.name });
  }
});

Deno.test("kill -9 in the first start of up --detach leaves nothing", async () => {
  await using project = await TestProject.make(SLOW);
  for (const count of [0, 1]) {
    const made = async () => {
      const labels = { [LABEL.project]: project.name };
      assert.ok((await project.engine.networks.list({ labels })).length > 0);
      await running(project, count)();
    };
    await interrupted(project, "SIGKILL", made, ["up", "-d"]);
    await nothingLeftWithin(20_000, project.engine, { [LABEL.project]: project.name });
  }
});

Deno.test("kill -9 in the first start of up --detach: the next one works at once", async () => {
  await using project = await TestProject.make(TWO);
  await interrupted(project, "SIGKILL", running(project, 1), ["up", "-d"]);
  const { code, stderr } = await project.run("up", "-d");
  assert.equal(code, 0, stderr);
  assert.deepEqual(await states(project), ["running", "running"]);
  const again = await project.run("up", "-d");
  assert.match(again.stdout + again.stderr, /nothing to do/);
});

Deno.test("kill -9 in an update by up --detach leaves what was there", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000 } }",
  );
  await project.run("up", "-d", "-q");
  const [before] = Object.entries(await project.containers());
  await project.write("compose.yaml", SLOW);
  await interrupted(project, "SIGKILL", running(project, 2), ["up", "-d"]);
  const [name, state] = before!;
  assert.equal((await project.containers())[name], state);
});

Deno.test("down ends an up in another terminal, and up after it works", async () => {
  await using project = await TestProject.make(TWO);
  const child = project.spawn("up");
  const output = child.output();
  await eventually(running(project, 2), 40_000, { pollMs: 25 });
  const down = await project.run("down");
  assert.equal(down.code, 0, down.stderr);
  assert.equal((await output).code, 1);
  await project.nothingLeft();
  // At once with another one: whoever is second waits.
  const [up, again] = await Promise.all([project.run("up", "-d"), project.run("down")]);
  assert.deepEqual([up.code, again.code], [0, 0], up.stderr + again.stderr);
});

Deno.test("a reader of the output that goes away ends services and the program", async () => {
  await using project = await TestProject.make(`services:
  a:
    image: IMAGE
    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do echo line; sleep 0.1; done"]
`);
  for (const args of [["up"], ["up", "--json"]]) {
    const child = project.spawn(...args);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const stderr = await new Response(child.stderr).text();
    assert.equal((await child.status).code, 141, stderr);
    assert.doesNotMatch(stderr, /Error/);
    await project.nothingLeft();
  }
});
