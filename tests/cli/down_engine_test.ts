import assert from "node:assert/strict";
import { LABEL } from "../../lib/containers/mod.ts";
import { superorch } from "../support/cli.ts";
import { eventsIn, TestProject } from "./_project.ts";

const CHAIN = `services:
  db: &service
    image: IMAGE
    command: ["sh", "-c", "trap 'echo $$NAME >> /shared/order; exit 0' TERM; while :; do sleep 0.05; done"]
    environment: { NAME: db }
    volumes: ["./shared:/shared", "data:/data"]
  app: { <<: *service, environment: { NAME: app }, depends_on: [db] }
  web: { <<: *service, environment: { NAME: web }, depends_on: [app] }
volumes: { data: {} }
`;

Deno.test("down asks services to end in the reverse of their order, and removes them", async () => {
  await using project = await TestProject.make(CHAIN);
  await Deno.mkdir(`${project.directory}/shared`);
  assert.equal((await project.run("up", "-d", "-q")).code, 0);
  // The order stands in labels: no file is needed for it.
  await Deno.remove(`${project.directory}/compose.yaml`);
  const { code, stdout, stderr } = await project.run("down", "-p", project.name);
  assert.equal(code, 0, stderr);
  const { name } = project;
  assert.deepEqual(stdout.split("\n"), [
    `Removed container ${name}-web-1`,
    `Removed container ${name}-app-1`,
    `Removed container ${name}-db-1`,
    `Removed network ${name}_default`,
    "",
  ]);
  assert.equal(stderr, `Left: volume "${name}_data"\n`);
  const order = await Deno.readTextFile(`${project.directory}/shared/order`);
  assert.equal(order, "web\napp\ndb\n");
  await project.nothingLeft();
});

Deno.test("down removes volumes on request only, and a second time finds nothing to do", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000, volumes: [data:/data] } }\nvolumes: { data: {} }\n",
  );
  const volumes = async () => {
    const labels = { [LABEL.project]: project.name };
    return (await project.engine.volumes.list({ labels })).map(({ Name }) => Name);
  };
  await project.run("up", "-d", "-q");
  assert.equal((await project.run("down", "-q")).code, 0);
  assert.deepEqual(await volumes(), [`${project.name}_data`]);
  const again = await project.run("down", "--json", "--volumes");
  assert.deepEqual(eventsIn(again.stdout), [
    { kind: "removed", object: "volume", name: `${project.name}_data` },
    {
      kind: "end",
      name: project.name,
      removed: [{ kind: "volume", name: `${project.name}_data` }],
      volumesLeft: [],
    },
  ]);
  assert.deepEqual(await volumes(), []);
  const last = await project.run("down", "--volumes");
  assert.deepEqual([last.code, last.stderr], [0, `Nothing of "${project.name}" is there\n`]);
});

Deno.test("down --timeout takes the place of what services say", async () => {
  await using project = await TestProject.make(`services:
  slow:
    image: IMAGE
    command: ["sh", "-c", "trap 'sleep 100' TERM; while :; do sleep 0.1; done"]
    stop_grace_period: 90s
`);
  await project.run("up", "-d", "-q");
  const { code } = await project.run("down", "--timeout", "0");
  assert.equal(code, 0);
  await project.nothingLeft();
});

Deno.test("down says with 1 what it cannot remove, and removes the rest", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000 } }",
  );
  await project.run("up", "-d", "-q");
  const { engine, name } = project;
  const { Id } = await engine.containers.create(undefined, {
    Image: (await engine.containers.inspect(`${name}-a-1`)).Config.Image,
    Cmd: ["sleep", "1000"],
    Labels: { "org.superorch.test": name },
    HostConfig: { NetworkMode: `${name}_default` },
  });
  try {
    await engine.containers.start(Id);
    const { code, stdout, stderr } = await project.run("down", "-t", "0");
    assert.equal(code, 1);
    assert.equal(stdout, `Removed container ${name}-a-1\n`);
    assert.match(stderr, /^Error: Cannot remove network ".*_default": .*has active endpoints/m);
  } finally {
    await engine.containers.remove(Id, { force: true });
  }
  assert.equal((await project.run("down")).code, 0);
});

const USAGE: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["no file", [], /Cannot find a compose file/],
  ["a name that cannot be one", ["-p", "A b"], /Cannot use project name "A b"/],
  ["a time that is none", ["-p", "x", "-t", "soon"], /Cannot understand the time "soon"/],
];

for (const [what, args, message] of USAGE) {
  Deno.test(`down refuses ${what} with exit code 2`, async () => {
    const { code, stderr } = await superorch(["down", ...args], { cwd: "/proc" });
    assert.match(stderr, message);
    assert.equal(code, 2);
  });
}
