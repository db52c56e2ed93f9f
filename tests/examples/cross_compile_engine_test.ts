// gate-timeout: 400 s
import assert from "node:assert/strict";
import { runExample, tempDirectory } from "./_run_example.ts";

const MANIFEST = `[package]
name = "greeter"
version = "0.1.0"
edition = "2021"

[features]
loud = []
`;

const MAIN = `fn main() {
    println!("{}", if cfg!(feature = "loud") { "HELLO" } else { "hello" });
}
`;

// An image with cargo has 770 MB, which is too much to make for one test: who has one names it.
const image = Deno.env.get("SUPERORCH_RUST_IMAGE");
if (image === undefined) {
  console.log("skipped: examples/cross_compile.ts, SUPERORCH_RUST_IMAGE names no image with cargo");
}

Deno.test({
  name: "examples/cross_compile.ts compiles in a container and keeps what a second run needs",
  ignore: image === undefined,
  fn: async () => {
    await using directory = await tempDirectory();
    const crate = directory.path;
    await Deno.mkdir(`${crate}/src/bin`, { recursive: true });
    await Deno.writeTextFile(`${crate}/Cargo.toml`, MANIFEST);
    for (const name of ["one", "two"]) {
      await Deno.writeTextFile(`${crate}/src/bin/${name}.rs`, MAIN);
    }
    const options = {
      args: ["--package", crate, "--bin", "one", "--bin", "two", "--feature", "loud"],
      env: { CARGO_HOME: `${crate}/cargo` },
      timeoutMs: 180_000,
    };
    for (const compiles of [true, false]) {
      const { code, stdout, stderr } = await runExample("cross_compile", options);
      assert.equal(code, 0, `${stdout}${stderr}`);
      for (const name of ["one", "two"]) {
        assert.match(stdout, new RegExp(`^${name} +\\| HELLO$`, "m"));
        assert.ok((await Deno.stat(`${crate}/target/isolated/release/${name}`)).isFile);
      }
      assert.equal(/Compiling greeter/.test(stderr), compiles);
    }
  },
});

Deno.test("examples/cross_compile.ts wants to know what to compile", async () => {
  const { code, stderr } = await runExample("cross_compile");
  assert.equal(code, 1);
  assert.match(stderr, /Name at least one binary: --bin NAME/);
});
