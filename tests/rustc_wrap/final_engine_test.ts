// gate-timeout: 300 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { runProgram, superorch } from "../support/cli.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const TWO_BINS = {
  ...FIXTURE,
  "app/src/bin/another-one.rs": `fn main() { println!("another {}", base::add(2, 2)); }\n`,
};

Deno.test("final writes one Dockerfile that builds all programs again, without cargo", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(TWO_BINS);
  await using engine = await connectEngine();
  const env = ws.env({ wrapped: false });
  const options = { cwd: ws.directory, env, timeoutMs: 200_000 };
  const write = (file: string, more: readonly string[] = []) =>
    superorch(["rustc-wrap", "final", "-o", file, "-p", "app", ...more], options);
  const written = await write(`${ws.root}/final.Dockerfile`);
  assert.equal(written.code, 0, written.stderr);
  assert.match(written.stderr, /Programs: another-one, app\n$/);
  const text = await Deno.readTextFile(`${ws.root}/final.Dockerfile`);
  const image = `superorch-test-final-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const again = await write(`${ws.root}/again.Dockerfile`, ["--image", image]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await Deno.readTextFile(`${ws.root}/again.Dockerfile`), text);
    const { Config } = await engine.images.inspect(image);
    assert.equal(Config?.Entrypoint ?? null, null);
  } finally {
    await engine.images.remove(image).catch(() => {});
  }
  await assert.rejects(() => Deno.stat(`${ws.directory}/target/rustc-wrap-final`));
  const built = await runProgram("/usr/bin/docker", [
    ...["build", "--network=none", `--output=${ws.root}/out`, "-"],
  ], { env: { ...env, DOCKER_BUILDKIT: "1" }, stdin: text, timeoutMs: 200_000 });
  assert.equal(built.code, 0, built.stderr);
  assert.deepEqual([...Deno.readDirSync(`${ws.root}/out`)].map(({ name }) => name).sort(), [
    "another-one",
    "app",
  ]);
  const { stdout } = await runProgram(`${ws.root}/out/app`, []);
  assert.match(stdout, /^3 42 5 1 2 true hello\n/);
  // Plain cargo makes the same bytes at the same place.
  await ws.build(["build", "--release", "--target-dir", "target/rustc-wrap-final", "-p", "app"], {
    wrapped: false,
  });
  for (const name of ["app", "another-one"]) {
    assert.deepEqual(
      await Deno.readFile(`${ws.root}/out/${name}`),
      await Deno.readFile(`${ws.directory}/target/rustc-wrap-final/release/${name}`),
    );
  }
});

Deno.test("final for a library says that there is no program", { ignore: NO_CARGO }, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const { code, stderr } = await superorch(["rustc-wrap", "final", "-p", "base"], {
    cwd: ws.directory,
    env: ws.env({ wrapped: false }),
    timeoutMs: 100_000,
  });
  assert.equal(code, 2);
  assert.match(stderr, /no program was built/);
});
