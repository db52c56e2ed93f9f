// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const CRATES = ["serde", "serde-derive", "anyhow", "libc", "regex", "syn", "lua52-sys"];

/** What cargo looks for, all in all. */
const NEEDED = [
  ...["serde", "serde_derive", "syn", "quote", "proc-macro2", "unicode-ident", "anyhow"],
  ...["lua52-sys", "cc", "pkg-config", "libc", "serde_test", "backtrace"],
];

const PROGRAM = {
  "Cargo.toml": `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[workspace]
[dependencies]
serde = { version = "1", features = ["derive"] }
anyhow = "1"
lua52-sys = "0.1"
`,
  "src/main.rs": `extern "C" { fn luaL_newstate() -> *mut lua52_sys::lua_State; }
#[derive(serde::Serialize)]
#[allow(dead_code)]
struct Point { x: i32 }
fn main() -> anyhow::Result<()> {
    fn serializable<T: serde::Serialize>(_: &T) -> &'static str { "serializable" }
    let top = unsafe {
        let lua = luaL_newstate();
        lua52_sys::lua_pushinteger(lua, 7);
        lua52_sys::lua_tointegerx(lua, -1, std::ptr::null_mut())
    };
    println!("{} {top}", serializable(&Point { x: 1 }));
    Ok(())
}
`,
};

Deno.test("real crates of another user are not compiled again, but for C code with debug paths", {
  ignore: NO_CARGO,
}, async () => {
  const files = await debianFiles({ packages: CRATES.map((name) => `librust-${name}-dev`) });
  if (files.root === undefined) {
    console.log(files.skip);
    return;
  }
  const registry = `${files.root}/usr/share/cargo/registry`;
  const wanted = [...Deno.readDirSync(registry)].map(({ name }) => `${registry}/${name}`)
    .filter((path) => NEEDED.includes(path.replace(/^.*\/|-[\d.]+$/g, "")));
  await using ws = await Workspace.create({});
  const make = async (name: string) => {
    const directory = `${ws.root}/${name}/project`;
    await Deno.mkdir(`${directory}/src`, { recursive: true });
    for (const [path, text] of Object.entries(PROGRAM)) {
      await Deno.writeTextFile(`${directory}/${path}`, text);
    }
    const vendor = `${ws.root}/${name}/vendor`;
    await Deno.mkdir(vendor);
    const copied = await runProgram("cp", ["-a", ...wanted, vendor]);
    assert.equal(copied.code, 0, copied.stderr);
    await Deno.mkdir(`${directory}/.cargo`);
    await Deno.writeTextFile(
      `${directory}/.cargo/config.toml`,
      `[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "../vendor"\n`,
    );
    await ws.forget();
    await ws.build(["build"], {
      cwd: directory,
      env: { CARGOGREEN_REMAP: "1", CARGO_HOME: `${ws.root}/${name}/home` },
      timeoutMs: 200_000,
    });
    const said = await runProgram(`${directory}/target/debug/app`, []);
    assert.equal(said.stdout, "serializable 7\n");
    return await ws.units();
  };
  const first = await make("one");
  assert.deepEqual(first.hits, []);
  const { hits, ran, cached } = await make("another/place");
  // Objects of C with debug information have paths in them, and so what they are linked into.
  assert.deepEqual([...ran, ...cached].sort(), ["app", "lua52_sys", "run-lua52-sys"]);
  assert.equal(hits.length, first.ran.length + first.cached.length - 3);
});
