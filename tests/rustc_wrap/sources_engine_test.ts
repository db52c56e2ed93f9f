// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const manifest = (name: string, rest = "") =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;

async function appSays(ws: Workspace): Promise<string> {
  return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout.trim();
}

Deno.test("sources of all kinds: members, packages outside, vendored ones, git; texts from above", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n`,
    "TEXT.md": "text NONCE\n",
    "shared/part.rs": "mod inner; pub fn part() -> &'static str { inner::NAME }\n",
    "shared/inner.rs": `pub const NAME: &str = "part";\n`,
    "crates/app/Cargo.toml": manifest(
      "app",
      `[dependencies]\nouter = { path = "../../../outer" }\nvendored = "1"\ngitted = { git = "GIT" }\n`,
    ),
    "crates/app/src/main.rs": `#[path = "../../../shared/part.rs"] mod part;
fn main() {
    println!("{} {} {} {} {}", outer::NAME, vendored::NAME, gitted::NAME, part::part(),
        include_str!("../../../TEXT.md").trim());
}
`,
    "../outer/Cargo.toml": manifest("outer"),
    "../outer/src/lib.rs": `pub const NAME: &str = include_str!("../../beside.txt");\n`,
    "../beside.txt": "outer",
    "../vendor/vendored/Cargo.toml": manifest("vendored").replace("0.1.0", "1.0.0"),
    "../vendor/vendored/src/lib.rs": `pub const NAME: &str = "vendored";\n`,
    "../vendor/vendored/.cargo-checksum.json": `{"files":{},"package":null}`,
    "../gitted/Cargo.toml": manifest("gitted"),
    "../gitted/src/lib.rs": `pub const NAME: &str = include_str!("../name.txt");\n`,
    "../gitted/name.txt": "gitted",
  });
  const git = (...args: string[]) =>
    runProgram("git", ["-c", "user.name=x", "-c", "user.email=x@y", ...args], {
      cwd: `${ws.root}/gitted`,
    });
  await git("init", "-q");
  await git("add", ".");
  await git("commit", "-qm", "x");
  const app = await Deno.readTextFile(`${ws.directory}/crates/app/Cargo.toml`);
  await ws.write({
    "crates/app/Cargo.toml": app.replace("GIT", `file://${ws.root}/gitted`),
    ".cargo/config.toml":
      `[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "${ws.root}/vendor"\n`,
  });
  const env = { CARGO_HOME: `${ws.root}/cargo-home`, CARGO_NET_OFFLINE: "false" };
  await ws.build(["build"], { env });
  assert.match(await appSays(ws), /^outer vendored gitted part text \d+$/);
  assert.deepEqual((await ws.units()).hits, []);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env });
  assert.deepEqual((await ws.units()).ran, []);
  await ws.write({ "TEXT.md": "other\n" });
  await ws.build(["build"], { env });
  assert.match(await appSays(ws), /part other$/);
});

