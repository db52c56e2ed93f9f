import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { runExample } from "./_run_example.ts";

Deno.test("examples/basic_containers.ts shows results, failures, time-outs, mounts and addresses", async () => {
  await using engine = await connectEngine();
  const { code, stdout, stderr } = await runExample("basic_containers", {
    args: [await busyboxImage(engine)],
  });
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout, /^one {2}\| bin$/m);
  assert.match(stderr, /^one E\| ls: \/nonexistent: No such file or directory$/m);
  assert.match(stdout, /Network "basic" did not end within 1000 ms: still waiting for "one"/);
  assert.match(stdout, /^one {2}\| hello from example\.txt$/m);
  assert.match(stdout, /^sleeper is \d+\.\d+\.\d+\.\d+$/m);
});

Deno.test("examples/basic_containers.ts names an image that cannot be had", async () => {
  const { code, stderr } = await runExample("basic_containers", {
    env: { SUPERORCH_IMAGE: "127.0.0.1:9/superorch/missing:1" },
  });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Cannot create container "one" from image "127\.0\.0\.1:9\/superorch\/missing:1"/,
  );
});
