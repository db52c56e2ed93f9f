// gate-timeout: 400 s
import assert from "node:assert/strict";
import { buildxFiles, writeBuildxClient } from "./_buildx_client.ts";
import { sameAsPlain } from "./_same_as_plain.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const buildx = await buildxFiles();
if (buildx.skip !== undefined) console.log(`no buildx here: ${buildx.skip}`);

Deno.test("buildx makes the files of plain cargo, with words that it and the engine know", {
  ignore: NO_CARGO || buildx.skip !== undefined,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const client = await writeBuildxClient(buildx.root!, `${ws.root}/client`);
  await sameAsPlain(ws, { ...client.env, BUILDX_BUILDER: "" });
  const calls = await client.calls();
  const builds = calls.filter((line) => /^buildx build (?!--help)/.test(line));
  for (const line of builds) {
    assert.match(
      line,
      /^buildx build --progress=plain --network=none --target=out-\S+ -f Dockerfile(?: --no-cache)?(?: --build-arg=\S+)? --output=type=tar,dest=- -$/,
    );
  }
  assert.ok(builds.length >= 6, calls.join("\n"));
  // Nobody makes a builder where that of the engine is wanted.
  assert.deepEqual(calls.filter((line) => /^buildx (?:create|rm)/.test(line)), []);
});
