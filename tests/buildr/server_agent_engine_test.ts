// gate-timeout: 180 s
import assert from "node:assert/strict";
import { buildr } from "./_cli.ts";
import { startCoordinator } from "./_coordinator_process.ts";
import { IMAGE, Project } from "./_project.ts";

const MANIFEST = `
version: 2
image: ${IMAGE}
stages: [build, test, ship]
build: { script: ["echo building"] }
test: { needs: [build], script: ["echo testing $BUILDR_BUILD_ID"] }
ship: { needs: [build], script: ["exit 3"] }
`;

Deno.test("coordinator --with-agent is a whole CI server in one command", async () => {
  await using project = await Project.make({ ".buildr.yml": MANIFEST });
  await project.commit();
  await using server = await startCoordinator(
    project.home,
    ["--with-agent=2", "--allow-path", project.path],
    project.env,
  );
  const run = (...args: string[]) => buildr(...args, "--coordinator", server.url);
  const submitted = await run(
    ...["submit", project.path, "--id", "whole", "--stages", "build,test", "--follow"],
  );
  assert.equal(submitted.code, 0, submitted.stderr);
  assert.match(submitted.stdout, /^whole\n/);
  assert.match(submitted.stdout, /^building$/m);
  assert.match(submitted.stdout, /^testing whole$/m);

  const failing = await run("submit", project.path, "--follow");
  assert.equal(failing.code, 1, failing.stderr);
  const { stages } = JSON.parse((await run("status", "2", "--json")).stdout);
  const found = stages.map(({ stage, status, needs }: Record<string, unknown>) => [
    stage,
    status,
    needs,
  ]);
  assert.deepEqual(found, [
    ["build", "passed", []],
    ["test", found[1][1], ["build"]],
    ["ship", "failed", ["build"]],
  ]);
  const page = await (await fetch(`${server.url}/builds/whole`)).text();
  assert.match(page, /testing whole/);
  assert.match(page, /<path class="edge s-passed"/);

  const hostile = await run("submit", "/etc");
  assert.equal(hostile.code, 2);
  assert.match(hostile.stderr, /not below an allowed directory/);
  server.child.kill("SIGTERM");
  assert.equal((await server.child.status).code, 0);
});
