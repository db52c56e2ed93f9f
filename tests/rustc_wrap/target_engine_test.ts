// gate-timeout: 600 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianImage } from "../support/debian_image.ts";
import { cargoOf, engineForImages, hostOf, oldToolchain, whyNot } from "./_debian_toolchains.ts";
import { CARGO, FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const root = await oldToolchain();

Deno.test("programs for Windows and WebAssembly are linked in images of their own", {
  ignore: await whyNot(root),
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    // This compiler is older than the newer spelling.
    "app/build.rs": FIXTURE["app/build.rs"]!.replaceAll("cargo::", "cargo:"),
  });
  await using engine = await engineForImages();
  const targets = [
    ["x86_64-pc-windows-gnu", "app.exe", [0x4d, 0x5a]],
    ["wasm32-unknown-unknown", "app.wasm", [0, 0x61, 0x73, 0x6d]],
  ] as const;
  for (const [target, file, magic] of targets) {
    await ws.forget();
    await ws.build(["build", "--workspace", "--target", target], cargoOf(root, engine));
    const path = `${ws.directory}/target/${target}/debug/${file}`;
    assert.deepEqual([...(await Deno.readFile(path)).subarray(0, magic.length)], [...magic]);
    const { ran } = await ws.units();
    assert.ok(ran.includes("app") && ran.includes("run-app"), ran.join());
  }
});

const BUILD_ID = "c0ffee".repeat(6) + "c0ff";
const TRIPLE = "aarch64-unknown-linux-gnu";

/** As the images of `cross` are: a linker, a variable that names it, and no Rust. */
const CROSS = {
  name: "cross",
  packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
  script: `printf '#!/bin/sh\\nexec aarch64-linux-gnu-gcc -Wl,--build-id=0x${BUILD_ID} "$@"\\n' ` +
    '>"$1/usr/local/bin/image-linker"; chmod 755 "$1/usr/local/bin/image-linker"',
  changes: ["ENV CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=image-linker"],
};

/**
 * Starts cargo where its toolchain has a directory for the target: what is compiled needs none of
 * the standard library, which cannot be had here.
 */
const WITH_TARGET = `set -e
library="$(dirname "$(dirname "$1")")/lib/rustlib"
shift
scratch="$1"
shift
mkdir -p "$scratch/upper/${TRIPLE}/lib" "$scratch/work"
mount -t overlay overlay -o "lowerdir=$library,upperdir=$scratch/upper,workdir=$scratch/work" "$library"
exec "$@"`;

Deno.test(
  "an image that is named for a target gets this machine's toolchain, and its linker counts",
  {
    ignore: NO_CARGO || await whyNot(),
  },
  async () => {
    await using engine = await engineForImages();
    await using client = await engine.connect();
    const cross = await debianImage(client, CROSS);
    if (cross.skip !== undefined) {
      console.log(cross.skip);
      return;
    }
    await using ws = await Workspace.create({
      "Cargo.toml": `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[package.metadata.green.target.${TRIPLE}]
base-image = "docker-image://${cross.reference}"
[profile.dev]
panic = "abort"
`,
      "build.rs": `fn main() { println!("cargo::rustc-env=SEEN={}",
    std::path::Path::new("/usr/local/bin/image-linker").exists()); }\n`,
      "src/main.rs": `#![feature(no_core, lang_items)]
#![no_core]
#![no_main]
#![allow(internal_features)]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "copy"] pub trait Copy {}
impl Copy for i32 {}
#[link(name = "c")] extern "C" {}
// NONCE
#[no_mangle] pub extern "C" fn main() -> i32 { 7 }
`,
    });
    const scratch = `${ws.root}/overlay`;
    await Deno.mkdir(scratch);
    const rustc = "rustc" in CARGO ? CARGO.rustc : "";
    const options = {
      starter: ["unshare", "-m", "sh", "-c", WITH_TARGET, "sh", rustc, scratch],
      env: { RUSTC_BOOTSTRAP: "1", ...hostOf(engine) },
    };
    await ws.build(["build", "--target", TRIPLE], options);
    const app = `${ws.directory}/target/${TRIPLE}/debug/app`;
    assert.match((await runProgram("readelf", ["-h", app])).stdout, /AArch64/);
    assert.match(
      (await runProgram("readelf", ["-n", app])).stdout,
      new RegExp(`Build ID: ${BUILD_ID}`),
    );
    const { ran } = await ws.units();
    assert.deepEqual(ran, ["app", "build_script_build", "run-app"]);
    // What runs here is compiled in the image of this machine, and runs in that of the target.
    const [output] = [...Deno.readDirSync(`${ws.directory}/target/${TRIPLE}/debug/build`)];
    assert.match(
      await Deno.readTextFile(
        `${ws.directory}/target/${TRIPLE}/debug/build/${output!.name}/output`,
      ),
      /SEEN=true/,
    );
    // Another image is another key.
    await Deno.remove(`${ws.directory}/target/${TRIPLE}`, { recursive: true });
    await ws.forget();
    await ws.build(["build", "--target", TRIPLE], options);
    assert.deepEqual((await ws.units()).ran, []);
    const env = {
      ...options.env,
      CARGOGREEN_TARGET_AARCH64_UNKNOWN_LINUX_GNU_BASE_IMAGE: "docker-image://nonesuch.invalid/x:1",
    };
    await Deno.remove(`${ws.directory}/target/${TRIPLE}`, { recursive: true });
    const failed = await ws.cargo(["build", "--target", TRIPLE], { ...options, env });
    assert.equal(failed.code, 101);
    assert.match(failed.stderr, /Cannot pull nonesuch\.invalid\/x:1/);
  },
);
