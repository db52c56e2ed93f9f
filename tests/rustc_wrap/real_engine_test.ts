// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { BuildPair } from "./crater/build_pair.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const CRATES = ["serde", "serde-derive", "anyhow", "libc", "regex", "syn", "lua52-sys"];

/** What other people's crates bring along: macros, build scripts that ask the compiler, C code. */
const PROGRAM = {
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
syn = "1"
lua52-sys = "0.1"
`,
  "src/main.rs": `extern "C" { fn luaL_newstate() -> *mut lua52_sys::lua_State; }
#[derive(serde::Serialize)]
struct Point { never_read: i32 }
fn main() -> anyhow::Result<()> {
    fn serializable<T: serde::Serialize>(_: &T) -> &'static str { "serializable" }
    let matched = regex::Regex::new("a+")?.is_match("caat");
    let ident = syn::parse_str::<syn::Ident>("parsed").map(|ident| ident.to_string())?;
    println!("{} {matched} {ident} {}", serializable(&Point { never_read: 1 }),
        unsafe { libc::getpid() } > 0);
    let top = unsafe {
        let lua = luaL_newstate();
        lua52_sys::lua_pushinteger(lua, 7);
        lua52_sys::lua_tointegerx(lua, -1, std::ptr::null_mut())
    };
    println!("lua {top}");
    let unused = "NONCE";
    Ok(())
}
`,
};

Deno.test("real crates come out as plain cargo has them, byte by byte and word by word", {
  ignore: NO_CARGO,
}, async () => {
  const files = await debianFiles({ packages: CRATES.map((name) => `librust-${name}-dev`) });
  if (files.root === undefined) {
    console.log(files.skip);
    return;
  }
  const registry = `${files.root}/usr/share/cargo/registry`;
  await using ws = await Workspace.create({
    ...PROGRAM,
    ".cargo/config.toml":
      `[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "${registry}"\n`,
  });
  const { DOCKER_HOST } = ws.env();
  const pair = new BuildPair({
    work: ws.root,
    registry,
    wrapper: ws.wrapper,
    env: { DOCKER_HOST: DOCKER_HOST!, RUSTCBUILDX_FALLBACK: "never" },
    timeoutMs: 200_000,
    stored: true,
  });
  const record = await pair.compare("app", "app 0.1.0", ws.directory);
  assert.deepEqual(record.differences, []);
  assert.deepEqual([record.complaint, record.fellBack], [undefined, []]);
  assert.ok(record.ran > 25 && record.units > 20, JSON.stringify(record));
  for (const kind of ["wrapped", "stored"]) {
    const { stdout } = await runProgram(`${ws.root}/target-${kind}/debug/app`, []);
    assert.equal(stdout, "serializable true parsed true\nlua 7\n");
  }
});
