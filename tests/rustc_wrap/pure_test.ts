import assert from "node:assert/strict";
import {
  containerEnv,
  decodeResult,
  encodeResult,
  locateSource,
  makePlan,
  parseDepInfo,
  readSettings,
  renderPlan,
  snapshot,
  type UnitResult,
} from "../../lib/rustc_wrap/mod.ts";
import { PortablePaths } from "../../lib/rustc_wrap/portable.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("a dep-info file gives files and variables, with blanks and line ends in them", () => {
  const text = `/t/deps/libx.rmeta: src/lib.rs src/a\\ b.rs /t/out/g.rs

src/lib.rs:
src/a\\ b.rs:
/t/out/g.rs:

# env-dep:A=1
# env-dep:B=x\\ny\\\\z
# env-dep:UNSET
`;
  assert.deepEqual(parseDepInfo(text), {
    files: ["src/lib.rs", "src/a b.rs", "/t/out/g.rs"],
    env: { A: "1", B: "x\ny\\z", UNSET: null },
  });
  assert.deepEqual(parseDepInfo(""), { files: [], env: {} });
});

Deno.test("a container gets what is about the crate, and nothing of cargo's secrets", () => {
  const env = {
    CARGO: "/c",
    CARGO_PKG_NAME: "x",
    CARGO_HOME: "/h",
    CARGO_MAKEFLAGS: "-j",
    CARGO_REGISTRY_TOKEN: "secret",
    CARGO_REGISTRIES_MINE_TOKEN: "secret",
    CARGO_TARGET_TMPDIR: "/t/tmp",
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER: "clang",
    CARGO_BIN_EXE_app: "/t/app",
    CARGO_INCREMENTAL: "0",
    CARGO_CFG_UNIX: "",
    OUT_DIR: "/o",
    PATH: "/bin",
    HOME: "/root",
    TERM: "xterm",
    RUSTC_WRAPPER: "w",
    DEP_Z_INCLUDE: "/i",
    FOO: "1",
    BAR: "2",
    TARGET: "t",
    NUM_JOBS: "8",
  };
  assert.deepEqual(Object.keys(containerEnv(env, "compile", ["FOO", "PATH", "NONE"])), [
    "CARGO",
    "CARGO_BIN_EXE_app",
    "CARGO_CFG_UNIX",
    "CARGO_PKG_NAME",
    "CARGO_TARGET_TMPDIR",
    "FOO",
    "OUT_DIR",
  ]);
  const script = Object.keys(containerEnv(env, "build-script", []));
  assert.ok(script.includes("DEP_Z_INCLUDE") && script.includes("TARGET"));
  assert.ok(!script.includes("NUM_JOBS") && !script.includes("CARGO_REGISTRY_TOKEN"));
});

Deno.test("sources are told by where they are", () => {
  const at = (packageDir: string, cwd: string, input = `${packageDir}/src/lib.rs`) => {
    const env = { CARGO_MANIFEST_DIR: packageDir, CARGO_HOME: "/h/.cargo" };
    const { kind, root, visibility } = locateSource({ input, cwd, targetDir: "/w/target", env });
    return [kind, root, visibility];
  };
  assert.deepEqual(at("/w/a", "/w"), ["member", "/w", "private"]);
  assert.deepEqual(at("/outer", "/outer"), ["path", "/outer", "private"]);
  assert.deepEqual(at("/w/../outer", "/outer"), ["path", "/outer", "private"]);
  const crate = "/h/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.0";
  assert.deepEqual(at(crate, crate), ["registry", crate, "public"]);
  const own = "/h/.cargo/registry/src/own.example-1949cf8c6b5b557f/serde-1.0.0";
  assert.deepEqual(at(own, own), ["registry", own, "private"]);
  const git = "/h/.cargo/git/checkouts/x-0123/abcdef";
  assert.deepEqual(at(`${git}/sub`, `${git}/sub`), ["git", git, "private"]);
  assert.deepEqual(
    at("/w/a", "/w", "/w/target/debug/build/a-1/out/lib.rs"),
    ["generated", "/w", "private"],
  );
});

