import assert from "node:assert/strict";
import { eventsIn, TestProject } from "./_project.ts";

Deno.test("up stays with its services and ends when all have, with their outputs apart", async () => {
  await using project = await TestProject.make(`services:
  one: { image: IMAGE, command: ["sh", "-c", "echo out; echo err >&2"] }
  two: { image: IMAGE, command: ["sh", "-c", "echo more"], depends_on: [one] }
`);
  const { code, stdout, stderr } = await project.run("up");
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.split("\n").toSorted(), ["", "one  | out", "two  | more"]);
  assert.match(stderr, /^one E\| err$/m);
  assert.match(stderr, /^NAME +IMAGE OR COMMAND +STATE +EXIT/m);
  await project.nothingLeft();
});

Deno.test("a service that fails: the others go on, the report comes at the end, exit code 1", async () => {
  await using project = await TestProject.make(`services:
  bad: { image: IMAGE, command: ["sh", "-c", "echo broken >&2; exit 3"] }
  good: { image: IMAGE, command: ["sh", "-c", "sleep 1; echo done"] }
`);
  const { code, stdout, stderr } = await project.run("up");
  assert.equal(code, 1);
  assert.match(stdout, /^good {2}\| done$/m);
  assert.match(stderr, /Error: Network ".*" failed: container "bad" ended with exit code 3/);
  assert.match(stderr, /broken/);
  await project.nothingLeft();
});

Deno.test("--abort-on-failure ends everything with the first failure", async () => {
  await using project = await TestProject.make(`services:
  bad: { image: IMAGE, command: ["sh", "-c", "sleep 0.5; exit 3"] }
  good: { image: IMAGE, command: ["sleep", "1000"] }
`);
  const { code, stderr } = await project.run("up", "--abort-on-failure");
  assert.equal(code, 1);
  assert.match(stderr, /failed: container "bad" ended with exit code 3\n/);
  await project.nothingLeft();
});

Deno.test("--exit-code-from ends everything with a service, and with its exit code", async () => {
  await using project = await TestProject.make(`services:
  server: { image: IMAGE, command: ["sleep", "1000"] }
  tests: { image: IMAGE, command: ["sh", "-c", "exit \${CODE:-0}"], depends_on: [server] }
`);
  assert.equal((await project.run("up", "--exit-code-from", "tests")).code, 0);
  await project.write(".env", "CODE=42");
  const failed = await project.run("up", "--exit-code-from", "tests");
  assert.equal(failed.code, 42);
  assert.match(failed.stderr, /container "tests" ended with exit code 42/);
  await project.nothingLeft();
});

Deno.test("what is not up in time is a time-out, exit code 124, and nothing is left", async () => {
  await using project = await TestProject.make(`services:
  db: { image: IMAGE, command: sleep 1000, healthcheck: { test: ["CMD", "false"], interval: 200ms, start_period: 100s } }
  app: { image: IMAGE, command: sleep 1000, depends_on: { db: { condition: service_healthy } } }
`);
  for (const more of [[], ["-d"]]) {
    const { code, stderr } = await project.run("up", "--timeout", "2", ...more);
    assert.equal(code, 124, stderr);
    assert.match(stderr, /did not start within 2000 ms: still waiting for .*"app"/);
    await project.nothingLeft();
  }
});

Deno.test("--wait comes back when health checks are good, and fails when they cannot be", async () => {
  const text = (test: string) =>
    `services:
  db:
    image: IMAGE
    command: ["sh", "-c", "sleep 1; touch /ready; exec sleep 1000"]
    healthcheck: { test: [CMD, ${test}, -f, /ready], interval: 100ms, retries: 3, start_period: 5s }
`;
  await using project = await TestProject.make(text("test"));
  const good = await project.run("up", "--wait");
  assert.equal(good.code, 0, good.stderr);
  const { State } = await project.engine.containers.inspect(`${project.name}-db-1`);
  assert.equal(State.Health?.Status, "healthy");
  await project.run("down", "-t", "0");
  await project.write("compose.yaml", text("false").replace("5s", "0s"));
  const bad = await project.run("up", "--wait");
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /"db" is unhealthy/);
  await project.nothingLeft();
});

