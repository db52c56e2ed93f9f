// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const CRATES = ["serde", "serde-derive", "anyhow", "libc", "regex", "syn", "lua52-sys"];

/** What cargo looks for, all in all. */
const NEEDED = [
  ...["quote", "proc-macro2", "unicode-ident", "anyhow", "backtrace"],
  ...["lua52-sys", "cc", "pkg-config", "libc"],
];

const manifest = (name: string, rest = "") =>
  `[package]\nname = "${name}"\nversion = "0.3.0"\nedition = "2021"\n${rest}`;

/** A program with C code, with or without debug information, and something from git. */
function programWith(repository: string, debug: boolean): Readonly<Record<string, string>> {
  return {
    "Cargo.toml": manifest(
      "app",
      `[workspace]\n[dependencies]\nanyhow = "1"\nquote = "1"\nlua52-sys = "0.1"\n` +
        `gitted = { git = "file://${repository}" }\n` +
        `[profile.dev.package.lua52-sys]\ndebug = ${debug}\n`,
    ),
    "src/main.rs": `extern "C" { fn luaL_newstate() -> *mut lua52_sys::lua_State; }
fn main() -> anyhow::Result<()> {
    let top = unsafe {
        let lua = luaL_newstate();
        lua52_sys::lua_pushinteger(lua, 7);
        lua52_sys::lua_tointegerx(lua, -1, std::ptr::null_mut())
    };
    println!("{top} {} {}", quote::quote!(a + b), gitted::here());
    Ok(())
}
`,
  };
}

async function makeRepository(directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/src`, { recursive: true });
  await Deno.writeTextFile(`${directory}/Cargo.toml`, manifest("gitted"));
  const text = `pub fn here() -> &'static str { file!() } // ${crypto.randomUUID()}\n`;
  await Deno.writeTextFile(`${directory}/src/lib.rs`, text);
  for (const words of [["init", "-q"], ["add", "."], ["commit", "-qm", "x"]]) {
    const as = ["-c", "user.name=x", "-c", "user.email=x@y"];
    const { code, stderr } = await runProgram("git", [...as, ...words], { cwd: directory });
    assert.equal(code, 0, stderr);
  }
}

/** One workspace and store for two users, each with the crates in a directory of their own. */
class Users implements AsyncDisposable {
  readonly workspace: Workspace;
  readonly #crates: readonly string[];

  private constructor(workspace: Workspace, crates: readonly string[]) {
    this.workspace = workspace;
    this.#crates = crates;
  }

  /** Or why there are none. */
  static async create(): Promise<Users | string> {
    const files = await debianFiles({ packages: CRATES.map((name) => `librust-${name}-dev`) });
    if (files.root === undefined) return files.skip;
    const registry = `${files.root}/usr/share/cargo/registry`;
    const crates = [...Deno.readDirSync(registry)].map(({ name }) => `${registry}/${name}`)
      .filter((path) => NEEDED.includes(path.replace(/^.*\/|-[\d.]+$/g, "")));
    return new Users(await Workspace.create({}), crates);
  }

  /** Builds a program, and says what became of its units and what it prints. */
  async build(user: string, program: Readonly<Record<string, string>>) {
    const { root } = this.workspace;
    const directory = `${root}/${user}/project`;
    const config = `[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "../vendor"\n`;
    for (const [path, text] of Object.entries({ ...program, ".cargo/config.toml": config })) {
      const file = `${directory}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    const vendor = `${root}/${user}/vendor`;
    await Deno.mkdir(vendor);
    const copied = await runProgram("cp", ["-a", ...this.#crates, vendor]);
    assert.equal(copied.code, 0, copied.stderr);
    await this.workspace.forget();
    await this.workspace.build(["build"], {
      cwd: directory,
      env: {
        CARGOGREEN_REMAP: "1",
        CARGO_HOME: `${root}/${user}/home`,
        CARGO_NET_OFFLINE: "false",
      },
      timeoutMs: 200_000,
    });
    const { stdout } = await runProgram(`${directory}/target/debug/app`, []);
    return { ...await this.workspace.units(), stdout };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workspace[Symbol.asyncDispose]();
  }
}

Deno.test("real crates of another user are not compiled again, but for C code with debug paths", {
  ignore: NO_CARGO || await isMissing("git"),
}, async () => {
  const made = await Users.create();
  if (typeof made === "string") return console.log(made);
  await using users = made;
  const repository = `${users.workspace.root}/gitted`;
  await makeRepository(repository);
  const first = await users.build("one", programWith(repository, true));
  assert.deepEqual(first.hits, []);
  assert.match(first.stdout, /^7 a \+ b \/rustc-wrap\/cargo\/git\/checkouts\/\S+\/src\/lib\.rs\n$/);
  const second = await users.build("another/place", programWith(repository, true));
  // Objects of C with debug information have paths in them, and so what they are linked into.
  const withPaths = ["app", "lua52_sys", "run-lua52-sys"];
  assert.deepEqual([...second.ran, ...second.cached].sort(), withPaths);
  assert.equal(second.hits.length, first.ran.length + first.cached.length - withPaths.length);
  assert.equal(second.stdout, first.stdout);
  await users.build("third", programWith(repository, false));
  const last = await users.build("fourth/place", programWith(repository, false));
  assert.deepEqual([last.ran, last.cached, last.stdout], [[], [], first.stdout]);
});

async function isMissing(program: string): Promise<boolean> {
  const { code } = await runProgram(program, ["--version"]).catch(() => ({ code: 1 }));
  return code !== 0;
}
