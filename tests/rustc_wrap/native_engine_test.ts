// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const C_CODE: Readonly<Record<string, string>> = {
  "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["app", "seven-sys", "user-sys"]\n`,
  "seven-sys/Cargo.toml":
    `[package]\nname = "seven-sys"\nversion = "0.1.0"\nedition = "2021"\nlinks = "seven"\n`,
  "seven-sys/seven.c": `#include "seven.h"\nint seven(void) { return SEVEN; }\n`,
  "seven-sys/seven.h": `#define SEVEN 7 /* NONCE */\nint seven(void);\n`,
  "seven-sys/build.rs": `use std::process::Command;
fn run(program: &str, args: &[&str]) {
    assert!(Command::new(program).args(args).status().unwrap().success(), "{program}");
}
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::create_dir_all(format!("{out}/include")).unwrap();
    std::fs::create_dir_all(format!("{out}/lib")).unwrap();
    std::fs::copy("seven.h", format!("{out}/include/seven.h")).unwrap();
    run("cc", &["-c", "seven.c", "-o", &format!("{out}/seven.o")]);
    run("ar", &["crsD", &format!("{out}/lib/libseven.a"), &format!("{out}/seven.o")]);
    println!("cargo::rustc-link-search=native={out}/lib");
    println!("cargo::rustc-link-lib=static=seven");
    println!("cargo::metadata=include={out}/include");
    println!("cargo::rerun-if-changed=seven.c");
}
`,
  "seven-sys/src/lib.rs": `extern "C" { pub fn seven() -> i32; }\n`,
  "user-sys/Cargo.toml":
    `[package]\nname = "user-sys"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nseven-sys = { path = "../seven-sys" }\n`,
  "user-sys/build.rs": `fn main() {
    let include = std::env::var("DEP_SEVEN_INCLUDE").unwrap();
    let text = std::fs::read_to_string(format!("{include}/seven.h")).unwrap();
    println!("cargo::rustc-env=HEADER={}", text.lines().next().unwrap());
}
`,
  "user-sys/src/lib.rs":
    `pub const HEADER: &str = env!("HEADER");\npub fn f() -> i32 { unsafe { seven_sys::seven() } }\n`,
  "app/Cargo.toml":
    `[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nuser-sys = { path = "../user-sys" }\n`,
  "app/src/main.rs": `fn main() { println!("{} {}", user_sys::f(), user_sys::HEADER); }\n`,
};

Deno.test("C code is compiled in the container, linked, and found by whoever depends on it", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(C_CODE);
  await ws.build(["build"]);
  const app = `${ws.directory}/target/debug/app`;
  assert.match((await runProgram(app, [])).stdout, /^7 #define SEVEN 7/);
  const wrapped = await ws.artifacts();
  await ws.clean();
  await ws.build(["build"], { wrapped: false });
  assert.deepEqual(await ws.artifacts(), wrapped);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"]);
  assert.deepEqual((await ws.units()).ran, []);
  assert.deepEqual(await ws.artifacts(), wrapped);
  // A header that no script has named: cargo cannot know, and a clean build must.
  await ws.write({ "seven-sys/seven.h": `#define SEVEN 8\nint seven(void);\n` });
  await ws.clean();
  await ws.build(["build"]);
  assert.match((await runProgram(app, [])).stdout, /^8 #define SEVEN 8/);
});

Deno.test("another target directory finds the same results, with its own paths", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await ws.build(["build", "--all-targets"]);
  await ws.forget();
  const env = { CARGO_TARGET_DIR: `${ws.root}/elsewhere` };
  await ws.build(["build", "--all-targets"], { env });
  const { hits, ran } = await ws.units();
  for (const unit of ["base", "capi", "macros"]) assert.ok(hits.includes(unit), `${unit}: ${hits}`);
  // It has the path of the program in it, and that is another one.
  assert.deepEqual(ran, ["it"]);
  const { stderr } = await ws.build(["build", "-v", "--all-targets"], { env, wrapped: false });
  assert.deepEqual(stderr.match(/^ *(?:Dirty|Compiling|Running)/gm), null, stderr);
  const list = await Deno.readTextFile(`${ws.root}/elsewhere/debug/libbase.d`);
  assert.ok(!list.includes(`${ws.directory}/target`), list);
  assert.match((await runProgram(`${ws.root}/elsewhere/debug/app`, [])).stdout, /^3 42 5/);
  const wrapped = await ws.artifacts("debug", `${ws.root}/elsewhere`);
  await Deno.remove(`${ws.root}/elsewhere`, { recursive: true });
  await ws.build(["build", "--all-targets"], { env, wrapped: false });
  assert.deepEqual(await ws.artifacts("debug", `${ws.root}/elsewhere`), wrapped);
});

Deno.test("release builds, link-time optimisation and documentation come out as plain ones do", {
  ignore: NO_CARGO,
}, async () => {
  const profile = "[profile.release]\nlto = true\ncodegen-units = 1\nstrip = true\n";
  await using ws = await Workspace.create({
    ...FIXTURE,
    "Cargo.toml": FIXTURE["Cargo.toml"]! + profile,
  });
  await ws.build(["build", "--release"], { wrapped: false });
  const plain = await ws.artifacts("release");
  await ws.clean();
  await ws.build(["build", "--release"]);
  assert.deepEqual(await ws.artifacts("release"), plain);
  await ws.build(["doc", "-p", "app"]);
  await Deno.stat(`${ws.directory}/target/doc/app/index.html`);
});
