// gate-timeout: 200 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { runProgram, superorch } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

Deno.test("lines of a Dockerfile are added to the image, and what they make is there", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `[package]
name = "one"
version = "0.1.0"
edition = "2021"
[package.metadata.green]
base-image-inline = "RUN echo from-the-stage-NONCE >/etc/added"
`,
    "build.rs":
      `fn main() { println!("cargo::rustc-env=ADDED={}", std::fs::read_to_string("/etc/added").unwrap().trim()); }\n`,
    "src/main.rs": `fn main() { println!("{}", env!("ADDED")); }\n`,
  });
  const pulled = await superorch(["rustc-wrap", "pull"], {
    cwd: ws.directory,
    env: ws.env({ wrapped: false }),
    timeoutMs: 120_000,
  });
  assert.equal(pulled.code, 0, pulled.stderr);
  const image = pulled.stdout.trim();
  assert.match(image, /^superorch\/rustc-base:d[0-9a-f]{16}$/);
  await using engine = await connectEngine();
  try {
    await ws.build(["build"]);
    const { stdout } = await runProgram(`${ws.directory}/target/debug/one`, []);
    assert.match(stdout, /^from-the-stage-\d+\n$/);
  } finally {
    await engine.images.remove(image);
  }
});
