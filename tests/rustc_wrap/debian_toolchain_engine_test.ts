// gate-timeout: 600 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { cargoOf, engineForImages, webToolchain, whyNot } from "./_debian_toolchains.ts";
import { FIXTURE, Workspace } from "./_workspace.ts";

const root = await webToolchain();
const ignore = await whyNot(root);

Deno.test("Debian's own toolchain compiles in an image of its packages, with plain cargo's bytes", {
  ignore,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await using engine = await engineForImages();
  const options = cargoOf(root, engine);
  const version = await runProgram(root.starter![0]!, [
    ...root.starter!.slice(1),
    ...["/usr/bin/rustc", "--print", "sysroot"],
  ]);
  assert.equal(version.stdout, "/usr\n");
  await ws.build(["build", "--workspace", "--all-targets"], options);
  const { ran } = await ws.units();
  assert.equal(ran.filter((name) => name === "base").length, 2);
  assert.ok(ran.includes("run-app"), ran.join());
  const wrapped = await ws.artifacts();
  assert.match((await runProgram(`${ws.directory}/target/debug/app`, [])).stdout, /^3 42 5 1 2/);
  // Each finds the other's units fresh.
  const again = await ws.build(["build", "-v", "--workspace", "--all-targets"], {
    ...options,
    wrapped: false,
  });
  assert.doesNotMatch(again.stderr, /^ *(?:Dirty|Compiling|Running)/m);
  await ws.clean();
  await ws.build(["build", "--workspace", "--all-targets"], { ...options, wrapped: false });
  assert.deepEqual(await ws.artifacts(), wrapped);
  await ws.build(["test", "--workspace"], options);
  const lints = await ws.build(["clippy", "--workspace"], options);
  assert.match(lints.stderr, /Finished/);
  await ws.write({ "base/src/lib.rs": "pub fn broken() -> u32 { true }\n" });
  const failed = await ws.cargo(["build", "-p", "base"], options);
  assert.equal(failed.code, 101);
  assert.match(failed.stderr, /error\[E0308\]: mismatched types/);
});

Deno.test("other processors are compiled for in images of their own, and what runs here is not", {
  ignore,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await using engine = await engineForImages();
  const targets = [
    ["aarch64-unknown-linux-gnu", /ELF64[^]*AArch64/],
    ["armv7-unknown-linux-gnueabihf", /ELF32[^]*ARM/],
    ["i686-unknown-linux-gnu", /ELF32[^]*80386/],
  ] as const;
  for (const [target, machine] of targets) {
    await ws.forget();
    const options = cargoOf(root, engine);
    await ws.build(["build", "--workspace", "--target", target], options);
    const { stdout } = await runProgram("readelf", [
      "-h",
      `${ws.directory}/target/${target}/debug/app`,
    ]);
    assert.match(stdout, machine);
    assert.match(await ws.trace(), new RegExp(`making the image \\S+ for ${target} `));
    const { ran } = await ws.units();
    // The macro and the compiled build script are those of the first target.
    const own = target === targets[0][0] ? ["build_script_build", "macros"] : [];
    assert.deepEqual(ran, ["app", "base", ...own, "capi", "run-app"].sort());
    const wrapped = await ws.artifacts(`${target}/debug`);
    // Plain cargo has to be told what links.
    const name = target.toUpperCase().replaceAll("-", "_");
    const prefix = {
      aarch64: "aarch64-linux-gnu",
      armv7: "arm-linux-gnueabihf",
      i686: "i686-linux-gnu",
    }[target.split("-")[0]!];
    await Deno.remove(`${ws.directory}/target/${target}`, { recursive: true });
    const plain = cargoOf(root, engine, { [`CARGO_TARGET_${name}_LINKER`]: `${prefix}-gcc` });
    await ws.build(["build", "--workspace", "--target", target], { ...plain, wrapped: false });
    assert.deepEqual(await ws.artifacts(`${target}/debug`), wrapped);
  }
  // The same choice where nothing is compiled in a container.
  const [target] = targets[0];
  await Deno.remove(`${ws.directory}/target/${target}`, { recursive: true });
  const local = cargoOf(root, engine, { RUSTCBUILDX_RUNNER: "local" });
  await ws.build(["build", "--workspace", "--target", target], local);
  await Deno.remove(`${ws.directory}/target/${target}`, { recursive: true });
  const broken = { DOCKER_HOST: "unix:///nope", RUSTCBUILDX_FALLBACK: "infra" };
  await ws.build(["build", "--workspace", "--target", target], cargoOf(root, engine, broken));
});
