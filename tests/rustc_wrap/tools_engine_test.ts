// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { engineForImages, hostOf, whyNot } from "./_debian_toolchains.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const mold = NO_CARGO ? { skip: "no cargo here" } : await debianFiles({ packages: ["mold"] });
const ignore = NO_CARGO || await whyNot();

const BUILD_ID = "c0ffee".repeat(6) + "c0ff";

/** What has linked a program. */
async function linkersOf(program: string): Promise<string> {
  return (await runProgram("readelf", ["-p", ".comment", program])).stdout;
}

Deno.test("a linker that is in no package comes along, with what it loads, by its content", {
  ignore: ignore || await whyNot(mold),
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await using engine = await engineForImages();
  const tools = `${ws.root}/tools/bin`;
  await Deno.mkdir(tools, { recursive: true });
  await Deno.copyFile(`${mold.root}/usr/bin/mold`, `${tools}/mold`);
  // GCC looks for it under this name, in PATH.
  await Deno.symlink("mold", `${tools}/ld.mold`);
  const env = {
    ...hostOf(engine),
    PATH: `${tools}:${Deno.env.get("PATH")}`,
    RUSTFLAGS: "-C link-arg=-fuse-ld=mold",
  };
  const app = `${ws.directory}/target/debug/app`;
  await ws.build(["build", "--workspace"], { env });
  assert.match(await linkersOf(app), /mold/);
  assert.match(await ws.trace(), /making the image .* with ld\.mold/);
  const wrapped = await ws.artifacts();
  await ws.clean();
  await ws.build(["build", "--workspace"], { env, wrapped: false });
  assert.deepEqual(await ws.artifacts(), wrapped);
  // All from the store, until the linker is another one.
  await ws.clean();
  await ws.forget();
  await ws.build(["build", "--workspace"], { env });
  assert.deepEqual((await ws.units()).ran, []);
  await Deno.writeFile(`${tools}/mold`, new TextEncoder().encode("\n"), { append: true });
  await ws.clean();
  await ws.forget();
  await ws.build(["build", "--workspace"], { env });
  assert.ok((await ws.units()).ran.includes("app"));
  assert.deepEqual(await ws.artifacts(), wrapped);
});

Deno.test(
  "a script that links comes along by its path, and one that is missing is rustc's affair",
  {
    ignore,
  },
  async () => {
    await using ws = await Workspace.create(FIXTURE);
    await using engine = await engineForImages();
    const script = `${ws.root}/tools/my-linker`;
    await Deno.mkdir(`${ws.root}/tools`);
    await Deno.writeTextFile(
      script,
      `#!/bin/sh\nexec cc -Wl,--build-id=0x${BUILD_ID} "$@"\n`,
      {
        mode: 0o755,
      },
    );
    const variable = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER";
    const env = { [variable]: script, ...hostOf(engine) };
    const app = `${ws.directory}/target/debug/app`;
    await ws.build(["build", "--workspace"], { env });
    assert.match(
      (await runProgram("readelf", ["-n", app])).stdout,
      new RegExp(`Build ID: ${BUILD_ID}`),
    );
    await ws.clean();
    const missing = { ...env, [variable]: `${ws.root}/nowhere`, RUSTCBUILDX_FALLBACK: "infra" };
    const { code, stderr } = await ws.cargo(["build", "-p", "app"], { env: missing });
    assert.equal(code, 101);
    assert.match(stderr, /linker `[^`]*\/nowhere` not found/);
  },
);

Deno.test("components of the toolchain come along for build scripts that start them", {
  ignore,
}, async () => {
  await using ws = await Workspace.create({
    ...FIXTURE,
    "app/build.rs": `use std::process::Command;
fn main() {
    for program in ["rustfmt", "cargo"] {
        let output = Command::new(program).arg("--version").output();
        let text = output.map(|o| String::from_utf8(o.stdout).unwrap()).unwrap_or("none".into());
        println!("cargo::rustc-env={}={} NONCE", program.to_uppercase(), text.trim());
    }
}
`,
    "app/src/main.rs": `fn main() { println!("{} | {}", env!("RUSTFMT"), env!("CARGO")); }\n`,
  });
  await using engine = await engineForImages();
  const said = async (env: Record<string, string>) => {
    await ws.build(["build", "-p", "app"], { env: { ...env, ...hostOf(engine) } });
    return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout;
  };
  await ws.write({
    "app/src/main.rs": `fn main() { println!("{}", env!("RUSTFMT")); }\n`,
  });
  assert.match(await said({}), /^none \d+\n$/);
  await ws.clean();
  assert.match(await said({ RUSTCBUILDX_COMPONENTS: "rustfmt,cargo" }), /^rustfmt \d.* \d+\n$/);
  await ws.clean();
  const { code, stderr } = await ws.cargo(["build", "-p", "base"], {
    env: { RUSTCBUILDX_COMPONENTS: "nonesuch", ...hostOf(engine) },
  });
  assert.equal(code, 101);
  assert.match(stderr, /the component "nonesuch" .* does not have it/);
});
