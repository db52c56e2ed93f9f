// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

/** A crate with C code comes along where this machine could build it too. */
async function hasZlib(): Promise<boolean> {
  const { code } = await runProgram("pkg-config", ["--exists", "zlib"]).catch(() => ({ code: 1 }));
  return code === 0;
}

Deno.test("real crates: macros, build scripts that ask the compiler, C libraries", {
  ignore: NO_CARGO,
}, async () => {
  const zlib = await hasZlib();
  const crates = ["serde", "serde-derive", "anyhow", "libc", "regex", "syn", "libz-sys"];
  const files = await debianFiles({ packages: crates.map((name) => `librust-${name}-dev`) });
  if (files.root === undefined) {
    console.log(files.skip);
    return;
  }
  const registry = `${files.root}/usr/share/cargo/registry`;
  await using ws = await Workspace.create({
    ".cargo/config.toml":
      `[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "${registry}"\n`,
    "Cargo.toml": `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[workspace]
[dependencies]
serde = { version = "1", features = ["derive"] }
anyhow = "1"
libc = "0.2"
regex = { version = "1", default-features = false, features = ["std"] }
${zlib ? 'libz-sys = { version = "1", default-features = false, features = ["libc"] }' : ""}
`,
    "src/main.rs": `#[derive(serde::Serialize)]
#[allow(dead_code)]
struct Point { x: i32 }
fn main() -> anyhow::Result<()> {
    fn serializable<T: serde::Serialize>(_: &T) -> &'static str { "serializable" }
    let matched = regex::Regex::new("a+")?.is_match("caat");
    println!("{} {matched} {}", serializable(&Point { x: 1 }), unsafe { libc::getpid() } > 0);
    ${zlib ? 'println!("{:?}", unsafe { std::ffi::CStr::from_ptr(libz_sys::zlibVersion()) });' : ""}
    Ok(())
}
`,
  });
  const env: Record<string, string> = zlib ? { RUSTCBUILDX_ADD_APT: "pkg-config,zlib1g-dev" } : {};
  await ws.build(["build"], { env, timeoutMs: 200_000 });
  const app = `${ws.directory}/target/debug/app`;
  assert.match((await runProgram(app, [])).stdout, /^serializable true true\n/);
  const wrapped = await ws.artifacts();
  await ws.clean();
  await ws.build(["build"], { wrapped: false, timeoutMs: 200_000 });
  assert.deepEqual(await ws.artifacts(), wrapped);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env });
  assert.deepEqual(await ws.artifacts(), wrapped);
  const { hits, ran } = await ws.units();
  assert.deepEqual(ran, []);
  assert.ok(hits.length > 20, hits.join());
});
