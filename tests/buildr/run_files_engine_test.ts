// gate-timeout: 300 s

import assert from "node:assert/strict";
import { IMAGE, projectTest, readUntil } from "./_project.ts";

projectTest("artifacts land in .buildr-out, hide from git, and reach the stages that need them", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [make, fail, take, other]
make:
  workspace: copy
  script: [mkdir -p reports/deep, echo one > reports/a.txt, echo two > reports/deep/b.txt, echo no > reports/skip.log]
  artifacts: { paths: ["reports/**", "nothing/*.zip"], exclude: ["**/*.log"] }
fail:
  needs: []
  workspace: copy
  allow_failure: true
  script: [echo why > report.txt, exit 3]
  artifacts:
    - { paths: [report.txt], when: always }
    - { paths: [given], when: success }
take: { needs: [make], script: [cat reports/a.txt reports/deep/b.txt] }
other: { needs: [make], workspace: copy, script: ["cat reports/a.txt; [ ! -e reports/skip.log ]"] }
`,
  given: "given\n",
}, async (project) => {
  await project.commit();
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /take +│ one\n/);
  assert.match(stdout, /take +│ two\n/);
  assert.match(stdout, /other +│ one\n/);
  assert.match(stderr, /Warning: make: artifacts: nothing matches "nothing\/\*\.zip"/);
  assert.equal(await project.read(".buildr-out/artifacts/make/reports/a.txt"), "one\n");
  assert.equal(await project.read(".buildr-out/artifacts/fail/report.txt"), "why\n");
  assert.equal(await project.has(".buildr-out/artifacts/make/reports/skip.log"), false);
  assert.equal(await project.has(".buildr-out/artifacts/fail/given"), false);
  assert.equal(await project.read(".buildr-out/.gitignore"), "*\n");
  // The stage that works on the project itself had them there, and nothing of it stays.
  assert.equal(await project.has("reports"), false);
  const status = await new Deno.Command("git", {
    args: ["status", "--porcelain", "--untracked-files=all"],
    cwd: project.path,
  }).output();
  assert.equal(new TextDecoder().decode(status.stdout), "");
});

projectTest("rows with long values have logs and artifacts of their own", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a:
  needs: []
  matrix: { v: ["${"ü".repeat(300)}1", "${"ü".repeat(300)}2"] }
  script: ['v="\${matrix.v}"; printf %s "$v" | tail -c 1 > out; cat out; echo']
  artifacts: [out]
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.ok(stdout.split("\n").every((line) => line.length < 60), stdout);
  const rows = [...Deno.readDirSync(`${project.path}/.buildr-out/artifacts/a`)];
  const kept = await Promise.all(
    rows.map(({ name }) => project.read(`.buildr-out/artifacts/a/${name}/out`)),
  );
  assert.deepEqual(kept.toSorted(), ["1", "2"]);
  assert.equal((await project.buildr(["logs"])).stdout, "1\n2\n");
});

projectTest("what a stage mounts with the engine's socket is its copy of the project", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
workspace: copy
stages: [a]
a:
  script:
    - echo mine > word
    - echo "$BUILDR_HOST_PROJECT_DIR"
    - 'i=0; until [ -e answer ] || [ $i = 300 ]; do sleep 0.1; i=$((i + 1)); done; cat answer'
`,
}, async (project) => {
  const child = project.spawn();
  const [out, rest] = child.stdout.tee();
  const source = (await readUntil(out, "\n")).text.trim();
  const { engine } = project;
  const { Id } = await engine.containers.create(`buildr-test-${crypto.randomUUID()}`, {
    Image: IMAGE,
    Cmd: ["sh", "-c", "cat /src/word > /src/answer"],
    HostConfig: { AutoRemove: true, Mounts: [{ Type: "bind", Source: source, Target: "/src" }] },
  });
  await engine.containers.start(Id);
  const [text] = await Promise.all([new Response(rest).text(), out.cancel()]);
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0, stderr);
  assert.equal(text, `${source}\nmine\n`);
  assert.ok(!await project.has("word"));
});

