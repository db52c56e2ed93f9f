// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { CARGO, FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

/** What was found in the code, without the order in which cargo started its units. */
function normal(text: string): string {
  return text.split("\n").filter((line) => !/Compiling|Checking|Finished/.test(line)).join("\n");
}

Deno.test(
  "a wrapped build makes the very bytes of a plain one, then everything comes from the store",
  {
    ignore: NO_CARGO,
  },
  async () => {
    await using ws = await Workspace.create(FIXTURE);
    await ws.build(["build", "--all-targets"], { wrapped: false });
    const plain = await ws.artifacts();
    const said = await runProgram(`${ws.directory}/target/debug/app`, []);
    assert.match(said.stdout, /^3 42 5 1 2 true hello\n/);
    await ws.clean();

    await ws.build(["build", "--all-targets"]);
    assert.deepEqual(await ws.artifacts(), plain);
    const first = await ws.units();
    assert.ok(first.ran.includes("base") && first.ran.includes("run-app"), await ws.trace());
    assert.deepEqual(first.hits, []);

    // Nothing is compiled again by whoever comes next.
    for (const wrapped of [true, false]) {
      const { stderr } = await ws.build(["build", "-v", "--all-targets"], { wrapped });
      assert.deepEqual(stderr.match(/^ *(?:Dirty|Compiling|Running)/gm), null, stderr);
    }

    await ws.clean();
    await ws.forget();
    await ws.build(["build", "--all-targets"], { env: { DOCKER_HOST: "unix:///nonexistent" } });
    assert.deepEqual(await ws.artifacts(), plain);
    const second = await ws.units();
    assert.deepEqual([second.ran, second.cached], [[], []]);
    assert.equal(second.hits.length, first.ran.length + first.cached.length);
  },
);

Deno.test("plain first, then wrapped: Fresh; a unit of plain cargo's can be built upon", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await ws.build(["build"], { wrapped: false });
  const { stderr } = await ws.build(["build", "-v"]);
  assert.deepEqual(stderr.match(/^ *(?:Dirty|Compiling|Running)/gm), null, stderr);
  await ws.write({ "app/data.txt": "changed NONCE\n" });
  await ws.build(["build"]);
  const { ran } = await ws.units();
  assert.deepEqual(ran, ["app"]);
  assert.match((await runProgram(`${ws.directory}/target/debug/app`, [])).stdout, /changed \d+/);
});

Deno.test("tests are compiled in the container and run here, with the program that they name", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const { stdout } = await ws.build(["test"]);
  assert.match(stdout, /test tests::adds \.\.\. ok/);
  assert.match(stdout, /test runs \.\.\. ok/);
  const { ran } = await ws.units();
  assert.ok(ran.includes("it"), ran.join());
});

Deno.test("errors and warnings are those of plain cargo, byte by byte, each time", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    "base/src/lib.rs":
      'pub const TEXT: &str = "NONCE";\npub fn add(a: u32, b: u32) -> u32 { let unused = 1; a + b }\npub const DESCRIPTION: &str = "";\n',
  });
  const env = { CARGO_TERM_COLOR: "always" };
  const warned = await ws.build(["build", "-j1"], { wrapped: false, env });
  assert.match(warned.stderr, /unused variable/);
  for (const round of ["it runs", "it comes from the store"]) {
    await ws.clean();
    const { stderr } = await ws.build(["build", "-j1"], { env });
    assert.equal(normal(stderr), normal(warned.stderr), round);
  }
  assert.match((await ws.build(["build"], { env })).stderr, /unused variable/);
  await ws.write({ "app/src/main.rs": 'fn main() { let x: u32 = "NONCE"; }\n' });
  const lines = (text: string) =>
    text.split("\n").filter((line) => line.includes("compiler-message")).sort();
  const plain = await ws.cargo(["build", "--message-format=json"], { wrapped: false });
  await ws.forget();
  const wrapped = await ws.cargo(["build", "--message-format=json"]);
  assert.deepEqual([plain.code, wrapped.code], [101, 101]);
  assert.ok(lines(plain.stdout).length >= 2);
  assert.deepEqual(lines(wrapped.stdout), lines(plain.stdout));
  const human = await ws.cargo(["build"], { wrapped: false });
  const wrappedHuman = await ws.cargo(["build"]);
  // Cargo itself names the process in the end, and that is the wrapper.
  const messages = (text: string) => text.replace(/\nCaused by:[^]*$/, "");
  assert.equal(messages(wrappedHuman.stderr), messages(human.stderr));
});

Deno.test("the compiler's exit code is the wrapper's", { ignore: NO_CARGO }, async () => {
  if ("skip" in CARGO) return;
  await using ws = await Workspace.create({ "lib.rs": 'fn x() -> u32 { "NONCE" }' });
  const words = ["--crate-name", "x", "--crate-type", "lib", "lib.rs", "--out-dir", "out"];
  const run = (program: string, args: readonly string[]) =>
    runProgram(program, args, { cwd: ws.directory, env: ws.env({ wrapped: false }) });
  const direct = await run(CARGO.rustc, words);
  const through = await run(ws.wrapper, [CARGO.rustc, ...words]);
  assert.deepEqual(through, direct);
  assert.equal(direct.code, 1);
});

Deno.test("clippy checks the workspace here, and gives the same lints", {
  ignore: NO_CARGO ||
    (await runProgram("cargo", ["clippy", "--version"]).catch(() => ({ code: 1 }))).code !== 0,
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    "base/src/lib.rs":
      'pub const DESCRIPTION: &str = "";\npub fn add(a: u32, b: u32) -> u32 { return a + b; }\n',
  });
  const plain = await ws.build(["clippy", "-j1"], { wrapped: false });
  await ws.clean();
  const wrapped = await ws.build(["clippy", "-j1"]);
  assert.match(wrapped.stderr, /needless_return/);
  assert.equal(normal(wrapped.stderr), normal(plain.stderr));
});

Deno.test("plans are the same whatever cargo does at once, so that the builder has their results", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const plans = async () => [...(await ws.trace()).matchAll(/plan (\w+)/g)].map(([, id]) => id!);
  await ws.build(["build", "-j1"]);
  const alone = await plans();
  await ws.clean();
  await ws.forget();
  await ws.build(["build", "-j8"], { env: { RUSTCBUILDX_CACHE_DIR: `${ws.root}/cache2` } });
  assert.deepEqual((await plans()).sort(), alone.sort());
  assert.deepEqual((await ws.units()).ran, []);
});
