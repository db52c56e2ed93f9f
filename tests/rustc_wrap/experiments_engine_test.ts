// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const MANIFEST = `[package]\nname = "one"\nversion = "0.1.0"\nedition = "2021"\n`;

const says = async (ws: Workspace) =>
  (await runProgram(`${ws.directory}/target/debug/one`, [])).stdout.trim();

Deno.test("what rustc has compiled incrementally is there for the next time, and for nobody else", {
  ignore: NO_CARGO,
}, async () => {
  const code = (text: string) =>
    `mod a { pub fn f() -> u32 { 1 } }\nfn main() { println!("${text} {}", a::f()); }\n`;
  await using ws = await Workspace.create({
    "Cargo.toml": MANIFEST,
    "src/main.rs": code("NONCE"),
  });
  const env = {
    CARGO_INCREMENTAL: "1",
    RUSTCBUILDX_INCREMENTAL: "1",
    RUSTCBUILDX_SHARE: "member",
    RUSTCBUILDX_CACHE_TO: `${ws.root}/shared`,
    RUSTCBUILDX_LOG: "trace",
    // So that it tells what it has found.
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: "-Zincremental-info",
  };
  await ws.build(["build"], { env });
  const directory = `${ws.directory}/target/debug/incremental`;
  const [own] = [...Deno.readDirSync(directory)].map(({ name }) => name);
  assert.match(own!, /^one-[0-9a-f]{16}$/);
  const linked = async () =>
    [...(await ws.trace()).matchAll(/session directory: (\d+) files (?:hard-linked|copied)/g)]
      .map(([, count]) => Number(count)).reduce((a, b) => a + b, 0);
  assert.equal(await linked(), 0, await ws.trace());
  await ws.forget();
  await ws.write({ "src/main.rs": code("changed NONCE") });
  await ws.build(["build"], { env });
  assert.ok(await linked() > 0, await ws.trace());
  assert.match(await says(ws), /^changed \d+ 1$/);
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), [own]);
  // Whoever builds without it finds other results, and what came of it is sent nowhere.
  await assert.rejects(() => Deno.stat(`${ws.root}/shared`), Deno.errors.NotFound);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env: { ...env, RUSTCBUILDX_INCREMENTAL: "0" } });
  assert.deepEqual((await ws.units()).hits, []);
});

Deno.test("programs have as many open files as the settings allow", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `${MANIFEST}[package.metadata.green]\nulimit-nofile = "511:1023"\n`,
    "build.rs": `fn main() {
    let run = |limit: &str| String::from_utf8(std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -{limit}n")]).output().unwrap().stdout).unwrap();
    println!("cargo::rustc-env=LIMITS={} {} NONCE", run("S").trim(), run("H").trim());
}
`,
    "src/main.rs": `fn main() { println!("{}", env!("LIMITS")); }\n`,
  });
  await ws.build(["build"]);
  assert.match(await says(ws), /^511 1023 \d+$/);
});

Deno.test("with repro, what is not the same when it is made again is told", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["one", "now", "same"]\n`,
    "now/Cargo.toml": `${MANIFEST.replace("one", "now")}[lib]\nproc-macro = true\n`,
    "now/src/lib.rs": `use std::time::{SystemTime, UNIX_EPOCH};
#[proc_macro] pub fn now(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{time}u128").parse().unwrap()
}
`,
    "same/Cargo.toml": MANIFEST.replace("one", "same"),
    "same/src/lib.rs": `pub const SAME: &str = "NONCE";\n`,
    "one/Cargo.toml": `${MANIFEST}[dependencies]\nnow = { path = "../now" }\n`,
    "one/src/main.rs": `fn main() { println!("{} NONCE", now::now!()); }\n`,
  });
  const { stderr } = await ws.build(["build"], { env: { RUSTCBUILDX_EXPERIMENT: "repro" } });
  const told = stderr.split("\n").filter((line) => line.includes("not the same"));
  assert.equal(told.length, 1, stderr);
  assert.match(
    told[0]!,
    /^warning: rustcbuildx: one-[0-9a-f]{16}: not the same when made again: one-[0-9a-f]{16}$/,
  );
});

Deno.test("a frontend of the settings is asked for, and one that cannot be had is told", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": MANIFEST,
    "src/main.rs": "fn main() {}",
  });
  const { code, stderr } = await ws.cargo(["build"], {
    env: { CARGOGREEN_SYNTAX_IMAGE: "docker-image://docker.io/docker/dockerfile:0-none-such" },
  });
  assert.notEqual(code, 0);
  assert.match(stderr, /Cannot build with BuildKit: .*docker\/dockerfile/);
});
