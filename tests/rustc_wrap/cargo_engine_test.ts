// gate-timeout: 240 s
import assert from "node:assert/strict";
import { runProgram, superorch } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const ONE = {
  "Cargo.toml": `[package]
name = "one"
version = "0.1.0"
edition = "2021"
[package.metadata.green]
runner = "local"
`,
  "src/main.rs": `fn main() { println!("NONCE"); }\n`,
};

Deno.test("superorch cargo is cargo with the wrapper and the settings of the package", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const options = { cwd: ws.directory, env: ws.env({ wrapped: false }), timeoutMs: 100_000 };
  const built = await superorch(["cargo", "build"], options);
  assert.equal(built.code, 0, built.stderr);
  assert.match(await ws.trace(), /one-[0-9a-f]{16}: compiled here/);
  await Deno.remove(`${ws.directory}/target`, { recursive: true });
  await ws.forget();
  // From below, with the manifest named.
  const again = await superorch(
    ["cargo", "build", "--manifest-path", `${ws.directory}/Cargo.toml`],
    { ...options, cwd: ws.root },
  );
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual((await ws.units()).hits, ["one"]);
  const failed = await superorch(["cargo", "build", "--no-such-option"], options);
  assert.equal(failed.code, 1);
});

Deno.test("cargo green is the same under cargo's own name for it", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const linked = await superorch(["install-links", `${ws.root}/bin`, "cargo-green"]);
  assert.equal(linked.code, 0, linked.stderr);
  const path = `${ws.root}/bin:${Deno.env.get("PATH")}`;
  const options = {
    cwd: ws.directory,
    env: { ...ws.env({ wrapped: false }), PATH: path },
    timeoutMs: 100_000,
  };
  const built = await runProgram("cargo", ["green", "build"], options);
  assert.equal(built.code, 0, built.stderr);
  assert.match(await ws.trace(), /one-[0-9a-f]{16}: compiled here/);
  const env = await runProgram(
    "cargo",
    ["green", "supergreen", "env", "CARGOGREEN_RUNNER"],
    options,
  );
  assert.equal(env.stdout, "local\n");
});

Deno.test("a wrapper of somebody else, or wrong settings, are told before cargo starts", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const env = ws.env({ wrapped: false });
  const foreign = await superorch(["cargo", "build"], {
    cwd: ws.directory,
    env: { ...env, RUSTC_WRAPPER: "/usr/bin/sccache" },
  });
  assert.equal(foreign.code, 2);
  assert.match(foreign.stderr, /RUSTC_WRAPPER="\/usr\/bin\/sccache" is set/);
  const wrong = await superorch(["cargo", "build"], {
    cwd: ws.directory,
    env: { ...env, CARGOGREEN_NO: "x", CARGOGREEN_RUNNER: "x" },
  });
  assert.equal(wrong.code, 2);
  await assert.rejects(() => Deno.stat(`${ws.directory}/target`), Deno.errors.NotFound);
});

Deno.test("without a directory for results, cargo is wrapped all the same, and nothing is left", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const tmp = `${ws.root}/tmp`;
  await Deno.mkdir(tmp);
  const env = { ...ws.env({ wrapped: false }), TMPDIR: tmp };
  const options = { cwd: ws.directory, timeoutMs: 100_000 };
  const built = await superorch(["cargo", "build"], {
    ...options,
    env: { ...env, CARGOGREEN_CACHE_DIR: "", CARGOGREEN_RUNNER: "local" },
  });
  assert.equal(built.code, 0, built.stderr);
  assert.match(await ws.trace(), /compiled here/);
  assert.deepEqual([...Deno.readDirSync(tmp)].filter(({ name }) => name.startsWith("rustcb")), []);
});
