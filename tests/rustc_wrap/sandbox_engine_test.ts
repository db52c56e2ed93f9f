// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const NETWORK: Readonly<Record<string, string>> = {
  "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["app", "macros"]\n`,
  "macros/Cargo.toml": FIXTURE["macros/Cargo.toml"]!,
  "macros/src/lib.rs": `extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn interfaces(_: TokenStream) -> TokenStream {
    let text = std::fs::read_to_string("/proc/net/dev").unwrap();
    let names: Vec<&str> = text.lines().skip(2).map(|l| l.trim().split(':').next().unwrap()).collect();
    format!("{:?}", names.join(",")).parse().unwrap()
}
`,
  "app/Cargo.toml":
    `[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nmacros = { path = "../macros" }\n`,
  "app/build.rs": `fn main() {
    let error = std::net::UdpSocket::bind("0.0.0.0:0").unwrap().connect("192.0.2.1:9").unwrap_err();
    println!("cargo::rustc-env=ERRNO={}", error.raw_os_error().unwrap());
}
`,
  "app/src/main.rs":
    `fn main() { println!("{} {} NONCE", env!("ERRNO"), macros::interfaces!()); }\n`,
};

Deno.test(
  "a build script has no network, and neither has a macro",
  { ignore: NO_CARGO },
  async () => {
    await using ws = await Workspace.create(NETWORK);
    await ws.build(["build"]);
    const { stdout } = await runProgram(`${ws.directory}/target/debug/app`, []);
    assert.match(stdout, /^101 lo \d+\n$/); // ENETUNREACH, and no other interface than lo
  },
);

Deno.test("the network is there for those who ask for it, and not when cargo is offline", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    ...NETWORK,
    "app/build.rs": `fn main() { println!("cargo::rustc-env=ERRNO=0"); }`,
  });
  const env = { RUSTCBUILDX_RUNS_ON_NETWORK: "host" };
  await ws.build(["build"], { env });
  const off = await runProgram(`${ws.directory}/target/debug/app`, []);
  assert.match(off.stdout, /^0 lo \d+\n$/);
  await ws.write({ "app/src/main.rs": NETWORK["app/src/main.rs"]! });
  await ws.build(["build"], { env: { ...env, CARGO_NET_OFFLINE: "false" } });
  const on = await runProgram(`${ws.directory}/target/debug/app`, []);
  assert.match(on.stdout, /^0 .*(?:docker0|eth\d|br-)/);
});

Deno.test("a value that only the build script changes compiles its crate again", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await ws.build(["build"]);
  await ws.write({ "app/build.rs": FIXTURE["app/build.rs"]!.replace("A=1", "A=one") });
  await ws.build(["build"]);
  const { stdout } = await runProgram(`${ws.directory}/target/debug/app`, []);
  assert.match(stdout, /^3 42 5 one 2 true hello\n/);
});

Deno.test("a build script that fails says what it has written, and how to run it here", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    "app/build.rs": `fn main() { eprintln!("no luck NONCE"); std::process::exit(3); }`,
  });
  const { code, stderr } = await ws.cargo(["build"]);
  assert.equal(code, 101);
  assert.match(stderr, /exit status: 3/);
  assert.match(stderr, /no luck \d+/);
  assert.match(stderr, /RUSTCBUILDX_BUILD_SCRIPTS=local runs it here/);
});

Deno.test("a build script gets what it says that it looks at, and runs here when that is wanted", {
  ignore: NO_CARGO,
}, async () => {
  const script = `fn main() {
    println!("cargo::rerun-if-env-changed=COLOUR");
    let colour = std::env::var("COLOUR").unwrap_or_default();
    let here = std::path::Path::new("WS/here").exists();
    println!("cargo::rustc-env=SEEN={colour} {here} NONCE");
}
`;
  await using ws = await Workspace.create({
    ...FIXTURE,
    "app/src/main.rs": `fn main() { println!("{}", env!("SEEN")); }\n`,
  });
  await ws.write({ "app/build.rs": script.replace("WS", ws.root) });
  await Deno.writeTextFile(`${ws.root}/here`, "");
  const said = async (env: Record<string, string>) => {
    await ws.build(["build"], { env });
    return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout;
  };
  assert.match(await said({ COLOUR: "red" }), /^red false \d/);
  assert.match(await said({ COLOUR: "blue" }), /^blue false \d/);
  assert.match(await said({ COLOUR: "green", RUSTCBUILDX_BUILD_SCRIPTS: "local" }), /^green true/);
  // Plain cargo runs what the wrapper has compiled.
  await ws.build(["build"], { env: { COLOUR: "white" }, wrapped: false });
  const { stdout } = await runProgram(`${ws.directory}/target/debug/app`, []);
  assert.match(stdout, /^white true/);
});

Deno.test("variables of the caller that the code asks for are passed, and count", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    "app/src/main.rs": `fn main() {
    println!("{} {:?} {:?} NONCE", env!("MUST"), option_env!("MAY"), option_env!("UNSET"));
}
`,
  });
  const said = async (env: Record<string, string>) => {
    await ws.build(["build"], { env });
    return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout;
  };
  assert.match(await said({ MUST: "a", MAY: "it's `b`" }), /^a Some\("it's `b`"\) None/);
  assert.match(await said({ MUST: "c" }), /^c None None/);
  await ws.clean();
  await ws.forget();
  assert.match(await said({ MUST: "a", MAY: "it's `b`" }), /^a Some\("it's `b`"\) None/);
  assert.deepEqual((await ws.units()).ran, []);
  const { code, stderr } = await ws.cargo(["build"], { env: { MAY: "d" } });
  assert.equal(code, 101);
  assert.match(stderr, /environment variable `MUST` not defined at compile time/);
});