Deno.test("an image that cannot be had fails with 1, names its service, and leaves nothing", async () => {
  await using project = await TestProject.make(
    `services: { a: { image: IMAGE, command: sleep 1000 }, b: { image: "127.0.0.1:1/nobody:1" } }`,
  );
  const { code, stderr } = await project.run("up", "-d");
  assert.equal(code, 1);
  assert.match(stderr, /Cannot create container "b" from image "127\.0\.0\.1:1\/nobody:1": /);
  await project.nothingLeft();
});

Deno.test("--json prints each event as a line, and the failure and the end last", async () => {
  await using project = await TestProject.make(`services:
  db: { image: IMAGE, command: ["sh", "-c", "echo 'line \\u001b[31m'; exit 4"] }
`);
  const { code, stdout, stderr } = await project.run("up", "--json");
  assert.equal(code, 1);
  const events = eventsIn(stdout);
  const kinds = [...new Set(events.map(({ kind }) => kind))];
  assert.equal(kinds[0], "project");
  assert.deepEqual(kinds.slice(-3), ["summary", "failure", "end"]);
  assert.ok(kinds.includes("node") && kinds.includes("line"), kinds.join(" "));
  assert.ok(events.every(({ time }) => !Number.isNaN(Date.parse(String(time)))));
  const { nodes } = events[0] as { nodes: readonly unknown[] };
  assert.deepEqual(nodes, [{ name: "db", service: "db", after: [] }]);
  const line = events.find(({ kind }) => kind === "line");
  assert.deepEqual([line?.["name"], line?.["stream"]], ["db", "stdout"]);
  const failure = events.find(({ kind }) => kind === "failure") as {
    failures: readonly { name: string; exitCode: number }[];
  };
  assert.deepEqual(failure.failures.map(({ name, exitCode }) => [name, exitCode]), [["db", 4]]);
  const { time: _time, ...end } = events.at(-1)!;
  assert.deepEqual(end, { kind: "end", exitCode: 1 });
  assert.match(stderr, /container "db" ended with exit code 4/);
});

Deno.test("--log-dir has the complete output of each service", async () => {
  await using project = await TestProject.make(
    `services: { a: { image: IMAGE, command: ["sh", "-c", "echo one; echo two >&2"] } }`,
  );
  assert.equal((await project.run("up", "--log-dir", "logs")).code, 0);
  const read = (name: string) => Deno.readTextFile(`${project.directory}/logs/${name}`);
  assert.deepEqual([await read("a_stdout.log"), await read("a_stderr.log")], ["one\n", "two\n"]);
});

Deno.test("a module is brought up with its host commands, and taken down by its name", async () => {
  await using project = await TestProject.make("services: {}");
  const lib = new URL("../../lib/", import.meta.url).href;
  await project.write(
    "network.ts",
    `import { container, defineNetwork, hostCommand } from "${lib}containers/mod.ts";
import { command } from "${lib}commands/mod.ts";
export default defineNetwork(({ directory }) => ({
  name: "${project.name}",
  specs: [
    container("db", "IMAGE", { command: ["sleep", "1000"] }),
    hostCommand("check", command("echo from").arg(directory), { dependsOn: { db: "started" } }),
  ],
}));
`,
  );
  const run = await project.run("up", "network.ts", "--exit-code-from", "check");
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, new RegExp(`^check {2}\\| from ${project.directory}$`, "m"));
  await project.nothingLeft();
  const detached = await project.run("up", "network.ts", "-d");
  assert.equal(detached.code, 2);
  assert.match(detached.stderr, /detached: host command "check" ends with this process/);
  const only = await project.run("up", "network.ts", "-d", "--only", "db");
  assert.equal(only.code, 0, only.stderr);
  assert.deepEqual(Object.keys(await project.containers()), ["db"]);
  assert.equal((await project.run("down", "network.ts", "-t", "0")).code, 0);
  await project.nothingLeft();
});
