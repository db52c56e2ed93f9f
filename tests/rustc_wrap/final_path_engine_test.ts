// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

Deno.test("a build writes the Dockerfile of its programs beside what it makes", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const file = `${ws.root}/final.Dockerfile`;
  const env = { CARGOGREEN_FINAL_PATH: "../final.Dockerfile" };
  // What is in the store already has been seen by nobody, and is made once more.
  await ws.build(["build", "-p", "app"]);
  await ws.clean();
  await ws.forget();
  const written = await ws.build(["build", "-p", "app"], { env });
  assert.deepEqual((await ws.units()).hits, []);
  assert.doesNotMatch(written.stderr, /warning/);
  const text = await Deno.readTextFile(file);
  const built = await runProgram("/usr/bin/docker", [
    ...["build", "--network=none", `--output=${ws.root}/out`, "-"],
  ], { env: { ...ws.env(), DOCKER_BUILDKIT: "1" }, stdin: text, timeoutMs: 200_000 });
  assert.equal(built.code, 0, built.stderr);
  assert.deepEqual(
    await Deno.readFile(`${ws.root}/out/app`),
    await Deno.readFile(`${ws.directory}/target/debug/app`),
  );
  // The second time, everything is known, and the file is the same.
  await Deno.remove(file);
  await Deno.remove(`${ws.directory}/target/debug/deps`, { recursive: true });
  await ws.forget();
  await ws.build(["build", "-p", "app"], { env });
  assert.deepEqual((await ws.units()).ran, []);
  assert.equal(await Deno.readTextFile(file), text);
  // Of one that changes, only that.
  await ws.write({ "app/data.txt": "other NONCE\n" });
  await ws.forget();
  await ws.build(["build", "-p", "app"], { env });
  assert.deepEqual((await ws.units()).ran, ["app"]);
  const changed = await Deno.readTextFile(file);
  assert.notEqual(changed, text);
  assert.equal(changed.split("AS out-base-").length, 2);
});

Deno.test(
  "what cargo had already is told, and libraries and comments are in it where they are asked for",
  {
    ignore: NO_CARGO,
  },
  async () => {
    await using ws = await Workspace.create(FIXTURE);
    const file = `${ws.root}/final.Dockerfile`;
    const env = { CARGOGREEN_FINAL_PATH: file };
    await ws.build(["build", "-p", "app"]);
    await ws.write({ "app/data.txt": "other NONCE\n" });
    const { stderr } = await ws.build(["build", "-p", "app"], { env });
    assert.match(stderr, /final\.Dockerfile has 2 compiled files in it, as lib\w+-[0-9a-f]{16}\./);
    await Deno.remove(file);
    await ws.clean();
    await ws.build(["build", "-p", "base"], { env });
    await assert.rejects(() => Deno.stat(file), Deno.errors.NotFound);
    await ws.clean();
    await ws.build(["build", "-p", "base"], {
      env: { ...env, CARGOGREEN_EXPERIMENT: "finalpathcomments,finalpathnonprimary" },
    });
    const text = await Deno.readTextFile(file);
    assert.match(text, /^# base-[0-9a-f]{16}: base 0\.1\.0, compiled of \d+ files$/m);
    assert.match(
      text,
      /^COPY --from=out-base-[0-9a-f]{16} \["\/files\/(libbase-[0-9a-f]{16}\.rlib)","\/deps\/\1"\]$/m,
    );
  },
);