Deno.test("a large workspace is sent in parts, and what was missed is sent after all", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["app"]\n`,
    "app/Cargo.toml": manifest("app"),
    "app/src/main.rs": `const T: &str = include_str!(concat!("..", "/../deep/down/text.txt"));
fn main() { println!("{T}NONCE"); }
`,
    "deep/down/text.txt": "deep",
  });
  await Deno.writeFile(`${ws.directory}/large.bin`, new Uint8Array(9e6));
  await ws.build(["build"]);
  assert.match(await appSays(ws), /^deep\d+$/);
  assert.match(await ws.trace(), /again with \S*deep\/down\/text\.txt/);
});

Deno.test("what is no input of a crate starts nothing; what its code includes does", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": manifest("app", "[workspace]\n"),
    "src/main.rs": `fn main() { println!("{}", include_str!("../data.txt")); }\n`,
    "data.txt": "NONCE",
    "README.md": "one",
  });
  await ws.build(["build"]);
  await ws.clean();
  await ws.forget();
  await ws.write({ "README.md": "two" });
  await ws.build(["build"]);
  assert.deepEqual(await ws.units(), { hits: ["app"], ran: [], cached: [] });
  await ws.write({ "data.txt": "other NONCE" });
  await ws.build(["build"]);
  assert.deepEqual((await ws.units()).ran, ["app"]);
  assert.match(await appSays(ws), /^other \d+$/);
});

Deno.test(
  "a crate that reads files through a macro is compiled again when one changes, comes or goes",
  {
    ignore: NO_CARGO,
  },
  async () => {
    await using ws = await Workspace.create({
      ...FIXTURE,
      "macros/src/lib.rs": `extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn text(_: TokenStream) -> TokenStream {
    let dir = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let mut all: Vec<String> = std::fs::read_dir(format!("{dir}/sql")).unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    all.sort();
    format!("{:?}", all.join(";")).parse().unwrap()
}
`,
      "app/src/main.rs": `fn main() { println!("{}", macros::text!()); }\n`,
      "app/sql/a.sql": "select NONCE",
    });
    await ws.build(["build"]);
    await ws.write({ "app/sql/a.sql": "select other" });
    await ws.clean();
    await ws.build(["build"]);
    assert.equal(await appSays(ws), "select other");
    // A file that is new has no content that could have changed.
    await ws.write({ "app/sql/b.sql": "select two" });
    await ws.clean();
    await ws.build(["build"]);
    assert.equal(await appSays(ws), "select other;select two");
    await Deno.remove(`${ws.directory}/app/sql/a.sql`);
    await ws.clean();
    await ws.build(["build"]);
    assert.equal(await appSays(ws), "select two");
    await ws.clean();
    await ws.forget();
    await ws.build(["build"]);
    assert.deepEqual((await ws.units()).ran, []);
  },
);

Deno.test("whatever depends on a crate whose bytes are the same again is not compiled", {
  ignore: NO_CARGO,
}, async () => {
  const chain = (name: string, next: string) => ({
    [`${name}/Cargo.toml`]: manifest(name, `[dependencies]\n${next} = { path = "../${next}" }\n`),
    [`${name}/src/lib.rs`]: `pub fn f() -> u32 { ${next}::f() + 1 }\n`,
  });
  await using ws = await Workspace.create({
    "Cargo.toml":
      `[workspace]\nresolver = "2"\nmembers = ["c", "b", "a"]\n[profile.dev]\ndebug = 0\n`,
    ...chain("c", "b"),
    ...chain("b", "a"),
    "a/Cargo.toml": manifest("a"),
    "a/src/lib.rs": "pub fn f() -> u32 { NONCE }\n",
    "a/build.rs": `fn main() { println!("cargo::rustc-env=UNUSED=1"); }\n`,
  });
  await ws.build(["build"]);
  await ws.forget();
  await ws.write({ "a/build.rs": `fn main() { println!("cargo::rustc-env=UNUSED=2"); }\n` });
  await ws.build(["build"]);
  const { hits, ran } = await ws.units();
  assert.deepEqual(hits, ["b", "c"]);
  assert.deepEqual(ran, ["a", "build_script_build", "run-a"]);
});

Deno.test("the tree of the user stays as it is, and what is not source is not sent", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({ ...FIXTURE, ".dockerignore": "app\n*.rs\n" });
  await ws.build(["build"], { wrapped: false });
  await Deno.writeFile(`${ws.directory}/target/large.bin`, new Uint8Array(50e6));
  await Deno.mkdir(`${ws.directory}/.git`);
  await Deno.writeFile(`${ws.directory}/.git/large`, new Uint8Array(20e6));
  await ws.write({ "app/data.txt": "other NONCE" });
  const tree = async () =>
    (await runProgram("find", [
      ws.directory,
      "-path",
      "*/target",
      "-prune",
      "-o",
      "-printf",
      "%p %T@ %m %s\n",
    ])).stdout.split("\n").sort();
  const before = await tree();
  await ws.build(["build"]);
  assert.deepEqual(await tree(), before);
  const sent = [...(await ws.trace()).matchAll(/ app-\S+: ran, .*?(\d+) bytes sent/g)];
  assert.equal(sent.length, 1);
  assert.ok(Number(sent[0]![1]) < 1e6, sent[0]![0]);
});

Deno.test("a git dependency has the files of its submodules", { ignore: NO_CARGO }, async () => {
  await using ws = await Workspace.create({
    "../inner/name.txt": "inner NONCE",
    "../outer/Cargo.toml": manifest("outer"),
    "../outer/src/lib.rs": `pub const NAME: &str = include_str!("../inner/name.txt");\n`,
    "Cargo.toml": "",
    "src/main.rs": `fn main() { println!("{}", outer::NAME); }\n`,
  });
  const git = async (directory: string, ...args: string[]) => {
    const { code, stderr } = await runProgram("git", [
      ...["-c", "user.name=x", "-c", "user.email=x@y", "-c", "protocol.file.allow=always"],
      ...args,
    ], { cwd: `${ws.root}/${directory}` });
    assert.equal(code, 0, stderr);
  };
  for (const name of ["inner", "outer"]) {
    await git(name, "init", "-q");
    if (name === "outer") {
      await git(name, "submodule", "--quiet", "add", `file://${ws.root}/inner`, "inner");
    }
    await git(name, "add", ".");
    await git(name, "commit", "-qm", "x");
  }
  await ws.write({
    "Cargo.toml": manifest("app", `[dependencies]\nouter = { git = "file://${ws.root}/outer" }\n`),
  });
  const env = { CARGO_HOME: `${ws.root}/cargo-home`, CARGO_NET_OFFLINE: "false" };
  await ws.build(["build"], { env });
  assert.deepEqual((await ws.units()).ran, ["app", "outer"]);
  assert.match(await appSays(ws), /^inner \d+$/);
});
