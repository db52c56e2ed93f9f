// gate-timeout: 300 s

import assert from "node:assert/strict";
import { IMAGE, projectTest, readUntil } from "./_project.ts";

projectTest("a character in two pieces arrives whole, and output arrives when it is written", {
  ".buildr.yml": String.raw`
image: ${IMAGE}
stages: [a]
a:
  script:
    - printf '\303'; sleep 0.3; printf '\251\n'
    - echo begun; sleep 3; echo ended
`,
}, async (project) => {
  const child = project.spawn(["--json"]);
  const [live, all] = child.stdout.tee();
  const text = new Response(all).text();
  const begun = await readUntil(live, '"begun\\n"');
  const [{ code }] = await Promise.all([child.status, child.stderr.cancel(), live.cancel(), text]);
  const laterMs = performance.now() - begun.atMs;
  assert.equal(code, 0);
  assert.ok(
    laterMs > 2_000,
    `it was shown ${laterMs} ms before the end, and was written 3 s before`,
  );
  const outputs = (await text).trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ type }) => type === "output").map((event) => event.text).join("");
  assert.equal(outputs, "é\nbegun\nended\n");
});

projectTest("50 MB of output arrive complete, in flat memory", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: ["cat big"] }
`,
}, async (project) => {
  const block = crypto.getRandomValues(new Uint8Array(65536));
  const file = await Deno.open(`${project.path}/big`, { write: true, create: true });
  const count = 50 * 16;
  for (let index = 0; index < count; index++) await file.write(block);
  file.close();
  const child = project.spawn();
  let peakKb = 0;
  const watching = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // it has ended
    }
  }, 20);
  let bytes = 0;
  const hash = (await import("node:crypto")).createHash("sha256");
  const errors = new Response(child.stderr).text();
  for await (const piece of child.stdout) {
    bytes += piece.length;
    hash.update(piece);
  }
  clearInterval(watching);
  assert.equal((await child.status).code, 0, await errors);
  await errors;
  assert.equal(bytes, count * block.length);
  const expected = (await import("node:crypto")).createHash("sha256");
  for (let index = 0; index < count; index++) expected.update(block);
  assert.equal(hash.digest("hex"), expected.digest("hex"));
  assert.ok(peakKb < 220_000, `${peakKb} kB; without any output it is 95,000`);
});

projectTest("JUnit and annotations tell what failed and where; --quiet is quiet", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [good, bad, never]
good: { script: [echo good] }
bad:
  script:
    - "echo '<why>' & echo 100%; exit 5"
never: { script: [echo never] }
`,
}, async (project) => {
  const ran = await project.buildr(["--quiet", "--junit", "out/junit.xml", "--github"]);
  assert.equal(ran.code, 1);
  const xml = await project.read("out/junit.xml");
  assert.match(xml, /<testsuite name="project" .*tests="3" failures="1" errors="0" skipped="1"/);
  assert.match(xml, /<failure type="script" message="exit code 5">.*&lt;why&gt;/);
  assert.match(xml, /<skipped message="&quot;bad&quot; failed"\/>/);
  const [annotation] = ran.stdout.split("\n").filter((line) => line.startsWith("::"));
  assert.match(
    annotation ?? "",
    /^::error file=\.buildr\.yml,line=8,col=7,title=bad%3A exit code 5::.*100%25/,
  );
  assert.doesNotMatch(ran.stderr, /STAGE/);
  assert.match(ran.stderr, /bad failed: exit code 5/);
});

projectTest("what is doubtful in the manifest is told once, with its place", {
  ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: {}\n`,
}, async (project) => {
  const { code, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/Stage "a" has no "script"/g)?.length, 1, stderr);
  assert.match(stderr, /^\.buildr\.yml:3:1: warning\[empty-script\]/m);
});

projectTest("a failure that is allowed says what it was", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a:
  needs: []
  matrix: { v: [x, y] }
  allow_failure: true
  services: { db: { image: ${IMAGE}, command: [sh, -c, exit 3], ready: { tcp: 1 } } }
  script: [echo never]
`,
}, async (project) => {
  const { code, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^a\[v=y\]: allowed \(allow_failure\) in .*: Service "db" is not ready: /m);
});

projectTest("--timestamps begins each line with its time", {
  ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: [echo A] }\n`,
}, async (project) => {
  assert.match((await project.buildr(["--timestamps"])).stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z A\n$/);
});
