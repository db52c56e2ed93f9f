import assert from "node:assert/strict";
import { IMAGE, projectTest } from "./_project.ts";

projectTest("rows whose values look alike as names of files keep their own artifacts and logs", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [m]
m:
  matrix: { b: [x/y, x_y, "x%2Fy", ".."] }
  artifacts: [m.txt]
  script: ["echo '\${matrix.b}' > m.txt; echo 'says \${matrix.b}'"]
`,
}, async (project) => {
  const { code, stderr } = await project.buildr(["--log-dir", "logs"]);
  assert.equal(code, 0, stderr);
  const at = (name: string) => project.read(`.buildr-out/artifacts/m/${name}/m.txt`);
  assert.equal(await at("b=x%2Fy"), "x/y\n");
  assert.equal(await at("b=x_y"), "x_y\n");
  assert.equal(await at("b=x%252Fy"), "x%2Fy\n");
  assert.equal(await at("b=%2E."), "..\n");
  const logs = [...Deno.readDirSync(`${project.path}/logs`)].filter(({ name }) => /x/.test(name));
  assert.equal(logs.length, 3, logs.map(({ name }) => name).join(" "));
});

projectTest("links that a stage leaves lead nobody out of the project on this machine", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [link, files, take, read, replace]
link:
  needs: []
  workspace: copy
  artifacts: [lnk]
  script: [ln -s OUTSIDE lnk]
files:
  needs: []
  workspace: copy
  artifacts: ["lnk/**"]
  script: [mkdir lnk, echo evil > lnk/x]
take: { needs: [link, files], script: ["true"] }
read:
  needs: []
  artifacts: { paths: ["out/**", "out/deep/**"] }
  script: [ln -s OUTSIDE out]
replace:
  needs: [read]
  artifacts: [f]
  script: [rm -rf .buildr-out, ln -s OUTSIDE .buildr-out, echo x > f]
`,
}, async (project) => {
  const outside = project.path.replace(/project$/, "outside");
  await project.write(
    ".buildr.yml",
    (await project.read(".buildr.yml")).replaceAll("OUTSIDE", outside),
  );
  await Deno.mkdir(`${outside}/deep`, { recursive: true });
  await Deno.writeTextFile(`${outside}/deep/key`, "private");
  await Deno.mkdir(`${outside}/artifacts/replace`, { recursive: true });
  await Deno.writeTextFile(`${outside}/artifacts/replace/mine`, "mine");
  try {
    const first = await project.buildr(["-j", "1", "take"]);
    assert.equal(first.code, 255, first.stderr);
    assert.match(
      first.stderr,
      /Cannot put the artifact "lnk\/x" of "files" into the project: a link leads out of it/,
    );
    const second = await project.buildr(["read"]);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /nothing matches "out\/deep\/\*\*"/);
    assert.equal(await project.has(".buildr-out/artifacts/read/out/deep"), false);
    const third = await project.buildr(["--only", "replace"]);
    assert.match(third.stderr, /Cannot keep artifacts: ".*\.buildr-out" is a symbolic link/);
    assert.equal(await Deno.readTextFile(`${outside}/artifacts/replace/mine`), "mine");
    assert.deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name).toSorted(), [
      "artifacts",
      "deep",
    ]);
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

projectTest("an artifact below what is a file in the project is told as that", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b]
a: { needs: [], workspace: copy, artifacts: ["f/**"], script: [rm f, mkdir f, echo x > f/g] }
b: { needs: [a], script: ["true"] }
`,
  "f": "mine",
}, async (project) => {
  const { code, stderr } = await project.buildr();
  assert.equal(code, 255, stderr);
  assert.match(
    stderr,
    /Cannot put the artifact "f\/g" of "a" into the project: "f" is no directory/,
  );
  assert.equal(await project.read("f"), "mine");
});

projectTest("caches of one key and different paths do not drive each other out", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a, b]
a: { needs: [], cache: { key: default, paths: [/root/a] }, script: ["cat /root/a/x || mkdir /root/a && echo a > /root/a/x"] }
b: { needs: [a], cache: { key: default, paths: ["/root/b ü"] }, script: ["cat '/root/b ü/x' || mkdir '/root/b ü' && echo b > '/root/b ü/x'"] }
`,
}, async (project) => {
  assert.equal((await project.buildr()).code, 0);
  const { code, stdout, stderr } = await project.buildr(["-j", "1"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "a\nb\n");
});

projectTest(
  "places that cannot take a report or logs, and empty lists of names, are told before the run",
  {
    ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: [touch ran] }\n`,
    "f": "a file",
  },
  async (project) => {
    for (
      const [words, message] of [
        [["--junit", "f/x.xml"], 'Cannot write the report into "f": it is no directory'],
        [["--log-dir", "f"], 'Cannot write the logs into "f": it is no directory'],
        [["--only", ""], 'Cannot use "" as a list of names: it has none'],
        [["--skip", " ,"], 'Cannot use " ," as a list of names: it has none'],
      ] as const
    ) {
      const { code, stderr } = await project.buildr(words);
      assert.deepEqual([code, stderr], [2, `Error: ${message}\n`]);
    }
    assert.equal(await project.has("ran"), false);
  },
);
