// gate-timeout: 300 s

import assert from "node:assert/strict";
import { IMAGE, projectTest } from "./_project.ts";

projectTest(
  "buildr runs prepare first, then the stages in their order, in one container on the project",
  {
    ".buildr.yml": `
image: '${IMAGE}'
environment:
  inherit: false
  vars:
    - FOO=BAR
    - "API_KEY=x y"
stages:
  - build
  - deploy
prepare:
  script:
    - echo P
build:
  script:
    - echo B
    - sh -c "pwd > where; echo $FOO"
deploy:
  script:
    - sh -c "echo $API_KEY"
`,
  },
  async (project) => {
    const { code, stdout, stderr } = await project.buildr();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "P\nB\nBAR\nx y\n");
    assert.equal(await project.read("where"), "/app\n");
  },
);

projectTest("prepare is taken out of the list and runs first; later stages see what it left", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a, prepare, b]
prepare: { script: [echo P, touch /marker] }
a: { script: [echo A] }
b: { script: [echo B, ls /marker] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "P\nA\nB\n/marker\n");
});

projectTest("a line is run by a shell only where it needs one, unless the stage says otherwise", {
  ".buildr.yml": String.raw`
image: ${IMAGE}
environment: { vars: [FOO=BAR] }
stages: [auto, never]
auto:
  script:
    - sh -c "echo $FOO; x=1; echo x=$x"
    - cd /tmp && pwd
    - "echo 'a   b'"
    - "echo http://h/?a=1&b=2"
never: { shell: false, script: ["echo $FOO"] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "BAR\nx=1\n/tmp\na   b\nhttp://h/?a=1&b=2\n$FOO\n");
});

projectTest("the engine's socket is in the container, unless it is not wanted", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
a: { script: ["sh -c '[ -S /var/run/docker.sock ] && stat -c %i /var/run/docker.sock || echo none'"] }
`,
  "without.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a: { script: ["[ -e /var/run/docker.sock ] && echo there || echo none"] }
`,
}, async (project) => {
  const { endpoint } = project.engine;
  assert.ok(endpoint.kind === "unix");
  const inode = (path: string) => Deno.stat(path).then(({ ino }) => `${ino}\n`);
  const own = await project.buildr();
  assert.equal(own.stdout, await inode(endpoint.path), own.stderr);
  assert.equal((await project.buildr(["-f", "without.yml"])).stdout, "none\n");
  assert.equal((await project.buildr(["--no-docker-sock"])).stdout, "none\n");
  // Another way to the same engine, so that it can be told apart from the first.
  const other = `${project.home}/o.sock`;
  await using _proxy = forward(other, endpoint.path);
  for (const word of [`unix://${other}`, other]) {
    const ran = await project.buildr(["--docker-sock", word]);
    assert.equal(ran.stdout, await inode(other), ran.stderr);
  }
});

projectTest(
  "the first line that fails ends the run with 1; the report names stage, line, place and code",
  {
    ".buildr.yml": `
image: ${IMAGE}
stages: [one, two]
one:
  script:
    - echo before
    - sh -c "echo last words; exit 7"
    - echo after
two: { script: [echo two] }
`,
  },
  async (project) => {
    const { code, stdout, stderr } = await project.buildr();
    assert.equal(code, 1);
    assert.equal(stdout, "before\nlast words\n");
    assert.match(
      stderr,
      /one failed: exit code 7\n {2}\.buildr\.yml:7:7: sh -c "echo last words; exit 7"/,
    );
    assert.match(stderr, /\| last words/);
    assert.match(stderr, /again: superorch buildr run --only one/);
    assert.match(stderr, /two +skipped: "one" failed/);
  },
);

projectTest("prepare that fails ends the run with 255", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a]
prepare: { script: ["sh -c 'exit 3'"] }
a: { script: [echo A] }
`,
}, async (project) => {
  const { code, stdout } = await project.buildr();
  assert.equal(code, 255);
  assert.equal(stdout, "");
});

projectTest(
  "without an engine it ends with 255, without a manifest with 2, both at once and in words",
  {
    ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: [echo A] }\n`,
  },
  async (project) => {
    const begin = performance.now();
    const engine = await project.buildr([], {
      env: { DOCKER_HOST: "unix:///nowhere/docker.sock" },
    });
    assert.equal(engine.code, 255);
    assert.match(engine.stderr, /Cannot find a container engine.*\n.*no such socket/);
    const socket = await project.buildr(["--docker-sock", "/nowhere/docker.sock"]);
    assert.equal(socket.code, 255);
    const manifest = await project.buildr(["--path", "/var/empty-there-is-none"]);
    assert.equal(manifest.code, 2);
    assert.match(manifest.stderr, /^Error: Cannot find a manifest .*\n$/);
    assert.ok(performance.now() - begin < 6_000);
  },
);

projectTest("every mistake is told with its place before any container is made", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [build, deply, build]
deploy: { script: [echo D] }
build: { scirpt: [echo B] }
`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /\.buildr\.yml:3:17: error.*deply.*did you mean "deploy"/);
  assert.match(stderr, /\.buildr\.yml:3:24: error.*build/);
  assert.match(stderr, /\.buildr\.yml:5:10: .*scirpt/);
});

projectTest(
  "environment.inherit passes our variables on, vars win, PATH and HOME stay the image's",
  {
    ".buildr.yml": `
image: ${IMAGE}
environment: { inherit: true, vars: [GIVEN=inside] }
stages: [a]
a: { script: [env] }
`,
  },
  async (project) => {
    const { stdout, code, stderr } = await project.buildr([], {
      env: { GIVEN: "outside", OTHER_ONE: "outside", HOME: project.home },
    });
    assert.equal(code, 0, stderr);
    const lines = stdout.split("\n");
    assert.ok(lines.includes("GIVEN=inside"));
    assert.ok(lines.includes("OTHER_ONE=outside"));
    assert.ok(lines.includes("CI=true"));
    assert.ok(!lines.includes(`HOME=${project.home}`));
    assert.ok(!lines.includes(`PATH=${Deno.env.get("PATH")}`));
  },
);

projectTest("an image that is there is not pulled; one that is not ends with 255 and its name", {
  ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: [echo A] }\n`,
  "absent.yml": `image: superorch/no-such-image:1\nstages: [a]\na: { script: [echo A] }\n`,
}, async (project) => {
  const there = await project.buildr();
  assert.equal(there.code, 0, there.stderr);
  assert.doesNotMatch(there.stderr, /pull/i);
  const absent = await project.buildr(["-f", "absent.yml", "--pull", "never"]);
  assert.equal(absent.code, 255);
  assert.match(absent.stderr, /Image "superorch\/no-such-image:1" is not on the engine/);
});

projectTest("a manifest without stages passes with a word", {
  ".buildr.yml": `image: ${IMAGE}\n`,
}, async (project) => {
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /nothing to run/i);
});

/** Listens on a socket, and passes everything on to another one. */
function forward(from: string, to: string): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path: from });
  const connections = new Set<Deno.Conn>();
  const pipe = async (source: Deno.Conn, target: Deno.Conn) => {
    const buffer = new Uint8Array(65536);
    for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
      for (let done = 0; done < count;) done += await target.write(buffer.subarray(done, count));
    }
    await target.closeWrite();
  };
  const serving = (async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ transport: "unix", path: to });
      connections.add(near).add(far);
      void Promise.allSettled([pipe(near, far), pipe(far, near)]).then(() => {
        for (const one of [near, far]) if (connections.delete(one)) one.close();
      });
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {});
      for (const one of connections) one.close();
      connections.clear();
    },
  };
}