Deno.test("a snapshot is sorted, owned by nobody, and keeps modes and links", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/b/.git`, { recursive: true });
    await Deno.mkdir(`${root}/target`);
    await Deno.mkdir(`${root}/cache`);
    await Deno.writeTextFile(`${root}/cache/CACHEDIR.TAG`, "");
    await Deno.writeTextFile(`${root}/cache/large`, "");
    await Deno.writeTextFile(`${root}/target/x`, "");
    await Deno.writeTextFile(`${root}/b.txt`, "b");
    await Deno.writeTextFile(`${root}/b/run`, "r", { mode: 0o755 });
    await Deno.symlink("b/run", `${root}/a`);
    await Deno.symlink("/nowhere", `${root}/dangling`);
    const entries = await snapshot(root, { exclude: [`${root}/target`] });
    assert.deepEqual(
      entries.map(({ entry }) => [
        entry.kind,
        `/${entry.path}`.slice(root.length),
        entry.kind === "directory" ? undefined : entry.mode,
        "target" in entry ? entry.target : undefined,
        entry.uid ?? 0,
        entry.mtimeSeconds,
      ]),
      [
        ["directory", "", undefined, undefined, 0, 42],
        ["symlink", "/a", 0o777, "b/run", 0, 42],
        ["directory", "/b", undefined, undefined, 0, 42],
        ["file", "/b/run", 0o755, undefined, 0, 42],
        ["file", "/b.txt", 0o644, undefined, 0, 42],
        ["directory", "/cache", undefined, undefined, 0, 42],
        ["symlink", "/dangling", 0o777, "/nowhere", 0, 42],
      ],
    );
    await assert.rejects(() => snapshot(root, { limitFiles: 1 }), {
      name: "SnapshotTooLargeError",
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

const BASE = { image: "base:1", identity: "i", rustc: "/t/bin/rustc" };

function parts(overrides: Partial<Parameters<typeof makePlan>[0]> = {}) {
  const file = (path: string, text: string) => ({
    entry: { kind: "file", path, content: encode(text) } as const,
    digest: text,
  });
  return {
    id: "X_y-01",
    kind: "compile",
    base: BASE,
    argv: ["/t/bin/rustc", "a b.rs"],
    env: { A: "it's", B: '"$x" `y` \\ \n#' },
    cwd: "/w/ws",
    outDir: "/w/ws/target/debug/deps",
    roots: ["/w/ws/target", "/w/ws", "/v"],
    entries: [file("w/ws/b", "1"), file("v/a", "2"), file("w/ws/b", "1")],
    network: "none",
    ...overrides,
  } as const;
}

Deno.test("equal plans are equal to the last byte, and each part of one counts", async () => {
  const first = await makePlan(parts());
  const text = renderPlan(first).dockerfile;
  for (let round = 0; round < 20; round++) {
    const again = await makePlan(parts({ entries: [...parts().entries].reverse() }));
    assert.deepEqual(again, first);
    assert.equal(renderPlan(again).dockerfile, text);
  }
  assert.deepEqual(first.roots, ["/v", "/w/ws"]);
  assert.match(text, /inputs=[0-9a-f]{64};/);
  assert.equal(
    text.replace(/[0-9a-f]{64}/, "DIGEST"),
    `FROM base:1 AS rust-base
FROM rust-base AS dep-x-y-01
USER 0
RUN --mount=type=bind,source=superorch,target=/superorch \\
    --mount=type=bind,source=root/v,target=/v,rw \\
    --mount=type=bind,source=root/w/ws,target=/w/ws,rw \\
    : inputs=DIGEST; exec sh /superorch/run
FROM scratch AS out-x-y-01
COPY --from=dep-x-y-01 /superorch-out/unit/ /
`,
  );
  for (
    const change of [
      { id: "z" },
      { argv: ["/t/bin/rustc"] },
      { env: {} },
      { cwd: "/w" },
      { base: { ...BASE, image: "base:2" } },
      { network: "host" as const },
      { entries: [] },
    ]
  ) assert.notEqual((await makePlan(parts(change))).digest, first.digest, JSON.stringify(change));
});

Deno.test("the script of a plan gives the program its very words and variables", async () => {
  const plan = await makePlan(parts({
    argv: ["sh", "-c", 'printf "%s|" "$A" "$B" "$@"', "sh", "a 'b'\n", "$c", "", "*"],
    cwd: "/",
  }));
  const [script] = [...renderPlan(plan).entries()];
  assert.ok(script?.kind === "file" && typeof script.content === "string");
  const out = await Deno.makeTempDir();
  try {
    const text = script.content.replaceAll("/superorch-out/unit", out).split("cd /w/ws/target")[0]!;
    const { code } = await new Deno.Command("sh", { args: ["-c", text] }).output();
    assert.equal(code, 0);
    const said = await Deno.readTextFile(`${out}/stdout`);
    assert.equal(said, `it's|"$x" \`y\` \\ \n#|a 'b'\n|$c||*|`);
    assert.equal(await Deno.readTextFile(`${out}/code`), "0\n");
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("a directory that the image needs, or that a builder cannot take, is refused", async () => {
  for (const root of ["/", "/usr", "/root", "/t", "/a b", "/a,b", "/a$b", "/tmp", "/home"]) {
    await assert.rejects(() => makePlan(parts({ roots: [root] })), {
      name: "InfrastructureError",
    }, root);
  }
  await makePlan(parts({ roots: ["/home/me/x", "/root/.cargo/registry/src/a/b", "/t2"] }));
});

Deno.test("a result survives being kept, and not one bit of it being changed", async () => {
  const result: UnitResult = {
    code: 0,
    stdout: encode("out"),
    stderr: new Uint8Array([255, 0, 10]),
    files: [
      { path: "liba.rlib", mode: 0o644, content: crypto.getRandomValues(new Uint8Array(1003)) },
      { path: "dir/", mode: 0o755, content: new Uint8Array(0) },
      { path: "link", mode: 0o777, content: new Uint8Array(0), target: "liba.rlib" },
    ],
  };
  const bytes = await encodeResult(result);
  const decoded = decodeResult(bytes);
  assert.deepEqual(decoded?.files.map(({ path, target }) => [path, target]), [
    ["liba.rlib", undefined],
    ["dir/", undefined],
    ["link", "liba.rlib"],
  ]);
  assert.deepEqual(decoded?.files[0]?.content, result.files[0]?.content);
  assert.deepEqual([decoded?.stdout, decoded?.stderr], [result.stdout, result.stderr]);
  assert.deepEqual(await encodeResult(result), bytes);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << (at % 8);
    assert.equal(decodeResult(damaged), undefined, `byte ${at}`);
  }
  for (const length of [0, 1, 24, 31, 32, 100, bytes.length - 1]) {
    assert.equal(decodeResult(bytes.slice(0, length)), undefined, `${length} bytes`);
  }
});

