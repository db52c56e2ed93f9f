// gate-timeout: 240 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { superorch } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const ONE = {
  "Cargo.toml": `[package]\nname = "one"\nversion = "0.1.0"\nedition = "2021"\n`,
  "src/main.rs": `fn main() { println!("NONCE"); }\n`,
};

Deno.test("what compiles is wrapped under all of its names, and everything else is cargo's alone", async () => {
  await using ws = await Workspace.create(ONE);
  // Says what it was given.
  await Deno.writeTextFile(
    `${ws.root}/bin/cargo`,
    '#!/bin/sh\necho "${RUSTC_WRAPPER:-plain} $*"\n',
    { mode: 0o755 },
  );
  const env = {
    ...ws.env({ wrapped: false }),
    PATH: `${ws.root}/bin:${Deno.env.get("PATH")}`,
    CARGO: "",
    CARGOGREEN_RUNNER: "local",
  };
  const green = async (words: readonly string[], more: Record<string, string> = {}) => {
    const options = { cwd: ws.directory, env: { ...env, ...more } };
    const { code, stdout, stderr } = await superorch(["cargo", ...words], options);
    return `${code} ${stdout.trim()}${stderr === "" ? "" : ` (${stderr.trim()})`}`;
  };
  const wrapper = `${ws.root}/cache/bin/rustcbuildx`;
  for (const verb of ["b", "clippy", "fetch", "install", "rustdoc", "t"]) {
    assert.equal(await green([verb, "x"]), `0 ${wrapper} ${verb} x`);
  }
  assert.equal(
    await green(["+nightly", "--color", "never", "-C", "fmt", "build"]),
    `0 ${wrapper} +nightly --color never -C fmt build`,
  );
  const foreign = { RUSTC_WRAPPER: "/usr/bin/sccache" };
  assert.match(await green(["build"], foreign), /^2 .*RUSTC_WRAPPER="\/usr\/bin\/sccache" is set/);
  // Neither another wrapper nor a wrong setting is in the way of what compiles nothing.
  const wrong = { ...foreign, CARGOGREEN_EXPERIMENT: "no-such" };
  assert.equal(await green(["fmt", "--all"], wrong), "0 /usr/bin/sccache fmt --all");
  assert.equal(await green(["--list"]), "0 plain --list");
  assert.equal(await green(["+nightly", "tree"]), "0 plain +nightly tree");
  assert.equal(await green(["--config", "build", "metadata"]), "0 plain --config build metadata");
  assert.match(
    await green(["build"], { CARGOGREEN_EXPERIMENT: "incremental,no-such" }),
    /^2 .*CARGOGREEN_EXPERIMENT="incremental,no-such": items must be of cachebuildkit, /,
  );
});

Deno.test("cargo green supergreen answers with values alone, and knows its settings", async () => {
  await using ws = await Workspace.create(ONE);
  const options = { cwd: ws.directory, env: ws.env({ wrapped: false }) };
  const own = (...words: string[]) => superorch(["cargo", "supergreen", ...words], options);
  const values = await own("env", "CARGOGREEN_REGISTRY_MIRRORS", "RUSTCBUILDX_FALLBACK");
  assert.equal(values.stdout, "mirror.gcr.io,public.ecr.aws/docker\nnever\n");
  const unknown = await own("env", "CARGOGREEN_RUNNER", "CARGOGREEN_NONE");
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /There is no setting CARGOGREEN_NONE/);
  assert.match((await own("env")).stdout, /^CARGOGREEN_INCREMENTAL=0 # default$/m);
  const doc = await own("doc", "BUILDX_BUILDER", "incremental");
  assert.match(
    doc.stdout,
    /^CARGOGREEN_BUILDER RUSTCBUILDX_BUILDER BUILDX_BUILDER\n {4}builder of/,
  );
  assert.match(doc.stdout, /^ {4}in TOML: incremental$/m);
  assert.equal((await own("doc", "NONE")).code, 2);
  const all = await own("doc");
  assert.match(all.stdout, /^CARGOGREEN_SYNTAX_IMAGE RUSTCBUILDX_SYNTAX/m);
  assert.equal((await own("rustc", "-vV")).code, 2);
});

Deno.test("the stage of the compiler is shown, and no engine is asked for it", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const env = { ...ws.env({ wrapped: false }), DOCKER_HOST: "unix:///nope.sock" };
  const show = async (more = {}) =>
    await superorch(["rustc-wrap", "show-rust-base"], {
      cwd: ws.directory,
      env: { ...env, ...more },
    });
  const plain = await show();
  assert.match(
    plain.stdout,
    /^# rustc \d.*\n# superorch\/rustc-base:([0-9a-f]{16}): made of .*\nFROM superorch\/rustc-base:\1 AS rust-base\n$/,
    plain.stderr,
  );
  const image = `docker-image://example.org/rust@sha256:${"0".repeat(64)}`;
  const named = await show({
    CARGOGREEN_BASE_IMAGE: image,
    CARGOGREEN_ADD_APT: "b,a",
    CARGOGREEN_BASE_IMAGE_INLINE: "RUN x",
  });
  assert.match(named.stdout, /^FROM example\.org\/rust@sha256:0{64} AS rust-base$/m, named.stderr);
  assert.match(named.stdout, /apt-get install .* a b /);
  assert.match(named.stdout, /^RUN x$/m);
});

Deno.test("cargo green fetch gets the crates and the image", { ignore: NO_CARGO }, async () => {
  await using ws = await Workspace.create({
    ...ONE,
    "Cargo.toml": `${
      ONE["Cargo.toml"]
    }[package.metadata.green]\nbase-image-inline = "RUN echo NONCE >/etc/fetched"\n`,
  });
  const options = { cwd: ws.directory, env: ws.env({ wrapped: false }), timeoutMs: 120_000 };
  const shown = await superorch(["rustc-wrap", "show-rust-base"], options);
  const image = /^# kept as (\S+)$/m.exec(shown.stdout)?.[1];
  assert.ok(image !== undefined, shown.stdout);
  await using engine = await connectEngine();
  assert.equal(await engine.images.find(image), undefined);
  try {
    const help = await superorch(["cargo", "fetch", "--help"], options);
    assert.equal(help.code, 0);
    assert.equal(await engine.images.find(image), undefined);
    const fetched = await superorch(["cargo", "fetch"], options);
    assert.equal(fetched.code, 0, fetched.stderr);
    assert.ok(await engine.images.find(image) !== undefined);
    assert.ok((await Deno.stat(`${ws.directory}/Cargo.lock`)).isFile);
  } finally {
    if (await engine.images.find(image) !== undefined) await engine.images.remove(image);
  }
});
