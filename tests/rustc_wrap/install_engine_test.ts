// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram, superorch } from "../support/cli.ts";
import { CrateRegistry } from "./_crate_registry.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const manifest = (name: string, rest = "") =>
  `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2021"\n${rest}`;

/** A macro, a library with a build script that makes code and takes a text along. */
async function publishLibraries(registry: CrateRegistry, nonce: string): Promise<void> {
  await registry.publish({
    name: "told-macros",
    version: "1.0.0",
    files: {
      "Cargo.toml": manifest("told-macros", "[lib]\nproc-macro = true\n"),
      "src/lib.rs": `extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn answer(_: TokenStream) -> TokenStream { "42u32".parse().unwrap() }
`,
    },
  });
  await registry.publish({
    name: "told",
    version: "1.0.0",
    deps: [{ name: "told-macros", req: "^1" }],
    files: {
      "Cargo.toml": manifest("told", `[dependencies]\ntold-macros = "1"\n`),
      "build.rs": `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/made.rs"), "pub const MADE: u32 = 5;").unwrap();
    println!("cargo::rustc-env=TOLD_BY=script");
}
`,
      "src/lib.rs": `include!(concat!(env!("OUT_DIR"), "/made.rs"));
pub fn told() -> String {
    format!("{} {MADE} {} {}", told_macros::answer!(), env!("TOLD_BY"),
        include_str!("../text.txt").trim())
}
`,
      "text.txt": `text ${nonce}\n`,
    },
  });
}

const PROGRAM = {
  name: "teller",
  version: "1.0.0",
  files: {
    "Cargo.toml": manifest("teller", `[dependencies]\nTOLD\n`),
    "src/main.rs": `fn main() { println!("teller {}", told::told()); }\n`,
    "src/bin/a-teller.rs": `fn main() { println!("a-teller {}", told::told()); }\n`,
    "src/bin/zz.rs": `fn main() { println!("zz"); }\n`,
  },
};

const NAMES = ["a-teller", "teller", "zz"];

function program(told: string): typeof PROGRAM {
  const { files } = PROGRAM;
  const text = files["Cargo.toml"].replace("TOLD", `told = ${told}`);
  return { ...PROGRAM, files: { ...files, "Cargo.toml": text } };
}

/** A directory that is no package, as one where somebody installs a program. */
async function emptyPlace(config: string): Promise<Workspace> {
  // What is installed does not follow the settings of the directory that one is in.
  return await Workspace.create({ "../cargo-home/config.toml": config, "notes.txt": "mine" });
}

function environment(ws: Workspace, more: Readonly<Record<string, string>> = {}) {
  return ws.env({
    wrapped: false,
    env: { CARGO_HOME: `${ws.root}/cargo-home`, CARGO_NET_OFFLINE: "false", ...more },
  });
}