projectTest("artifacts of a stage that works on the project itself are copied out of it", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [make]
make: { script: [mkdir -p dist, echo x > dist/x], artifacts: { paths: [dist/], expire: 1ms } }
`,
}, async (project) => {
  assert.equal((await project.buildr()).code, 0);
  assert.equal(await project.read(".buildr-out/artifacts/make/dist/x"), "x\n");
  await project.write(".buildr.yml", `image: ${IMAGE}\nstages: [a]\na: { script: ["true"] }\n`);
  assert.equal((await project.buildr()).code, 0);
  assert.equal(await project.has(".buildr-out/artifacts/make"), false, "it has expired");
});

projectTest(
  "a cache is there in the next run; another key falls back; a failed stage keeps nothing",
  {
    ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
a:
  isolated: true
  cache: [{ key: "deps-\${hash:lock}", fallback: [deps-], paths: [/root/store, kept] }]
  script:
    - mkdir -p /root/store kept
    - cat /root/store/all kept/all 2>/dev/null || echo empty
    - cat lock >> /root/store/all; cat lock >> kept/all
    - "[ ! -e broken ]"
`,
    lock: "one\n",
  },
  async (project) => {
    await project.write(".gitignore", "kept\n");
    const run = async () => {
      // What a bind leaves in the project must not be taken for what the cache brings.
      await Deno.remove(`${project.path}/kept`, { recursive: true }).catch(() => {});
      return await project.buildr(["-v"]);
    };
    const first = await run();
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "empty\n");
    assert.equal((await run()).stdout, "one\none\n");
    await project.write("lock", "two\n");
    await project.write("broken", "");
    const fallback = await run();
    assert.equal(fallback.code, 1);
    assert.equal(fallback.stdout, "one\none\none\none\n");
    assert.match(fallback.stderr, /restored "deps-[0-9a-f]+" in its place/);
    await Deno.remove(`${project.path}/broken`);
    const again = await run();
    assert.equal(again.stdout, "one\none\none\none\n", "what failed was not kept");
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await run()).stdout, "one\none\ntwo\none\none\ntwo\n");
  },
);

projectTest("a copy has what git tracks, and what it neither tracks nor ignores", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
a: { workspace: copy, script: ["ls -A | sort", "echo changed > tracked; echo new > made"] }
`,
  ".gitignore": "ignored\n",
  tracked: "tracked\n",
}, async (project) => {
  await project.commit();
  await project.write("ignored", "");
  await project.write("fresh", "");
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n").toSorted(), [
    ".buildr.yml",
    ".gitignore",
    "fresh",
    "tracked",
  ]);
  assert.equal(await project.read("tracked"), "tracked\n");
  assert.equal(await project.has("made"), false);
});

projectTest("what prepare leaves in the project is in copies too, although git ignores it", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [unit]
prepare: { script: [mkdir -p modules, "[ -e modules/m ] || echo module > modules/m"] }
unit: { matrix: { n: [1] }, script: [cat modules/m] }
`,
  ".gitignore": "modules\nother\n",
}, async (project) => {
  await project.commit();
  await project.write("other", "");
  assert.equal((await project.buildr()).stdout, "module\n");
  assert.equal((await project.buildr()).stdout, "module\n", "a prepare that finds all up to date");
});

projectTest("what prepare made of the container is there in all that start from it", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b, c]
prepare: { script: [touch /marker] }
a: { needs: [], script: [ls /marker] }
b: { needs: [], matrix: { n: [1] }, script: [ls /marker] }
c: { needs: [], image: ${IMAGE}, isolated: true, script: ["ls /marker 2>&1 || true"] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /a +│ \/marker\n/);
  assert.match(stdout, /b\[n=1\] +│ \/marker\n/);
});

