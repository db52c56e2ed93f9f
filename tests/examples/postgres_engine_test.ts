// gate-timeout: 400 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { debianImage } from "../support/debian_image.ts";
import { POSTGRES } from "./_postgres_image.ts";
import { runExample, tempDirectory } from "./_run_example.ts";

await using engine = await connectEngine();
const { reference, skip } = await debianImage(engine, POSTGRES);
if (skip !== undefined) console.log(`skipped: examples/postgres.ts, ${skip}`);

Deno.test({
  name: "examples/postgres.ts: a real database, whose data the second run finds again",
  ignore: skip !== undefined,
  fn: async () => {
    await using data = await tempDirectory();
    for (
      const [env, args, known] of [
        [{}, ["--image", reference!], "1 run"],
        [{ SUPERORCH_POSTGRES_IMAGE: reference! }, [], "2 runs"],
      ] as const
    ) {
      const run = await runExample("postgres", { args: [...args, "--data", data.path], env });
      assert.equal(run.code, 0, `${run.stdout}${run.stderr}`);
      assert.match(run.stdout, /^port_check +\| PostgreSQL answers this machine$/m);
      assert.ok(run.stdout.includes(`\nthe database knows of ${known}\n`), run.stdout);
      assert.match(run.stdout, /^postgres .* exited +0 /m);
    }
    assert.match(await Deno.readTextFile(`${data.path}/15/docker/PG_VERSION`), /^15\n$/);
  },
});
