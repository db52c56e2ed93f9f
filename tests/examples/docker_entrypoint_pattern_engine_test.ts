// gate-timeout: 600 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { debianImage } from "../support/debian_image.ts";
import { runExample, tempDirectory } from "./_run_example.ts";

await using engine = await connectEngine();
const { reference, skip } = await debianImage(engine);
if (skip !== undefined) console.log(`skipped: examples/docker_entrypoint_pattern.ts, ${skip}`);

const ROLES = ["container0", "container1", "container2"];

for (const copy of [false, true]) {
  const how = copy ? "copied" : "mounted";
  Deno.test({
    name: `examples/docker_entrypoint_pattern.ts: roles with the script and deno ${how}`,
    ignore: skip !== undefined,
    fn: async () => {
      await using logs = await tempDirectory();
      const { code, stdout, stderr } = await runExample("docker_entrypoint_pattern", {
        args: ["--image", reference!, "--logs", logs.path, ...copy ? ["--copy"] : []],
        timeoutMs: 280_000,
      });
      assert.equal(code, 0, `${stdout}${stderr}`);
      assert.match(stdout, /^container1 {2}\| container0 says hello world$/m);
      assert.match(stderr, /^container2 E\| hello from container2$/m);
      assert.match(stdout, /^everything is done$/m);
      const read = (name: string) => Deno.readTextFile(`${logs.path}/${name}`);
      assert.equal(await read("container1_stdout.log"), "container0 says hello world\n");
      assert.equal(await read("container2_stderr.log"), "hello from container2\n");
      const seen = await Promise.all(ROLES.map((name) => read(`${name}.seen`)));
      assert.match(seen[0]!, /^[0-9a-f-]{36}$/);
      assert.deepEqual(seen, [seen[0], seen[0], seen[0]]);
    },
  });
}

Deno.test({
  name: "examples/docker_entrypoint_pattern.ts: the error of a role is the report's first",
  ignore: skip !== undefined,
  fn: async () => {
    await using logs = await tempDirectory();
    const { code, stdout, stderr } = await runExample("docker_entrypoint_pattern", {
      args: ["--image", reference!, "--logs", logs.path, "--fail"],
    });
    assert.equal(code, 1, `${stdout}${stderr}`);
    const report = stderr.slice(stderr.indexOf("NetworkFailedError"));
    assert.match(report, /^.*"test" failed: container "container1" ended with exit code 1\n/);
    assert.match(report, /The receiver was told to fail\n.*docker_entrypoint_pattern\.ts \d+:\d+/);
    assert.doesNotMatch(report, /container "container[02]" .*ended/);
    assert.match(await Deno.readTextFile(`${logs.path}/container1_stderr.log`), /told to fail/);
  },
});