projectTest("a snapshot stands for prepare until its image, lines or inputs change", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
prepare:
  script: [echo preparing, cp lock /lock]
  snapshot: { inputs: [lock] }
a: { script: [cat /lock] }
`,
  lock: "one\n",
}, async (project) => {
  const first = await project.buildr();
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, "preparing\none\n");
  const second = await project.buildr(["-v"]);
  assert.equal(second.stdout, "one\n");
  assert.match(second.stderr, /prepare: skipped, snapshot [0-9a-f]+: its image/);
  await project.write("lock", "two\n");
  assert.equal((await project.buildr()).stdout, "preparing\ntwo\n");
  await project.write("lock", "one\n");
  assert.equal((await project.buildr()).stdout, "one\n", "the first one is still there");
  await project.write(
    ".buildr.yml",
    (await project.read(".buildr.yml")).replace("echo prep", "echo  prep"),
  );
  await project.write(
    ".buildr.yml",
    (await project.read(".buildr.yml")).replace("cp lock", "cp -f lock"),
  );
  assert.equal((await project.buildr()).stdout, "preparing\none\n");
  const clean = await project.buildr(["clean"]);
  assert.equal(clean.code, 0, clean.stderr);
  assert.match(clean.stdout, /image\tbuildr-snapshot/);
  assert.equal((await project.buildr()).stdout, "preparing\none\n");
  await project.buildr(["clean"]);
});

projectTest("a snapshot is of the variables that somebody chose for the run", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
environment: { vars: { LEVEL: "\${env.LEVEL:-low}" } }
stages: [a]
prepare: { script: ['echo "$LEVEL $EXTRA" > /level'], snapshot: { inputs: [lock] } }
a: { script: [cat /level] }
`,
  lock: "",
}, async (project) => {
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { code, stdout, stderr } = await project.buildr(args, { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal(await run([]), "low \n");
  assert.equal(await run([], { LEVEL: "high" }), "high \n");
  assert.equal(await run(["-e", "EXTRA=one"]), "low one\n");
  assert.equal(await run(["-e", "EXTRA=two"]), "low two\n");
  const again = await project.buildr(["-v", "-e", "EXTRA=two"]);
  assert.equal(again.stdout, "low two\n");
  assert.match(again.stderr, /prepare: skipped, snapshot/);
  await project.buildr(["clean"]);
});

projectTest("a snapshot is not used where what prepare made in the project is gone", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
prepare: { script: [echo preparing, mkdir -p modules], snapshot: { inputs: [] } }
a: { script: [ls -d modules] }
`,
  ".gitignore": "modules\n",
}, async (project) => {
  await project.commit();
  assert.equal((await project.buildr()).stdout, "preparing\nmodules\n");
  assert.equal((await project.buildr()).stdout, "modules\n");
  await Deno.remove(`${project.path}/modules`);
  assert.equal((await project.buildr()).stdout, "preparing\nmodules\n");
  await project.buildr(["clean"]);
});

projectTest("services are reachable by their name before the first line runs", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b]
a:
  services:
    web:
      image: ${IMAGE}
      command: [sh, -c, "sleep 0.3; mkdir /w; echo hello > /w/index.html; exec httpd -f -p 8080 -h /w"]
      ready: { tcp: 8080, timeout: 20s }
    other: { image: ${IMAGE}, command: [sh, -c, "echo it is up; sleep 100"], ready: { log: "is u." } }
  script: ["wget -qO- http://web:8080/", "ping -c 1 -W 5 other > /dev/null && echo pong"]
b:
  image: ${IMAGE}
  services:
    web:
      image: ${IMAGE}
      command: [sh, -c, "mkdir /w; echo hi > /w/ok; exec httpd -f -p 80 -h /w"]
      ready: { http: { port: 80, path: /ok } }
  script: ["wget -qO- http://web/ok"]
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "hello\npong\nhi\n");
});

projectTest("a service that never gets ready ends with 255 and its last lines", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
a:
  services:
    db: { image: ${IMAGE}, command: [sh, -c, "echo cannot open the store; sleep 100"], ready: { tcp: 5432, timeout: 1s } }
  script: [echo A]
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 255, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /Service "db" is not ready: it did not listen on port 5432 within 1 s/);
  assert.match(stderr, /\| cannot open the store/);
});
