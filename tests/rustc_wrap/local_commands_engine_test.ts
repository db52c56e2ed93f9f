// gate-timeout: 240 s
import assert from "node:assert/strict";
import { type Ran, superorch } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const ONE = {
  "Cargo.toml": `[package]
name = "one"
version = "0.1.0"
edition = "2021"
[package.metadata.green]
fallback = "never"
`,
  "src/lib.rs": `pub const TEXT: &str = "NONCE";\n`,
};

function wrap(ws: Workspace, args: readonly string[], env = {}): Promise<Ran> {
  return superorch(["rustc-wrap", ...args], {
    cwd: ws.directory,
    env: { ...ws.env(), RUSTCBUILDX_RUNNER: "local", ...env },
  });
}

Deno.test("env shows what is in use, and where it came from", async () => {
  await using ws = await Workspace.create(ONE);
  const env = { ...ws.env(), RUSTCBUILDX_RUNNER: "local" } as Record<string, string>;
  delete env["RUSTCBUILDX_FALLBACK"];
  const options = { cwd: ws.directory, env };
  const all = await superorch(["rustc-wrap", "env"], options);
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /^CARGOGREEN_RUNNER=local # RUSTCBUILDX_RUNNER$/m);
  assert.match(
    all.stdout,
    /^CARGOGREEN_FALLBACK=never # \/.*\/ws\/Cargo\.toml \[package\.metadata\.green\]$/m,
  );
  assert.match(all.stdout, /^CARGOGREEN_CACHE_LIMIT=10000000000 # default$/m);
  const one = await superorch(["rustc-wrap", "env", "RUSTCBUILDX_RUNNER", "NONE_OF_OURS"], options);
  assert.equal(one.stdout, "RUSTCBUILDX_RUNNER=local\n");
  const json = await superorch(["rustc-wrap", "env", "--json", "CARGOGREEN_RUNNER"], options);
  assert.deepEqual(JSON.parse(json.stdout), [
    { name: "CARGOGREEN_RUNNER", value: "local", source: "RUSTCBUILDX_RUNNER" },
  ]);
});

Deno.test("wrong settings are told, all at once, with exit code 2", async () => {
  await using ws = await Workspace.create({
    ...ONE,
    "Cargo.toml": ONE["Cargo.toml"].replace("never", "perhaps"),
  });
  const { code, stderr } = await superorch(["rustc-wrap", "env"], {
    cwd: ws.directory,
    env: { CARGOGREEN_RUNNER: "x", RUSTCBUILDX_SHARE: "y" },
  });
  assert.equal(code, 2);
  assert.match(stderr, /CARGOGREEN_RUNNER="x"/);
  assert.match(stderr, /RUSTCBUILDX_SHARE="y"/);
  assert.match(stderr, /Cargo\.toml \[package\.metadata\.green\] fallback="perhaps"/);
});

Deno.test("kept results are listed, counted, exported, removed and imported again", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const env = { RUSTCBUILDX_RUNNER: "local" };
  await ws.build(["build"], { env });
  const list = async () => JSON.parse((await wrap(ws, ["cache", "ls", "--json"])).stdout);
  const [kept] = await list();
  assert.match(kept.name, /^libone-[0-9a-f]{16}\.rlib$/);
  assert.equal(kept.public, false);
  const stats = JSON.parse((await wrap(ws, ["cache", "stats", "--json"])).stdout);
  assert.equal(stats.results, 1);
  assert.ok(stats.bytes >= kept.sizeBytes);
  assert.equal((await wrap(ws, ["cache", "rm"])).code, 2);
  assert.equal((await wrap(ws, ["cache", "rm", "../../etc"])).code, 2);
  assert.equal((await wrap(ws, ["cache", "rm", "0".repeat(16)])).code, 2);
  const file = `${ws.root}/results.tar`;
  assert.equal((await wrap(ws, ["cache", "export", file])).code, 0);
  assert.equal((await wrap(ws, ["cache", "rm", kept.key.slice(0, 12)])).code, 0);
  assert.deepEqual(await list(), []);
  assert.equal((await wrap(ws, ["cache", "rm", "--all"])).code, 0);
  const imported = await wrap(ws, ["cache", "import", file]);
  assert.match(imported.stderr, /^Imported 2\n/);
  await ws.clean();
  await ws.forget();
  await ws.build(["build"], { env });
  assert.deepEqual((await ws.units()).hits, ["one"]);
  assert.equal((await wrap(ws, ["cache", "import", `${ws.root}/none`])).code, 2);
  await Deno.writeTextFile(file, "no archive");
  assert.equal((await wrap(ws, ["cache", "import", file])).code, 1);
});

Deno.test("push sends what others may see, and nothing else", { ignore: NO_CARGO }, async () => {
  await using ws = await Workspace.create(ONE);
  const shared = { CARGOGREEN_CACHE_TO: `${ws.root}/shared` };
  await ws.build(["build"], { env: { RUSTCBUILDX_RUNNER: "local" } });
  assert.equal((await wrap(ws, ["push"])).code, 2);
  assert.match((await wrap(ws, ["push"], shared)).stderr, /^Sent 0 results, 1 are private\n$/);
  await ws.clean();
  await wrap(ws, ["cache", "rm", "--all"]);
  await ws.build(["build"], { env: { RUSTCBUILDX_RUNNER: "local", CARGOGREEN_SHARE: "member" } });
  assert.match((await wrap(ws, ["push"], shared)).stderr, /^Sent 1 results, 0 are private\n$/);
  const broken = await wrap(ws, ["push"], { CARGOGREEN_CACHE_TO: "http://127.0.0.1:1" });
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /Cannot push to http:\/\/127\.0\.0\.1:1: /);
});

Deno.test("help and version are ours, and a wrong word is told", async () => {
  assert.match((await superorch(["rustc-wrap", "--help"])).stdout, /cache .*\n/);
  assert.match((await superorch(["rustc-wrap", "-V"])).stdout, /^rustcbuildx \d/);
  assert.equal((await superorch(["rustc-wrap", "nonsense"])).code, 2);
  assert.equal((await superorch(["rustc-wrap", "cache", "nonsense"])).code, 2);
});

Deno.test("doctor finds what is wrong, and setup tells what to do", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(ONE);
  const good = await wrap(ws, ["doctor"], { CARGOGREEN_CACHE_FROM: `${ws.root}/shared` });
  assert.equal(good.code, 0, good.stdout);
  assert.match(good.stdout, /^ok\tshared place\t\//m);
  const bad = await wrap(ws, ["doctor", "--json"], {
    RUSTCBUILDX_RUNNER: "buildkit",
    DOCKER_HOST: "unix:///nope.sock",
    CARGOGREEN_CACHE_FROM: "http://127.0.0.1:1",
  });
  assert.equal(bad.code, 1);
  const wrong = JSON.parse(bad.stdout).filter(({ ok }: { ok: boolean }) => !ok);
  assert.deepEqual(wrong.map(({ what }: { what: string }) => what), [
    "runner",
    "engine",
    "shared place",
  ]);
  assert.equal((await wrap(ws, ["builder"])).code, 2);
  assert.match((await superorch(["rustc-wrap", "setup"])).stdout, /^export RUSTC_WRAPPER=/m);
});