async function bytesOf(directory: string): Promise<Record<string, Uint8Array>> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  const entries = names.map(async (name) => [name, await Deno.readFile(`${directory}/${name}`)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Writes the Dockerfile, builds it without network, and compares with what cargo installs. */
async function finalIsWhatCargoInstalls(
  ws: Workspace,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = environment(ws, more);
  const options = { cwd: ws.directory, env, timeoutMs: 200_000 };
  const before = [...Deno.readDirSync(ws.directory)].map(({ name }) => name).sort();
  const final = async (file: string) => {
    const written = await superorch(
      ["rustc-wrap", "final", "-o", `${ws.root}/${file}`, "--install", "teller", "--", ...words],
      options,
    );
    assert.equal(written.code, 0, written.stderr);
    assert.match(written.stderr, /Programs: a-teller, teller, zz\n$/);
    return await Deno.readTextFile(`${ws.root}/${file}`);
  };
  const text = await final("final.Dockerfile");
  assert.equal(await final("again.Dockerfile"), text);
  // It was built somewhere else, and nothing is left of that.
  assert.deepEqual([...Deno.readDirSync(ws.directory)].map(({ name }) => name).sort(), before);
  const built = await runProgram("/usr/bin/docker", [
    ...["build", "--network=none", `--output=${ws.root}/out`, "-"],
  ], { env: { ...env, DOCKER_BUILDKIT: "1" }, stdin: text, timeoutMs: 200_000 });
  assert.equal(built.code, 0, built.stderr);
  const outputs = await bytesOf(`${ws.root}/out`);
  assert.deepEqual(Object.keys(outputs), NAMES);
  for (const [name, said] of Object.entries({ teller: /^teller 42 5 script text \d+\n$/ })) {
    assert.match((await runProgram(`${ws.root}/out/${name}`, [])).stdout, said);
  }
  for (const [kind, wrapper] of [["plain", ""], ["wrapped", ws.wrapper]] as const) {
    const target = `${ws.directory}/target/rustc-wrap-final`;
    const installed = await runProgram("cargo", [
      ...["install", "teller", "--root", `${ws.root}/${kind}`, "--target-dir", target, ...words],
    ], { ...options, env: { ...env, RUSTC_WRAPPER: wrapper } });
    assert.equal(installed.code, 0, installed.stderr);
    assert.deepEqual(await bytesOf(`${ws.root}/${kind}/bin`), outputs, kind);
    await Deno.remove(`${ws.directory}/target`, { recursive: true });
  }
}

const nonce = () => String(crypto.getRandomValues(new Uint32Array(1))[0]);

Deno.test("final --install writes what cargo install makes of a crate of crates.io", {
  ignore: NO_CARGO,
}, async () => {
  // Where crates.io is replaced, everything but the address is as it is there.
  await using registry = await CrateRegistry.start();
  await publishLibraries(registry, nonce());
  await registry.publish({ ...program(`"1"`), deps: [{ name: "told", req: "^1" }] });
  await using ws = await emptyPlace(
    `[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "${registry.index}"\n`,
  );
  await finalIsWhatCargoInstalls(ws, []);
  assert.ok(registry.served.includes("/crates/told-macros-1.0.0.crate"), registry.served.join());
});

Deno.test("final --install takes other registries and their tokens, which nobody is told", {
  ignore: NO_CARGO,
}, async () => {
  const token = `secret-${nonce()}`;
  await using mine = await CrateRegistry.start(token);
  await using theirs = await CrateRegistry.start();
  await publishLibraries(theirs, nonce());
  await mine.publish({
    ...program(`{ version = "1", registry = "theirs" }`),
    deps: [{ name: "told", req: "^1", registry: theirs.index }],
  });
  await using ws = await emptyPlace(`[registries.mine]
index = "${mine.index}"
credential-provider = "cargo:token"
[registries.theirs]
index = "${theirs.index}"
`);
  const more = { CARGO_REGISTRIES_MINE_TOKEN: token };
  await finalIsWhatCargoInstalls(ws, ["--registry", "mine"], more);
  assert.ok(mine.served.includes("/crates/teller-1.0.0.crate"), mine.served.join());
  assert.ok(!(await Deno.readTextFile(`${ws.root}/final.Dockerfile`)).includes(token));
});

Deno.test("final --install takes a repository with dependencies in others", {
  ignore: NO_CARGO,
}, async () => {
  await using registry = await CrateRegistry.start();
  await publishLibraries(registry, nonce());
  await using ws = await emptyPlace(
    `[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "${registry.index}"\n`,
  );
  const repository = async (name: string, files: Readonly<Record<string, string>>) => {
    const cwd = `${ws.root}/repositories/${name}`;
    await ws.write(Object.fromEntries(
      Object.entries(files).map(([path, text]) => [`../repositories/${name}/${path}`, text]),
    ));
    for (
      const words of [["init", "-q"], ["add", "."], [
        ...["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"],
      ]]
    ) {
      const { code, stderr } = await runProgram("git", words, { cwd });
      assert.equal(code, 0, stderr);
    }
    return `file://${cwd}`;
  };
  const told = await repository("told", {
    "Cargo.toml": `[workspace]\nmembers = ["in/told"]\nresolver = "2"\n`,
    "in/told/Cargo.toml": manifest("told", `[dependencies]\ntold-macros = "1"\n`),
    "in/told/src/lib.rs": `pub fn told() -> String {
    format!("{} 5 script {}", told_macros::answer!(), include_str!("../../../text.txt").trim())
}
`,
    "text.txt": "text NONCE\n",
  });
  const teller = await repository("teller", program(`{ git = "${told}" }`).files);
  await finalIsWhatCargoInstalls(ws, ["--git", teller]);
});

Deno.test("neither code nor a build script gets cargo's password for a registry", {
  ignore: NO_CARGO,
}, async () => {
  const token = `secret-${nonce()}`;
  const names = ["CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_MY_OWN_TOKEN"];
  await using ws = await Workspace.create({
    "Cargo.toml": manifest("app", "[workspace]\n"),
    "build.rs": `fn main() {
    for name in ${JSON.stringify(names)} {
        println!("cargo::rerun-if-env-changed={name}");
        println!("cargo::rustc-env=SEEN_{name}={:?}", std::env::var(name));
    }
}
`,
    "src/main.rs": `fn main() {
    println!("NONCE ${names.map((name) => `{:?} ${`{}`} (${name})`).join(" ")}", ${
      names.map((name) => `option_env!("${name}"), env!("SEEN_${name}")`).join(", ")
    });
}
`,
  });
  const env = Object.fromEntries(names.map((name) => [name, token]));
  await ws.build(["build"], { env });
  const { stdout } = await runProgram(`${ws.directory}/target/debug/app`, []);
  assert.equal(stdout.match(/None Err\(NotPresent\)/g)?.length, 2, stdout);
  const { stdout: places } = await runProgram("grep", ["-rl", token, `${ws.root}/cache`]);
  assert.equal(places, "");
});
