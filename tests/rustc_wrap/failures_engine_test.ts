// gate-timeout: 300 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { runProgram } from "../support/cli.ts";
import { CARGO, FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const HELLO: Readonly<Record<string, string>> = {
  "Cargo.toml": `[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n`,
  "src/main.rs": `fn main() { println!("hello NONCE"); }\n`,
};

async function saysHello(ws: Workspace, program = "hello"): Promise<boolean> {
  const { stdout } = await runProgram(`${ws.directory}/target/debug/${program}`, []);
  return /^hello|^3 42/.test(stdout);
}

Deno.test("without an engine, everything is compiled here, and one line tells so", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const env = { DOCKER_HOST: "unix:///nonexistent.sock", RUSTCBUILDX_FALLBACK: "infra" };
  const { stderr } = await ws.build(["build"], { env });
  assert.ok(await saysHello(ws, "app"));
  const told = stderr.split("\n").filter((line) => line.includes("rustcbuildx"));
  assert.equal(told.length, 1, stderr);
  assert.match(told[0]!, /nonexistent\.sock: no such socket; compiling here instead$/);
  // Cargo says again what a compiler has printed; this it must not.
  const { stderr: again } = await ws.build(["build"], { wrapped: false });
  assert.ok(!again.includes("rustcbuildx"), again);
});

Deno.test("without an engine, and without permission to compile here, the engine is named", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(HELLO);
  const env = { DOCKER_HOST: "unix:///nonexistent.sock" };
  const { code, stderr } = await ws.cargo(["build"], { env });
  assert.equal(code, 101);
  assert.match(stderr, /error: rustcbuildx: Cannot build .*nonexistent\.sock: no such socket/);
});

Deno.test("the runners here need no engine; what they keep is found again", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const env = { DOCKER_HOST: "unix:///nonexistent.sock" };
  await ws.build(["build"], { wrapped: false });
  const plain = await ws.artifacts();
  await ws.clean();
  await ws.build(["build"], { env: { ...env, RUSTCBUILDX_RUNNER: "local" } });
  assert.deepEqual(await ws.artifacts(), plain);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env: { ...env, RUSTCBUILDX_RUNNER: "local" } });
  assert.deepEqual(await ws.artifacts(), plain);
  const { hits } = await ws.units();
  assert.ok(hits.includes("app") && hits.includes("macros"), hits.join());
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env: { ...env, RUSTCBUILDX_RUNNER: "none" } });
  assert.deepEqual(await ws.artifacts(), plain);
});

Deno.test("an image that cannot be had, and one without a compiler: compiled here, or told", {
  ignore: NO_CARGO,
}, async () => {
  await using engine = await connectEngine();
  await using ws = await Workspace.create(HELLO);
  const missing = { RUSTCBUILDX_BASE_IMAGE: "registry.invalid/no/such:1" };
  const { code, stderr } = await ws.cargo(["build"], { env: missing });
  assert.equal(code, 101);
  assert.match(stderr, /error: rustcbuildx: Cannot pull registry\.invalid\/no\/such:1/);
  await ws.build(["build"], { env: { ...missing, RUSTCBUILDX_FALLBACK: "infra" } });
  assert.ok(await saysHello(ws));
  const busybox = (await import("../../lib/engine/ensure/mod.ts")).busyboxImage;
  const other = { RUSTCBUILDX_BASE_IMAGE: await busybox(engine) };
  await ws.clean();
  const wrong = await ws.cargo(["build"], { env: other });
  assert.equal(wrong.code, 101);
  assert.match(wrong.stderr, /cargo uses "rustc \S+.*", and the image has /);
});

Deno.test(
  "an image without a linker: the program is linked here",
  { ignore: NO_CARGO },
  async () => {
    await using engine = await connectEngine();
    await using ws = await Workspace.create(HELLO);
    await ws.build(["build"]);
    const { RepoTags } = (await engine.images.list()).find(({ RepoTags }) =>
      RepoTags?.some((tag) => tag.startsWith("superorch/rustc-base:"))
    )!;
    const tag = `superorch/test-no-linker:${crypto.randomUUID().slice(0, 8)}`;
    const { buildImage } = await import("../../lib/engine/build/mod.ts");
    await buildImage(engine, {
      tag,
      context: { dockerfileText: `FROM ${RepoTags![0]}\nRUN rm -f /usr/bin/cc /usr/bin/*gcc*\n` },
    });
    try {
      await ws.write({ "src/main.rs": `fn main() { println!("hello again NONCE"); }\n` });
      const env = { RUSTCBUILDX_BASE_IMAGE: tag, RUSTCBUILDX_FALLBACK: "infra" };
      const { stderr } = await ws.build(["build"], { env });
      assert.match(stderr, /lacks something: linker `cc` not found/);
      assert.ok(await saysHello(ws));
    } finally {
      await engine.images.remove(tag, { force: true });
    }
  },
);

