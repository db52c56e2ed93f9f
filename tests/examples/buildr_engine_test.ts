import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { runExample, tempDirectory } from "./_run_example.ts";

Deno.test("the example runs a manifest without the command line and tells how each stage ended", async () => {
  await using engine = await connectEngine();
  await busyboxImage(engine);
  await using project = await tempDirectory();
  await Deno.writeTextFile(
    `${project.path}/.buildr.yml`,
    `version: 2
image: ${BUSYBOX_IMAGE}
stages: [build, test]
build: { script: [echo built > out] }
test: { script: [cat out, exit 4] }
`,
  );
  const { code, stdout, stderr } = await runExample("buildr", { args: [project.path] });
  assert.equal(code, 1, stderr);
  const lines = stdout.split("\n");
  assert.equal(lines[0], "runs: build, test");
  assert.equal(lines[1], "built");
  assert.match(lines[2] ?? "", /^build: passed after \d+ ms$/);
  assert.match(lines[3] ?? "", /^test: failed after \d+ ms, exit code 4$/);
  assert.equal(lines[4], "the run has failed");
});
