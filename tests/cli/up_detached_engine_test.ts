import assert from "node:assert/strict";
import { LABEL } from "../../lib/containers/mod.ts";
import { TestProject } from "./_project.ts";

const THREE = `services:
  db:
    image: IMAGE
    command: ["sh", "-c", "echo db is here; touch /ready; exec sleep 1000"]
    healthcheck: { test: ["CMD", "test", "-f", "/ready"], interval: 100ms }
  migrate:
    image: IMAGE
    command: ["sh", "-c", "echo migrated"]
    depends_on: { db: { condition: service_healthy } }
  app:
    image: IMAGE
    command: ["sleep", "1000"]
    depends_on: { migrate: { condition: service_completed_successfully } }
`;

Deno.test("up --detach leaves everything running; again, it does nothing", async () => {
  await using project = await TestProject.make(THREE);
  const first = await project.run("up", "--detach");
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, "");
  assert.match(first.stderr, /db: healthy\nmigrate: started\nmigrate: exit code 0\napp: started\n/);
  const before = await project.containers();
  assert.deepEqual(
    Object.entries(before).map(([name, state]) => `${name} ${state.split(" ")[0]}`),
    ["app running", "db running", "migrate exited"],
  );
  // The first time by the note of the command before, then without one.
  for (const args of [["up", "--detach"], ["up", "-d", "--wait"], ["up", "-d", "--json"]]) {
    const again = await project.run(...args);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr + again.stdout, /is up, nothing to do|"changed":false/);
    assert.deepEqual(await project.containers(), before);
  }
});

Deno.test("up --detach makes again what has changed, and only that", async () => {
  await using project = await TestProject.make(THREE);
  await project.run("up", "-d", "-q");
  const before = await project.containers();
  await project.write("compose.yaml", THREE.replace('["sleep", "1000"]', '["sleep", "2000"]'));
  const { code, stderr } = await project.run("up", "-d");
  assert.equal(code, 0, stderr);
  const after = await project.containers();
  assert.notEqual(after["app"], before["app"]);
  assert.deepEqual({ ...after, app: "" }, { ...before, app: "" });
});

Deno.test("up --detach starts again what has ended or was removed", async () => {
  await using project = await TestProject.make(THREE);
  await project.run("up", "-d", "-q");
  const [db, app] = await Promise.all(
    ["db", "app"].map((name) => project.engine.containers.inspect(`${project.name}-${name}-1`)),
  );
  await project.engine.containers.remove(db!.Id, { force: true });
  await project.engine.containers.kill(app!.Id);
  const { code, stderr } = await project.run("up", "-d");
  assert.equal(code, 0, stderr);
  const states = Object.values(await project.containers()).map((text) => text.split(" ")[0]);
  assert.deepEqual(states, ["running", "running", "exited"]);
});

Deno.test("a variable, an override and a config that change are seen by the note of up", async () => {
  const text = `services:
  app:
    image: IMAGE
    command: ["sleep", "\${TIME:-1000}"]
    configs: [settings]
configs: { settings: { file: ./settings } }
`;
  await using project = await TestProject.make(text);
  await project.write("settings", "one");
  const up = async () => {
    const { code, stderr } = await project.run("up", "-d");
    assert.equal(code, 0, stderr);
    return (await project.containers())["app"];
  };
  const seen = [await up(), await up()];
  assert.equal(seen[1], seen[0]);
  await project.write(".env", "TIME=2000\n");
  seen.push(await up());
  await project.write("compose.override.yaml", "services: { app: { environment: { A: b } } }\n");
  seen.push(await up());
  await project.write("settings", "two");
  seen.push(await up());
  assert.equal(new Set(seen).size, 4, seen.join("\n"));
  assert.equal(await up(), seen.at(-1));
});

Deno.test("containers that a file does not have any more are named, and removed on request", async () => {
  await using project = await TestProject.make(
    `services: { a: { image: IMAGE, command: sleep 1000 }, b: { image: IMAGE, command: sleep 1000 } }`,
  );
  await project.run("up", "-d", "-q");
  await project.write("compose.yaml", "services: { a: { image: IMAGE, command: sleep 1000 } }");
  const { code, stderr } = await project.run("up", "-d");
  assert.equal(code, 0);
  assert.match(stderr, /warning: "b" runs, .* remove it with --remove-orphans/);
  assert.deepEqual(Object.keys(await project.containers()), ["a", "b"]);
  await project.run("up", "-d", "--remove-orphans");
  assert.deepEqual(Object.keys(await project.containers()), ["a"]);
});

