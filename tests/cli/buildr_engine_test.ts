// gate-timeout: 300 s

import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { IMAGE, projectTest, readUntil } from "../buildr/_project.ts";

const TWO = {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [good, bad]
good: { script: [echo good] }
bad: { isolated: true, script: [echo bad, touch /trace, exit 3] }
`,
};

projectTest(
  "buildr logs shows what the last run wrote, of one stage or all",
  TWO,
  async (project) => {
    assert.equal((await project.buildr(["logs"])).code, 2);
    assert.equal((await project.buildr()).code, 1);
    const one = await project.buildr(["logs", "good"]);
    assert.deepEqual([one.code, one.stdout, one.stderr], [0, "good\n", ""]);
    assert.equal((await project.buildr(["logs"])).stdout, "good\nbad\n");
    assert.match((await project.buildr(["logs", "--summary"])).stdout, /^bad\tfailed\t.*\t3$/m);
    assert.equal(JSON.parse((await project.buildr(["logs", "--json"])).stdout).result.exitCode, 1);
    const wrong = await project.buildr(["logs", "godo"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /did you mean "good"/);
  },
);

projectTest(
  "--keep on-failure keeps the container of what failed, until buildr clean",
  TWO,
  async (project) => {
    const { code, stderr } = await project.buildr(["--keep", "on-failure", "bad"]);
    assert.equal(code, 1);
    const name = /superorch exec (\S+) sh/.exec(stderr)?.[1];
    assert.ok(name !== undefined, stderr);
    assert.deepEqual(await project.onEngine(), [`container /${name} running`]);
    const trace = await project.engine.containers.pathInfo(name, "/trace");
    assert.equal(trace.name, "trace");
    const dry = await project.buildr(["clean", "--dry-run"]);
    assert.match(dry.stdout, new RegExp(`^container\t${name}\twould be removed$`, "m"));
    assert.equal((await project.buildr(["clean"])).code, 0);
  },
);

projectTest("buildr shell runs what it is given where the stage would run, after prepare", {
  ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
prepare: { script: [touch /prepared] }
a: { environment: { FOO: BAR }, script: [echo its own line] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr(["shell", "a"], {
    stdin: 'echo "$FOO in $(pwd)"; ls /prepared; exit 5\n',
  });
  assert.equal(stdout, "BAR in /app\n/prepared\n", stderr);
  assert.equal(code, 5);
  assert.equal((await project.buildr(["shell", "b"])).code, 2);
});

projectTest("buildr watch runs again when a file changes, and ends a run that goes on", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: ["echo run of $(cat input) > made; echo saw $(cat input); sleep $(cat pause)"] }
`,
  input: "one",
  pause: "0",
}, async (project) => {
  const child = project.spawn(["watch"]);
  const errors = new Response(child.stderr).text();
  const [first, rest] = child.stdout.tee();
  const [second, third] = rest.tee();
  await readUntil(first, "saw one");
  await eventually(async () => assert.deepEqual(await project.containerIds(), []), 20_000);
  await project.write("pause", "60");
  await project.write("input", "two");
  await readUntil(second, "saw two");
  await project.write("pause", "0");
  await project.write("input", "three");
  await readUntil(third, "saw three");
  await eventually(async () => assert.deepEqual(await project.containerIds(), []), 20_000);
  child.kill("SIGINT");
  const { code } = await child.status;
  await Promise.all([errors, first.cancel(), second.cancel(), third.cancel()]);
  assert.equal(code, 130);
});

projectTest(
  "flags come from the command line, else from the environment, else from a file",
  TWO,
  async (project) => {
    await Deno.mkdir(`${project.home}/config`, { recursive: true });
    await Deno.writeTextFile(`${project.home}/config/buildr.yml`, "quiet: true\nskip: [bad]\n");
    const file = await project.buildr();
    assert.deepEqual([file.code, file.stdout, file.stderr], [0, "good\n", ""]);
    const variable = await project.buildr([], { env: { BUILDR_SKIP: "good" } });
    assert.deepEqual([variable.code, variable.stdout], [1, "bad\n"]);
    const words = await project.buildr(["--skip", "good,bad"], { env: { BUILDR_SKIP: "good" } });
    assert.deepEqual([words.code, words.stdout], [0, ""]);
    await Deno.writeTextFile(`${project.home}/config/buildr.yml`, "qiet: true\njobs: many\n");
    const wrong = await project.buildr();
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /buildr\.yml:1:1: error: Unknown flag "qiet", did you mean "quiet"/);
  },
);

projectTest("--dry-run touches no engine; wrong words end with 2", TWO, async (project) => {
  const nowhere = { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } };
  const dry = await project.buildr(["--dry-run"], nowhere);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /\.buildr\.yml:5:\d+ shell \["sh","-ec","echo good"\]/);
  for (
    const words of [
      ["nothere"],
      ["--pull", "sometimes"],
      ["-j", "0"],
      ["-e", "NOVALUE"],
      ["--matrix", "x"],
      ["--timeout", "soon"],
      ["--shell-on-failure"],
      ["--env-file", "nowhere.env"],
      ["--no-such-flag"],
    ]
  ) {
    const { code, stderr, stdout } = await project.buildr(words, nowhere);
    assert.deepEqual([code, stdout], [2, ""], `${words}: ${stderr}`);
    assert.match(stderr, /^Error: /);
  }
});

projectTest("-e, --env-file and -v reach the stages and the screen", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: ["echo $ONE $TWO $THREE"] }
`,
  "some.env": "ONE=file\nTWO='quoted # value'\n",
}, async (project) => {
  const { stdout, stderr } = await project.buildr([
    "-v",
    "--env-file",
    "some.env",
    "-e",
    "ONE=word",
    "-e",
    "THREE=a,b",
  ]);
  assert.equal(stdout, "word quoted # value a,b\n");
  assert.match(stderr, new RegExp(`a: started in ${IMAGE}`));
});
