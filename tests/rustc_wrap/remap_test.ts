import assert from "node:assert/strict";
import { parseRustc, resolveSettings, suggestions } from "../../lib/rustc_wrap/mod.ts";
import { unitKey } from "../../lib/rustc_wrap/key.ts";
import type { SourceKind, Unit } from "../../lib/rustc_wrap/mod.ts";
import { recordScript, scriptStems, visibilityOf } from "../../lib/rustc_wrap/visibility.ts";
import { isOnlyIncluded } from "../../lib/rustc_wrap/remap/asked_paths.ts";
import { RemapPaths } from "../../lib/rustc_wrap/remap/remap_paths.ts";
import { remapRoots } from "../../lib/rustc_wrap/remap/roots.ts";

const ROOTS = [
  { real: "/home/u/ws/target", virtual: "/rustc-wrap/target" },
  { real: "/home/u/ws", virtual: "/rustc-wrap/workspace" },
  { real: "/home/u/ws/target/debug/build/a-1/out", virtual: "/rustc-wrap/out/a-0.1.0" },
  { real: "/home/u/.cargo", virtual: "/rustc-wrap/cargo" },
];
const paths = new RemapPaths("/home/u/ws/target", ROOTS);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("paths are replaced as whole components, where a path begins, and come back", () => {
  for (
    const [real, virtual] of [
      ["/home/u/ws", "/rustc-wrap/workspace"],
      ["/home/u/ws/a.rs:1:2", "/rustc-wrap/workspace/a.rs:1:2"],
      [
        "/home/u/ws/target/debug/x.d: /home/u/ws/a.rs",
        "/rustc-wrap/target/debug/x.d: /rustc-wrap/workspace/a.rs",
      ],
      ["/home/u/ws/target/debug/build/a-1/out/out/gen.rs", "/rustc-wrap/out/a-0.1.0/out/gen.rs"],
      ["/home/u/ws/target2/x", "/rustc-wrap/workspace/target2/x"],
      ["-L/home/u/ws/lib", "-L/rustc-wrap/workspace/lib"],
      ["native=/home/u/.cargo/x", "native=/rustc-wrap/cargo/x"],
      ["file:///home/u/ws/a", "file:///rustc-wrap/workspace/a"],
      ["in /home/u/ws.", "in /rustc-wrap/workspace."],
      // A line end and a colour, as JSON and terminals have them.
      [String.raw`"\n/home/u/ws/a"`, String.raw`"\n/rustc-wrap/workspace/a"`],
      [String.raw`"\u001b[0m/home/u/ws/a"`, String.raw`"\u001b[0m/rustc-wrap/workspace/a"`],
      ["\x1b[38;5;12m/home/u/ws/a", "\x1b[38;5;12m/rustc-wrap/workspace/a"],
    ]
  ) {
    assert.equal(paths.away(real!), virtual);
    assert.equal(paths.back(virtual!), real);
  }
  for (
    const other of [
      "/home/u/ws2",
      "/home/u/ws-2/a",
      "/home/u/ws.old/a",
      "/mnt/home/u/ws/a",
      "x/home/u/ws/a",
      "/home/u/.cargonaut",
      "/home/u/wsß",
    ]
  ) assert.equal(paths.away(other), other);
  for (const other of ["/mnt/rustc-wrap/target/x", "/rustc-wrap/targets", "a/rustc-wrap/cargo"]) {
    assert.equal(paths.back(other), other);
  }
});

Deno.test("of two prefixes that fit, the longer one is the last word", () => {
  assert.deepEqual(
    paths.flags.at(-1),
    `--remap-path-prefix=${ROOTS[2]!.real}=${ROOTS[2]!.virtual}`,
  );
  const lengths = paths.flags.map((flag) => flag.split("=")[1]!.length);
  assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
});