Deno.test("paths move to another target directory, at the ends of components only", () => {
  const from = new PortablePaths("/w/target");
  const to = new PortablePaths("/elsewhere/t");
  const text =
    '/w/target/debug/x: /w/target2/y /w/target/z.rs "artifact":"/w/target" /w/target.d\n';
  const moved = to.back(from.away(text));
  assert.equal(
    moved,
    '/elsewhere/t/debug/x: /w/target2/y /elsewhere/t/z.rs "artifact":"/elsewhere/t" /w/target.d\n',
  );
  assert.equal(from.back(from.away(text)), text);
  assert.ok(from.isIn(encode("…/w/target/…")));
  assert.ok(!from.isIn(encode("/w/targe")));
  const odd = new PortablePaths('/w "x"/target');
  assert.equal(odd.away('/w "x"/target/y'), '/w "x"/target/y');
});

Deno.test("settings are read under both names, and wrong values are told", () => {
  assert.equal(readSettings({ HOME: "/h" }).cacheDir, "/h/.cache/superorch/rustc-wrap");
  const both = { RUSTCBUILDX_RUNNER: "local", CARGOGREEN_RUNNER: "none", HOME: "/h" };
  assert.equal(readSettings(both).runner, "none");
  assert.equal(readSettings({ RUSTCBUILDX_CACHE_LIMIT: "1.5G" }).cacheLimitBytes, 1.5e9);
  assert.deepEqual(readSettings({ RUSTCBUILDX_ADD_APT: "b,a,b" }).packages, ["a", "b"]);
  const wrong: readonly Record<string, string>[] = [
    { RUSTCBUILDX_RUNNER: "x" },
    { RUSTCBUILDX_FALLBACK: "maybe" },
    { RUSTCBUILDX_RUNS_ON_NETWORK: "y" },
    { RUSTCBUILDX_CACHE_LIMIT: "many" },
    { RUSTCBUILDX_BUILD_SCRIPTS: "x" },
  ];
  for (const env of wrong) assert.throws(() => readSettings(env), TypeError);
});
