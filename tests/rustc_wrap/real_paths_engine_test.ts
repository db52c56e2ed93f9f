import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const manifest = (name: string, rest = "") =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;

Deno.test("a target directory that is named by a way around comes out as with plain cargo", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create({
    "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["app"]\n`,
    "app/Cargo.toml": manifest("app", `[dependencies]\nuser = { path = "../../user" }\n`),
    "app/src/main.rs": `fn main() { println!("{}", user::TEXT); }\n`,
    "../user/Cargo.toml": manifest("user", `[dependencies]\nmade = { path = "../made" }\n`),
    "../user/build.rs": `fn main() {
    let made = std::env::var("DEP_MADE_ROOT").unwrap();
    println!("cargo::rustc-env=TEXT={}", std::fs::read_to_string(made + "/text").unwrap());
}
`,
    "../user/src/lib.rs": `pub const TEXT: &str = concat!(env!("TEXT"), made::made!());\n`,
    "../made/Cargo.toml": manifest("made", `links = "made"\n`),
    "../made/build.rs": `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/text"), "text").unwrap();
    std::fs::write(format!("{out}/made.rs"), "#[macro_export] macro_rules! made { () => {7} }")
        .unwrap();
    println!("cargo::metadata=root={out}");
}
`,
    "../made/src/lib.rs": `include!(concat!(env!("OUT_DIR"), "/made.rs"));\n`,
  });
  const words = ["build", "--target-dir", "../../else/../where"];
  const options = { cwd: `${ws.directory}/app` };
  const target = `${ws.root}/where`;
  await Deno.mkdir(`${ws.root}/else`);
  await ws.build(words, options);
  assert.equal((await runProgram(`${target}/debug/app`, [])).stdout, "text7\n");
  const wrapped = await ws.artifacts("debug", target);
  await Deno.remove(target, { recursive: true });
  await ws.forget();
  await ws.build(words, options);
  assert.deepEqual((await ws.units()).ran, []);
  assert.deepEqual(await ws.artifacts("debug", target), wrapped);
  await Deno.remove(target, { recursive: true });
  await ws.build(words, { ...options, wrapped: false });
  assert.deepEqual(await ws.artifacts("debug", target), wrapped);
});
