// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { registryProblem, startRegistry } from "../support/registry_server.ts";
import { TwoPlaces } from "./_two_places.ts";
import { CARGO, NO_CARGO, Workspace } from "./_workspace.ts";

const noRegistry = await registryProblem();

Deno.test("a directory that one user has filled is all that another one needs", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create({ vendored: ["first", "second"] });
  const { workspace, first, second } = places;
  const shared = `${workspace.root}/shared`;
  await first.build(["build", "-p", "tool"], {
    env: { CARGOGREEN_SHARE: "vendored,member,path", CARGOGREEN_CACHE_TO: shared },
  });
  const before = await workspace.units();
  await workspace.forget();
  await second.build(["build", "-p", "tool"], {
    env: {
      CARGOGREEN_CACHE_FROM: shared,
      RUSTCBUILDX_CACHE_DIR: `${workspace.root}/cache2`,
      DOCKER_HOST: "unix:///nonexistent",
    },
  });
  const { hits, ran } = await workspace.units();
  assert.deepEqual(ran, []);
  assert.deepEqual(hits, [...before.ran, ...before.cached].sort());
});

Deno.test("a crate is the same whether it is unpacked by cargo or vendored", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create({ vendored: ["second"] });
  const { workspace, first, second } = places;
  await first.build(["build", "-p", "scripted", "-p", "plainly"]);
  await workspace.forget();
  await second.build(["build", "-p", "scripted", "-p", "plainly"]);
  const { hits, ran, cached } = await workspace.units();
  // Which files a build script reads nobody knows: the marks of cargo and of vendoring differ.
  assert.deepEqual([ran, cached], [["run-scripted"], []]);
  assert.deepEqual(hits, ["build_script_build", "plainly", "scripted"]);
});

Deno.test("a crate of crates.io goes through a registry from one home to another", {
  ignore: NO_CARGO || noRegistry !== undefined,
}, async () => {
  if ("skip" in CARGO) return;
  const { rustc } = CARGO;
  await using ws = await Workspace.create({});
  await using registry = await startRegistry();
  const nonce = crypto.randomUUID();
  const compile = async (user: string) => {
    const home = `${ws.root}/home/${user}`;
    // Homes are made by cargos of several years.
    const index = user === "one"
      ? "index.crates.io-6f17d22bba15001f"
      : "github.com-1ecc6299db9ec823";
    const crate = `${home}/registry/src/${index}/shared-1.0.0`;
    await Deno.mkdir(`${crate}/src`, { recursive: true });
    await Deno.writeTextFile(`${crate}/src/lib.rs`, `pub fn f() -> &'static str { "${nonce}" }\n`);
    const target = `${ws.root}/target of ${user}`.replaceAll(" ", "-");
    await Deno.mkdir(`${target}/debug/deps`, { recursive: true });
    await Deno.writeTextFile(`${target}/CACHEDIR.TAG`, "");
    const words = ["--crate-name", "shared", "--edition=2021", `${crate}/src/lib.rs`];
    words.push("--crate-type", "lib", "--emit=dep-info,metadata,link", "-C", "debuginfo=2");
    words.push("-C", "metadata=0123456789abcdef", "-C", "extra-filename=-0123456789abcdef");
    words.push("--out-dir", `${target}/debug/deps`);
    const ran = await runProgram(ws.wrapper, [rustc, ...words], {
      cwd: crate,
      env: ws.env({
        env: {
          CARGO_HOME: home,
          CARGO_MANIFEST_DIR: crate,
          CARGO_PKG_NAME: "shared",
          CARGO_PKG_VERSION: "1.0.0",
          CARGOGREEN_PROFILE: "global",
          CARGOGREEN_CACHE_IMAGES: `docker-image://${registry.host}/world/cache`,
          RUSTCBUILDX_CACHE_DIR: `${ws.root}/cache-of-${user}`,
        },
      }),
      timeoutMs: 100_000,
    });
    assert.deepEqual(ran, { code: 0, stdout: "", stderr: "" });
    const list = await Deno.readTextFile(`${target}/debug/deps/shared-0123456789abcdef.d`);
    assert.match(list, new RegExp(`: ${crate}/src/lib\\.rs\n`));
    return await Deno.readFile(`${target}/debug/deps/libshared-0123456789abcdef.rlib`);
  };
  const first = await compile("one");
  assert.deepEqual((await ws.units()).hits, []);
  await ws.forget();
  assert.deepEqual(await compile("another"), first);
  assert.deepEqual(await ws.units(), { hits: ["shared"], ran: [], cached: [] });
});
