import assert from "node:assert/strict";
import { BuildPair } from "./crater/build_pair.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const manifest = (name: string, rest = "") =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`;

/** A library that others' messages point into, and a script that passes on what others say. */
const FILES = {
  "Cargo.toml": manifest("app", `[workspace]\n[dependencies]\nouter = { path = "../outer" }\n`),
  "build.rs": `fn main() {
    let ran = std::process::Command::new("cc").args(["-Wall", "-c", "bad.c", "-o", "/dev/null"])
        .output().unwrap();
    for line in String::from_utf8(ran.stderr).unwrap().lines() {
        println!("cargo::warning={line}");
    }
}
`,
  "bad.c": "static int never_called(void) { return 7; }\n",
  "../outer/Cargo.toml": manifest("outer"),
  "../outer/src/lib.rs": `mod deep;
pub use deep::takes;
#[macro_export] macro_rules! unused { ($e:expr) => { let x = $e; } }
`,
  "../outer/src/deep.rs": "pub fn takes(number: u32) -> u32 { number }\n",
};

const CASES = {
  "warnings in what a macro makes": `fn main() { outer::unused!(5); println!("NONCE"); }\n`,
  "errors about the function of another crate": `fn main() { outer::takes("NONCE"); }\n`,
};

for (const [title, text] of Object.entries(CASES)) {
  for (const LANG of ["C.UTF-8", "C"]) {
    Deno.test(`${title} are told as plain cargo tells them, with LANG=${LANG}`, {
      ignore: NO_CARGO,
    }, async () => {
      await using ws = await Workspace.create({ ...FILES, "src/main.rs": text });
      const { DOCKER_HOST } = ws.env();
      const pair = new BuildPair({
        work: ws.root,
        registry: "",
        wrapper: ws.wrapper,
        env: { DOCKER_HOST: DOCKER_HOST!, RUSTCBUILDX_FALLBACK: "never" },
        everybody: { LANG, LC_ALL: "", LC_CTYPE: "" },
        stored: true,
      });
      const record = await pair.compare("app", "app 0.1.0", ws.directory);
      assert.deepEqual(record.differences, []);
      assert.equal(record.plain.code === 0, title.startsWith("warnings"), record.complaint);
    });
  }
}
