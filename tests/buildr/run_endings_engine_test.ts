// gate-timeout: 300 s

import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { IMAGE, type Project, projectTest, readUntil } from "./_project.ts";

const SLEEPER = {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: [echo begun, sleep 300] }
`,
};

/** Starts a run that sleeps, and waits until it does. */
async function sleeping(project: Project) {
  const child = project.spawn();
  const [out, rest] = child.stdout.tee();
  await readUntil(out, "begun");
  await eventually(
    async () => {
      const [id] = await project.containerIds();
      assert.ok(id !== undefined);
      const { Processes } = await project.engine.containers.top(id);
      assert.match(JSON.stringify(Processes), /sleep 300/);
    },
    10_000,
    { pollMs: 25 },
  );
  const end = async () => {
    await Promise.all([out.cancel(), rest.cancel(), child.stderr.cancel()]);
  };
  return { child, end };
}

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  projectTest(
    `${signal} ends a run within a second with ${expected}, and nothing is left`,
    SLEEPER,
    async (project) => {
      const { child, end } = await sleeping(project);
      const begin = performance.now();
      child.kill(signal);
      const { code } = await child.status;
      const tookMs = performance.now() - begin;
      await end();
      assert.equal(code, expected);
      // 0.2 s when nothing else runs; the machine of the tests is shared.
      assert.ok(tookMs < 3_000, `it took ${tookMs} ms`);
      await project.nothingLeft();
    },
  );
}

projectTest("after Ctrl-C, after runs alone in the container, with the status canceled", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a: { script: ['trap "" INT TERM; touch begun; sleep 300'] }
after: { script: ['echo "$BUILDR_STATUS" > status; ps | grep -c "[s]leep 300" > left || true'] }
`,
}, async (project) => {
  const child = project.spawn();
  await eventually(async () => assert.ok(await project.has("begun")), 30_000, { pollMs: 25 });
  child.kill("SIGINT");
  const { code } = await child.output();
  assert.equal(code, 130);
  assert.equal(await project.read("status"), "canceled\n");
  assert.equal(await project.read("left"), "0\n");
  await project.nothingLeft();
});

projectTest("a second Ctrl-C does not wait for after", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a: { script: [touch begun, sleep 300] }
after: { script: [touch after, sleep 300] }
`,
}, async (project) => {
  const child = project.spawn();
  const ended = child.output();
  await eventually(async () => assert.ok(await project.has("begun")), 30_000, { pollMs: 25 });
  child.kill("SIGINT");
  await eventually(async () => assert.ok(await project.has("after")), 4_000, { pollMs: 25 });
  child.kill("SIGINT");
  assert.equal((await ended).code, 130);
  await project.nothingLeftWithin(5_000);
});

projectTest("logs that cannot be written are told of once, and cost the run nothing", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: [rm -r logs, echo one, echo two] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr(["--log-dir", "logs", "--no-docker-sock"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "one\ntwo\n");
  assert.equal(stderr.match(/Warning: no more is written to "logs": /g)?.length, 1, stderr);
});

projectTest("kill -9 of the runner takes its container along", SLEEPER, async (project) => {
  const { child, end } = await sleeping(project);
  child.kill("SIGKILL");
  await child.status;
  await end();
  await project.nothingLeftWithin(5_000);
});

projectTest("services that a killed runner left are gone after the next run, or before", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
a:
  services:
    db: { image: ${IMAGE}, command: [sleep, "1000"] }
  script: [echo begun, sleep 300]
`,
  "next.yml": `image: ${IMAGE}\nstages: [a]\na: { script: [echo A] }\n`,
}, async (project) => {
  const { child, end } = await sleeping(project);
  assert.ok((await project.onEngine()).length >= 2);
  child.kill("SIGKILL");
  await child.status;
  await end();
  const { code, stderr } = await project.buildr(["-f", "next.yml"]);
  assert.equal(code, 0, stderr);
  await project.nothingLeftWithin(5_000);
});

projectTest("a time limit ends the programs of a stage, and the run with 124", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [slow, later]
slow:
  timeout: 1s
  allow_failure: true
  script: ["trap '' TERM; sleep 60 & wait; sleep 60"]
later: { script: ["ps | grep -c '[s]leep 60' || true"] }
`,
  "fresh.yml": `
version: 2
image: ${IMAGE}
stages: [slow]
slow: { isolated: true, timeout: 1s, script: [echo begun, sleep 60] }
`,
}, async (project) => {
  const shared = await project.buildr();
  assert.equal(shared.code, 0, shared.stderr);
  assert.equal(shared.stdout, "0\n");
  assert.match(shared.stderr, /slow +allowed/);
  const begin = performance.now();
  const fresh = await project.buildr(["-f", "fresh.yml"]);
  assert.equal(fresh.code, 124, fresh.stderr);
  assert.match(fresh.stderr, /slow timed out: not done within 1 s/);
  assert.ok(performance.now() - begin < 20_000);
});

projectTest("--timeout ends the whole run with 124", SLEEPER, async (project) => {
  const { code, stderr } = await project.buildr(["--timeout", "2s"]);
  assert.equal(code, 124, stderr);
});

projectTest("a stage is tried again after the causes that it names, each attempt told", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [third, never]
third:
  retry: { max: 2, on: [script], backoff: 10ms }
  script: ["echo x >> tries; [ $(wc -l < tries) -ge 3 ]"]
never:
  isolated: true
  retry: { max: 2, on: [system, 9] }
  script: ["echo x >> others; exit 1"]
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr(["--json"]);
  assert.equal(code, 1, stderr);
  const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const { result } = events.at(-1);
  assert.deepEqual(
    result.nodes.map(({ id, status, attempts }: Record<string, unknown>) => [id, status, attempts]),
    [["third", "passed", 3], ["never", "failed", 1]],
  );
  assert.equal(events.filter(({ type }) => type === "stage_retry").length, 2);
  assert.equal(await project.read("others"), "x\n");
});

projectTest("a closed standard output ends the run", {
  ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: ["yes"] }\n`,
}, async (project) => {
  const child = project.spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [{ code }] = await Promise.all([child.status, child.stderr.cancel()]);
  assert.equal(code, 141);
});

projectTest(
  "a main container that dies is told as that; a stage that is tried again finds prepare done",
  {
    ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
prepare: { script: [touch /prepared] }
a:
  retry: { max: 1, on: [system] }
  script: ["[ -e once ] || { touch once; echo begun; sleep 300; }", ls /prepared]
`,
  },
  async (project) => {
    const child = project.spawn();
    const [live, rest] = child.stdout.tee();
    const output = new Response(rest).text();
    const errors = new Response(child.stderr).text();
    await readUntil(live, "begun");
    const [id] = await project.containerIds();
    assert.ok(id !== undefined);
    await project.engine.containers.remove(id, { force: true });
    const { code } = await child.status;
    await live.cancel();
    assert.equal(code, 0, await errors);
    assert.equal(await output, "begun\n/prepared\n");
    await errors;
  },
);