Deno.test("a wrapper that is ended takes its work in the container along, and leaves no file", {
  ignore: NO_CARGO,
}, async () => {
  if ("skip" in CARGO) return;
  await using ws = await Workspace.create({
    ...HELLO,
    // Half a minute of work for the compiler.
    "src/main.rs": `const fn f(n: u64) -> u64 { let mut i = 0; while i < n { i += 1; } i }
#[allow(long_running_const_eval)] const X: u64 = f(400_000_000 + NONCE % 1000);
fn main() { println!("hello {X}"); }
`,
  });
  const child = new Deno.Command(ws.wrapper, {
    args: [
      CARGO.rustc,
      ..."--crate-name hello --crate-type bin src/main.rs --emit=dep-info,link --out-dir target"
        .split(" "),
    ],
    cwd: ws.directory,
    env: ws.env({ wrapped: false }),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const nonce = (await Deno.readTextFile(`${ws.directory}/src/main.rs`)).match(/\+ (\d+)/)![1]!;
  assert.ok(nonce.length > 0);
  const running = async () => {
    const { stdout } = await runProgram("ps", ["-eo", "args"]);
    return stdout.split("\n").some((line) =>
      line.includes("--crate-name hello") && !line.includes("rustc_wrap") &&
      line.includes("/bin/rustc --crate-name") && !line.includes(ws.wrapper)
    );
  };
  await eventually(running, 30_000);
  const start = performance.now();
  child.kill("SIGTERM");
  const { code } = await child.status;
  assert.equal(code, 143);
  await eventually(async () => !await running(), 10_000);
  assert.ok(performance.now() - start < 10_000);
  const left = await Array.fromAsync(Deno.readDir(`${ws.directory}/target`)).catch(() => []);
  assert.deepEqual(
    left.map(({ name }) => name).filter((name) => !name.startsWith(".rustc-wrap")),
    [],
  );
});

Deno.test("two cargos at once, in one target directory and in two with one store", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const other = { CARGO_TARGET_DIR: `${ws.directory}/target2` };
  await Promise.all([
    ws.build(["build"]),
    ws.build(["build", "--all-targets"]),
    ws.build(["build"], { env: other }),
  ]);
  assert.ok(await saysHello(ws, "app"));
  const { stdout } = await runProgram(`${ws.directory}/target2/debug/app`, []);
  assert.match(stdout, /^3 42/);
});

Deno.test(
  "a damaged result is made again; a full store and one that cannot be written are no harm",
  {
    ignore: NO_CARGO,
  },
  async () => {
    await using ws = await Workspace.create(HELLO);
    await ws.build(["build"]);
    const store = `${ws.root}/cache/store/result`;
    for (const { name: shard } of Deno.readDirSync(store)) {
      for (const { name } of Deno.readDirSync(`${store}/${shard}`)) {
        const bytes = await Deno.readFile(`${store}/${shard}/${name}`);
        bytes[bytes.length >> 1]! ^= 1;
        await Deno.writeFile(`${store}/${shard}/${name}`, bytes);
      }
    }
    await ws.clean();
    await ws.forget();
    await ws.build(["build"]);
    assert.ok(await saysHello(ws));
    assert.match(await ws.trace(), /is damaged/);
    assert.deepEqual((await ws.units()).hits, []);
    await ws.clean();
    await ws.forget();
    await ws.build(["build"]);
    assert.deepEqual((await ws.units()).hits, ["hello"]);
    await ws.clean();
    await Deno.writeTextFile(`${ws.root}/file`, "");
    await ws.build(["build"], { env: { RUSTCBUILDX_CACHE_DIR: `${ws.root}/file/below` } });
    assert.ok(await saysHello(ws));
  },
);

Deno.test("a compiler that crashes is asked again, and its exit code is told", {
  ignore: NO_CARGO,
}, async () => {
  if ("skip" in CARGO) return;
  await using ws = await Workspace.create({
    "lib.rs": `pub fn main() -> u32 { "NONCE" }\n`,
  });
  const words = [
    "--crate-name",
    "x",
    "--crate-type",
    "lib",
    "-Ztreat-err-as-bug=1",
    "lib.rs",
    "--out-dir",
    "out",
  ];
  const { code } = await runProgram(ws.wrapper, [CARGO.rustc, ...words], {
    cwd: ws.directory,
    env: { ...ws.env({ wrapped: false }), RUSTC_BOOTSTRAP: "1" },
  });
  const direct = await runProgram(CARGO.rustc, words, {
    cwd: ws.directory,
    env: { RUSTC_BOOTSTRAP: "1" },
  });
  assert.equal(direct.code, 101);
  assert.equal(code, 101);
});