Deno.test("a service is scaled up and down again, in place", async () => {
  await using project = await TestProject.make(
    "services: { worker: { image: IMAGE, command: sleep 1000 } }",
  );
  for (
    const [count, names] of [[1, ["worker"]], [3, ["worker-1", "worker-2", "worker-3"]], [2, [
      "worker-1",
      "worker-2",
    ]], [1, ["worker"]]] as const
  ) {
    const { code, stderr } = await project.run("up", "-d", "--scale", `worker=${count}`);
    assert.equal(code, 0, stderr);
    assert.deepEqual(Object.keys(await project.containers()), names);
  }
});

Deno.test("--only takes what a service depends on along, --no-deps leaves it out", async () => {
  await using project = await TestProject.make(THREE);
  await project.run("up", "-d", "-q", "--only", "migrate");
  assert.deepEqual(Object.keys(await project.containers()), ["db", "migrate"]);
  await project.run("down", "-t", "0");
  const { code, stderr } = await project.run("up", "-d", "--only", "app", "--no-deps");
  assert.equal(code, 0, stderr);
  assert.deepEqual(Object.keys(await project.containers()), ["app"]);
});

Deno.test("an image is built when it is not there, and again only with --build", async () => {
  await using project = await TestProject.make(
    `services: { app: { build: ., command: sleep 1000 } }`,
  );
  await project.write("Dockerfile", "FROM IMAGE\nCOPY text /text\n");
  await project.write("text", "one");
  const image = async () => (await project.engine.images.inspect(`${project.name}-app`)).Id;
  const first = await project.run("up", "-d");
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^app: building /m);
  const [id, container] = [await image(), (await project.containers())["app"]];
  await project.write("text", "two");
  const again = await project.run("up", "-d");
  assert.doesNotMatch(again.stderr, /building/);
  assert.deepEqual([await image(), (await project.containers())["app"]], [id, container]);
  const built = await project.run("up", "-d", "--build");
  assert.match(built.stderr, /^app: building /m);
  assert.notEqual(await image(), id);
  const rebuilt = (await project.containers())["app"];
  assert.notEqual(rebuilt, container);
  assert.equal((await project.run("up", "-d", "--build")).code, 0);
  assert.equal((await project.containers())["app"], rebuilt);
});

Deno.test("--plan shows order and fate of everything, and makes nothing", async () => {
  await using project = await TestProject.make(THREE);
  const plan = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.run("up", "--plan", "--json", ...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as {
      readonly nodes: readonly { name: string; action: string; image: string; wave: number }[];
      readonly orphans: readonly string[];
    };
  };
  const first = await plan("-d");
  assert.deepEqual(first.nodes.map((node) => [node.wave, node.name, node.action, node.image]), [
    [0, "db", "create", "there"],
    [1, "migrate", "create", "there"],
    [2, "app", "create", "there"],
  ]);
  await project.nothingLeft();
  await project.run("up", "-d", "-q");
  const before = await project.containers();
  const text = THREE.replace("echo db is here", "echo new").replaceAll("app:", "web:");
  await project.write("compose.yaml", text);
  const second = await plan("-d");
  assert.deepEqual(second.nodes.map(({ name, action }) => `${action} ${name}`), [
    "recreate db",
    "keep migrate",
    "create web",
  ]);
  assert.deepEqual(second.orphans, ["app"]);
  assert.deepEqual(await project.containers(), before);
});

Deno.test("up beside a project that is kept says what to do instead", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000 } }",
  );
  await project.run("up", "-d", "-q");
  const { code, stderr } = await project.run("up");
  assert.equal(code, 1);
  assert.match(stderr, /it is up already, detached, with "a"\. Update it with "superorch up -/);
  assert.equal(Object.keys(await project.containers()).length, 1);
});

Deno.test("two that bring the same project up at once make it once", async () => {
  await using project = await TestProject.make(THREE);
  const ends = await Promise.all([1, 2, 3].map(() => project.run("up", "-d")));
  for (const { code, stderr } of ends) assert.equal(code, 0, stderr);
  assert.deepEqual(Object.keys(await project.containers()), ["app", "db", "migrate"]);
  const networks = await project.engine.networks.list({
    labels: { [LABEL.project]: project.name },
  });
  assert.equal(networks.length, 1);
});

Deno.test("logs and exec take the name of a service that has several containers", async () => {
  await using project = await TestProject.make(`services:
  worker:
    image: IMAGE
    command: sh -c "echo at work; exec sleep 1000"
    scale: 2
`);
  await project.run("up", "-d", "-q");
  const logs = await project.run("logs", "-p", project.name, "worker");
  const lines = logs.stdout.trimEnd().split("\n").toSorted();
  assert.deepEqual(lines, ["worker-1  | at work", "worker-2  | at work"], logs.stderr);
  const { stdout, code } = await project.run("exec", "-p", project.name, "worker", "hostname");
  assert.deepEqual([code, stdout], [0, "worker-1\n"]);
  const wrong = await project.run("exec", "-p", project.name, "work", "hostname");
  assert.equal(wrong.code, 2);
});
