// gate-timeout: 300 s

import assert from "node:assert/strict";
import type { RunEvent } from "../../lib/buildr/run/events.ts";
import { IMAGE, projectTest } from "./_project.ts";

function eventsOf(stdout: string): readonly RunEvent[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

function timeOf(events: readonly RunEvent[], type: string, node: string): number {
  const found = events.find((event) =>
    event.type === type && "node" in event && event.node === node
  );
  assert.ok(found !== undefined, `there is no ${type} of ${node}`);
  return Date.parse(found.at);
}

projectTest("a stage starts the moment that what it needs has ended, whatever else runs", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [slow, fast, after_fast]
slow: { needs: [], isolated: true, script: [sleep 4] }
fast: { needs: [], isolated: true, script: ["true"] }
after_fast: { needs: [fast], script: ["true"] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr(["--json"]);
  assert.equal(code, 0, stderr);
  const events = eventsOf(stdout);
  const gap = timeOf(events, "stage_started", "after_fast") -
    timeOf(events, "stage_finished", "fast");
  assert.ok(gap < 1_000, `it waited ${gap} ms`);
  assert.ok(
    timeOf(events, "stage_finished", "after_fast") < timeOf(events, "stage_finished", "slow"),
  );
});

projectTest("-j 1 runs one stage at a time", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b, c]
a: { needs: [], isolated: true, script: [mkdir lock, sleep 0.3, rmdir lock] }
b: { needs: [], isolated: true, script: [mkdir lock, sleep 0.3, rmdir lock] }
c: { needs: [], isolated: true, script: [mkdir lock, sleep 0.3, rmdir lock] }
`,
}, async (project) => {
  const { code, stderr } = await project.buildr(["-j", "1"]);
  assert.equal(code, 0, stderr);
});

projectTest("a circle is told as a path", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b]
a: { needs: [b], script: ["true"] }
b: { needs: [a], script: ["true"] }
`,
}, async (project) => {
  const { code, stderr } = await project.buildr();
  assert.equal(code, 2);
  assert.match(stderr, /a.*b.*a/);
});

projectTest("four stages that sleep run side by side, and no line is torn", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b, c, d]
a: &it { needs: [], isolated: true, script: ["for i in $(seq 200); do printf left-; printf 'right\\\\n'; done; sleep 3"] }
b: *it
c: *it
d: *it
`,
}, async (project) => {
  const begin = performance.now();
  const { code, stdout, stderr } = await project.buildr(["-j", "4"]);
  const tookMs = performance.now() - begin;
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 800);
  for (const line of lines) assert.match(line, /^[abcd] │ left-right$/);
  assert.ok(tookMs < 11_000, `one after the other it takes 12 s and more: ${tookMs}`);
});

projectTest(
  "rows of a matrix have copies of the project, can be chosen, and are named when they fail",
  {
    ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [unit]
unit:
  needs: []
  matrix: { node: [20, 22], db: [pg, none], exclude: [{ node: 20, db: none }] }
  script: ["echo \${matrix.node} > mine; cat given; [ \${matrix.db} != none ]"]
`,
    given: "given\n",
  },
  async (project) => {
    const all = await project.buildr();
    assert.equal(all.code, 1);
    assert.equal(all.stdout.match(/given/g)?.length, 3);
    assert.match(all.stderr, /unit\[node=22,db=none\] failed: exit code 1/);
    assert.match(
      all.stderr,
      /again: superorch buildr run --only unit --matrix node=22 --matrix db=none/,
    );
    assert.equal(await project.has("mine"), false);
    const one = await project.buildr(["--matrix", "node=20"]);
    assert.equal(one.code, 0, one.stderr);
    assert.equal(one.stdout, "given\n");
  },
);

projectTest(
  "stages run after a failure or in any case when they say so, and after runs at the end",
  {
    ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [build, test, mend, tell]
build: { script: ["exit 4"] }
test: { script: [echo test] }
mend: { when: { status: failure }, script: ["echo mend $BUILDR_STATUS"] }
tell: { when: { status: always }, script: [echo tell] }
after: { script: ["echo after $BUILDR_STATUS"] }
`,
  },
  async (project) => {
    const { code, stdout, stderr } = await project.buildr();
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "mend failed\ntell\nafter failed\n");
    assert.match(stderr, /test +skipped: "build" failed/);
    await project.write(
      ".buildr.yml",
      (await project.read(".buildr.yml")).replace("exit 4", "true"),
    );
    const good = await project.buildr();
    assert.equal(good.code, 0, good.stderr);
    assert.equal(good.stdout, "test\ntell\nafter passed\n");
  },
);

projectTest("failures that are allowed do not stop what follows", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [any, some, other, last]
any: { allow_failure: true, script: ["exit 1"] }
some: { allow_failure: [78], script: ["exit 78"] }
other: { allow_failure: [78], needs: [], script: ["exit 77"] }
last: { needs: [any, some], script: [echo last] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 1);
  assert.match(stdout, /last/);
  assert.match(stderr, /some +allowed/);
  assert.match(stderr, /other +failed/);
});

projectTest("two runs never have stages of one concurrency group at the same time", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [deploy]
deploy: { concurrency: prod, script: [mkdir /app/lock, sleep 0.5, rmdir /app/lock] }
`,
}, async (project) => {
  const runs = await Promise.all([project.buildr(), project.buildr(), project.buildr()]);
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0],
    runs.map(({ stderr }) => stderr).join(),
  );
});

projectTest("a stage whose group cannot be waited for fails with 255 and the reason", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a, b]
a: { concurrency: one, script: [echo a] }
b: { script: [echo b] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr([], {
    env: { XDG_STATE_HOME: "/proc/nowhere" },
  });
  assert.equal(code, 255, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /a failed: Cannot take turns with the others of "one": .*\/proc\/nowhere/);
});

projectTest("--rerun-failed runs only what did not pass, and what needs that", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [good, bad, last]
good: { script: [echo good] }
bad: { script: ["[ -e mended ] && echo bad"] }
last: { script: [echo last] }
`,
}, async (project) => {
  assert.equal((await project.buildr(["--rerun-failed"])).code, 2);
  const first = await project.buildr();
  assert.equal(first.code, 1);
  assert.equal(first.stdout, "good\n");
  await project.write("mended", "");
  const again = await project.buildr(["--rerun-failed"]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(again.stdout, "bad\nlast\n");
});