Deno.test("what has a path in it is good for that alone", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const code = `${directory}/lib.rs`;
    const pins = (content: string, env: Record<string, string | null> = {}) =>
      paths.pins([bytes(content)], { read: [code], env });
    await Deno.writeTextFile(code, 'include!(concat!(env!("OUT_DIR"), "/g.rs"));');
    assert.deepEqual(pins("nothing /rustc-wrap/workspace"), {});
    assert.deepEqual(pins("x/home/u/.cargo/y"), { here: true });
    assert.deepEqual(pins("", { OUT_DIR: ROOTS[2]!.real, FOO: "1", BAR: null }), {});
    await Deno.writeTextFile(code, 'const N: usize = env!("OUT_DIR").len();');
    assert.deepEqual(pins("", { OUT_DIR: ROOTS[2]!.real }), { here: true });
    // Code that cannot be looked at any more could have done anything.
    await Deno.writeTextFile(code, 'include!(concat!(env!("OUT_DIR"), "/g.rs"));');
    await Deno.remove(code);
    assert.deepEqual(pins("", { OUT_DIR: ROOTS[2]!.real }), { here: true });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("an include by a path is told from all other uses of it", () => {
  const only = (...texts: string[]) => isOnlyIncluded("OUT_DIR", texts);
  assert.ok(only('include!(concat!(env!("OUT_DIR"), "/x.rs"));'));
  assert.ok(only('include_bytes ! ( ::core::concat!(\n  env! ("OUT_DIR"), "/x"))', "fn x() {}"));
  assert.ok(only('#[doc = include_str!(std::concat!(std::env!("OUT_DIR"), "/x"))]'));
  assert.ok(!only('env!("OUT_DIR")'));
  assert.ok(!only('option_env!("OUT_DIR")'));
  assert.ok(!only('include!(concat!(env!("OUT_DIR"), "/x.rs")); const D: &str = env!("OUT_DIR");'));
  assert.ok(!only('fn include() {} concat!(env!("OUT_DIR"), "/x")'));
  // Some macro of another crate asks for it.
  assert.ok(!only("other::include_all!();"));
});

Deno.test("what stands for a directory is the same wherever it lies", () => {
  const roots = (kind: SourceKind, packageDir: string, root: string, env = {}) =>
    Object.fromEntries(
      remapRoots({
        source: { kind, packageDir, root, visibility: "private" },
        targetDir: "/t",
        sysroot: "/usr",
        env: { HOME: "/h", CARGO_PKG_NAME: "x", CARGO_PKG_VERSION: "1.0.0", ...env },
      })?.map(({ real, virtual }) => [real, virtual]) ?? [],
    );
  assert.deepEqual(roots("registry", "/h/.cargo/registry/src/i-1/x-1.0.0", "/h/.cargo"), {
    "/t": "/rustc-wrap/target",
    "/h/.cargo/registry/src/i-1/x-1.0.0": "/rustc-wrap/registry/x-1.0.0",
    "/h/.cargo": "/rustc-wrap/cargo",
  });
  assert.equal(roots("vendored", "/v/x", "/v/x")["/v/x"], "/rustc-wrap/registry/x-1.0.0");
  assert.equal(roots("path", "/o/x", "/o/x")["/o/x"], "/rustc-wrap/path/x-1.0.0");
  assert.equal(roots("member", "/w/x", "/w")["/w"], "/rustc-wrap/workspace");
  assert.equal(
    roots("member", "/w/x", "/w", { OUT_DIR: "/t/debug/build/x-1/out" })["/t/debug/build/x-1/out"],
    "/rustc-wrap/out/x-1.0.0",
  );
  assert.equal(roots("member", "/ä/x", "/ä")["/ä"], "/rustc-wrap/workspace");
  for (const odd of ["/a b", "/a,b", '/a"b', "/a\\b", "/a\nb", "/a$b"]) {
    assert.deepEqual(roots("member", `${odd}/x`, odd), {});
  }
});

interface Called {
  readonly root: string;
  readonly digits?: string;
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A call of rustc for the crate `x` in some workspace, and its key. */
async function keyOf(called: Called, remap = true) {
  const { root, digits = "0123456789abcdef", words = [], env = {} } = called;
  const cwd = `${root}/ws`;
  const target = `${root}/target`;
  const unit = parseRustc([
    ...["--crate-name", "x", "--edition=2021", "x/src/lib.rs", "--crate-type", "lib"],
    ...["--emit=dep-info,metadata,link", "-C", `metadata=${digits}`],
    ...["-C", `extra-filename=-${digits}`, "--out-dir", `${target}/debug/deps`, ...words],
  ], cwd) as Unit;
  return await unitKey(unit, {
    env: { HOME: root, CARGO_MANIFEST_DIR: `${cwd}/x`, CARGO_PKG_NAME: "x", ...env },
    setEnvs: [],
    identity: "i",
    ...remap ? { remap: { sysroot: "/usr", rename: true } } : {},
  });
}

Deno.test("keys are equal in all places, and differ by what is compiled", async () => {
  const { key, placeKey } = await keyOf({ root: "/one" });
  const other = await keyOf({ root: "/home/two/three" });
  assert.equal(other.key, key);
  // What knows its place is looked for there only.
  assert.notEqual(other.placeKey, placeKey);
  assert.equal((await keyOf({ root: "/one" })).placeKey, placeKey);
  assert.notEqual((await keyOf({ root: "/one", words: ["--cfg", "a"] })).key, key);
  assert.notEqual((await keyOf({ root: "/one", digits: "fedcba9876543210" })).key, key);
  assert.notEqual((await keyOf({ root: "/one", env: { CARGO_PKG_VERSION: "2" } })).key, key);
  assert.notEqual((await keyOf({ root: "/one" }, false)).key, key);
});

Deno.test("without the setting, keys and words are what they were", async () => {
  const work = await keyOf({ root: "/one" }, false);
  assert.ok(!work.argv.some((word) => word.includes("remap-path-prefix")));
  assert.equal(work.portable.fileAway("libx-0123456789abcdef.rlib"), "libx-0123456789abcdef.rlib");
  // As it was before there was the setting; it changes only with the format of keys.
  assert.equal(work.key, "13255c05be0f78c2f6772936f630c7c0747dd3dc0aadfa1ad147ae401532b415");
});

Deno.test("a path that cannot be told apart in texts is left as it is", async () => {
  const odd = await keyOf({ root: "/one two" });
  assert.equal(odd.key, (await keyOf({ root: "/one two" }, false)).key);
  assert.ok(!odd.argv.some((word) => word.includes("remap-path-prefix")));
});

Deno.test("remap is off unless it is wanted; the profile global wants it, and a digest", () => {
  const settings = (env: Record<string, string>, values?: Record<string, unknown>) =>
    resolveSettings(env, values === undefined ? [] : [{ place: "f", values }]);
  assert.equal(settings({}).settings.remap, false);
  assert.equal(settings({ RUSTCBUILDX_REMAP: "1" }).settings.remap, true);
  assert.equal(settings({}, { remap: true }).settings.remap, true);
  assert.throws(() => settings({ CARGOGREEN_REMAP: "yes" }), /CARGOGREEN_REMAP="yes"/);
  assert.throws(() => settings({}, { remap: "maybe" }), /f remap="maybe"/);

  const profile = { CARGOGREEN_PROFILE: "global" };
  const found = settings(profile, { share: ["member"], remap: false, fallback: "never" });
  assert.deepEqual(
    [found.settings.remap, found.settings.share, found.settings.fallback],
    [true, ["registry"], "never"],
  );
  assert.equal(found.rows.find(({ row }) => row.key === "remap")?.source, "profile global");
  const own = { profile: { global: { share: ["git"] } }, share: ["member"] };
  assert.deepEqual(settings(profile, own).settings.share, ["git"]);
  assert.equal(settings({ ...profile, CARGOGREEN_REMAP: "0" }).settings.remap, false);
  assert.throws(
    () => settings({ ...profile, CARGOGREEN_BASE_IMAGE: "docker-image://rust:1" }),
    /CARGOGREEN_BASE_IMAGE base-image="rust:1": with the profile global, an image must be named by its digest/,
  );
  const image = `docker-image://rust@sha256:${"0".repeat(64)}`;
  settings({ ...profile, CARGOGREEN_BASE_IMAGE: image });
});

Deno.test("what is compiled for this processor alone is nobody else's", () => {
  const source = { kind: "registry", visibility: "public", packageDir: "/p", root: "/p" } as const;
  const of = (...words: string[]) => visibilityOf(source, { share: ["registry"] }, [], words);
  assert.equal(of("-C", "target-cpu=x86-64-v3"), "public");
  assert.equal(of("-C", "target-cpu=native"), "private");
  assert.equal(of("-Ctarget-cpu=native"), "private");
});

Deno.test("what keeps results from being shared is told, with what would change it", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/member/src`, { recursive: true });
    await Deno.mkdir(`${root}/.cargo`);
    await Deno.writeTextFile(`${root}/member/Cargo.toml`, `[package]\nname = "member"\n`);
    const manifest = `[workspace]\n[profile.release]\nlto = true\nstrip = true\n`;
    await Deno.writeTextFile(`${root}/Cargo.toml`, manifest);
    const told = async (env: Record<string, string>) => {
      const { settings } = resolveSettings(env);
      const found = await suggestions({ settings, env, cwd: `${root}/member/src` });
      return found.map((suggestion) => suggestion.found).join("\n");
    };
    const all = await told({ RUSTFLAGS: "-C target-cpu=native" });
    assert.match(all, /only where all paths are the same.*made of this machine.*no shared place/s);
    assert.match(all, /RUSTFLAGS compiles for this very processor/);
    assert.match(all, /\[profile\.release\] sets lto, also for all dependencies/);
    assert.match(all, /no \S+\/Cargo\.lock.*No version of the compiler is fixed/s);

    await Deno.writeTextFile(`${root}/Cargo.toml`, "[workspace]\n");
    await Deno.writeTextFile(`${root}/Cargo.lock`, "version = 4\n");
    await Deno.writeTextFile(`${root}/rust-toolchain.toml`, `[toolchain]\nchannel = "1.95.0"\n`);
    const env = {
      CARGOGREEN_PROFILE: "global",
      CARGOGREEN_BASE_IMAGE: `docker-image://rust@sha256:${"0".repeat(64)}`,
      CARGOGREEN_CACHE_IMAGES: "docker-image://host/cache",
    };
    assert.equal(await told(env), "");
    await Deno.writeTextFile(`${root}/.cargo/config.toml`, `[build]\nrustflags = ["--cfg", "x"]\n`);
    assert.match(await told(env), /config\.toml has words for every call of rustc/);
    await Deno.writeTextFile(`${root}/Cargo.toml`, "[workspace\n");
    await assert.rejects(() => told(env), {
      name: "TypeError",
      message: /Cannot read .*Cargo\.toml/,
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("what a private build script writes is private, and what is made with it", async () => {
  const target = await Deno.makeTempDir();
  try {
    const source = {
      kind: "registry",
      visibility: "public",
      packageDir: "/p",
      root: "/p",
    } as const;
    const env = {
      CARGO_PKG_NAME: "a-sys",
      OUT_DIR: `${target}/debug/build/a-sys-${"0".repeat(16)}/out`,
    };
    const user = { CARGO_PKG_NAME: "user", OUT_DIR: undefined as unknown as string };
    const of = (variables: Record<string, string>, ...directories: string[]) =>
      visibilityOf(source, { share: ["registry"] }, scriptStems(target, variables, directories));
    // Nobody knows who made it.
    assert.equal(of(env), "private");
    recordScript(target, env, true);
    assert.equal(of(env), "public");
    assert.equal(of(user, env.OUT_DIR, "/usr/lib"), "public");
    recordScript(target, env, false);
    assert.equal(of(env), "private");
    assert.equal(of(user, env.OUT_DIR), "private");
    // Another version of the package has a script that is public.
    recordScript(target, env, true);
    assert.equal(of(env), "private");
    assert.equal(of(user), "public");
  } finally {
    await Deno.remove(target, { recursive: true });
  }
});
