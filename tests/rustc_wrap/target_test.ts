import assert from "node:assert/strict";
import { packageClosure, readPackages } from "../../lib/rustc_wrap/base/_dpkg.ts";
import { derivedSteps } from "../../lib/rustc_wrap/base/derived_identity.ts";
import {
  makePlan,
  parseRustc,
  type PlanParts,
  renderPlan,
  resolveSettings,
} from "../../lib/rustc_wrap/mod.ts";
import { targetDirOf } from "../../lib/rustc_wrap/portable.ts";
import { crossTools } from "../../lib/rustc_wrap/target/cross_tools.ts";
import { namedLinker, namedPrograms } from "../../lib/rustc_wrap/target/named_programs.ts";

const RUSTUP = { host: "x86_64-unknown-linux-gnu", sysroot: "/root/.rustup/toolchains/stable" };

Deno.test("a target has the linker and the C library that Debian calls after its processor", () => {
  const cases: Readonly<Record<string, readonly [string | undefined, string]>> = {
    "x86_64-unknown-linux-gnu": [undefined, ""],
    "aarch64-unknown-linux-gnu": [
      "aarch64-linux-gnu-gcc",
      "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    ],
    "armv7-unknown-linux-gnueabihf": [
      "arm-linux-gnueabihf-gcc",
      "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
    ],
    "armv5te-unknown-linux-gnueabi": [
      "arm-linux-gnueabi-gcc",
      "gcc-arm-linux-gnueabi libc6-dev-armel-cross",
    ],
    "i686-unknown-linux-gnu": ["i686-linux-gnu-gcc", "gcc-i686-linux-gnu libc6-dev-i386-cross"],
    "riscv64gc-unknown-linux-gnu": [
      "riscv64-linux-gnu-gcc",
      "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
    ],
    "powerpc64le-unknown-linux-gnu": [
      "powerpc64le-linux-gnu-gcc",
      "gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross",
    ],
    // rustc links these by itself; what Debian has is for C code.
    "x86_64-unknown-linux-musl": [undefined, "musl-tools"],
    "aarch64-unknown-linux-musl": [
      "aarch64-linux-gnu-gcc",
      "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    ],
    "x86_64-pc-windows-gnu": [undefined, "gcc-mingw-w64-x86-64"],
    "i686-pc-windows-gnu": [undefined, "gcc-mingw-w64-i686"],
    "wasm32-unknown-unknown": [undefined, ""],
    "thumbv7em-none-eabihf": [undefined, ""],
    "x86_64-pc-windows-msvc": [undefined, ""],
    "aarch64-apple-darwin": [undefined, ""],
  };
  for (const [triple, [linker, packages]] of Object.entries(cases)) {
    const tools = crossTools(triple, RUSTUP);
    assert.equal(tools.linker, linker, triple);
    assert.equal(tools.packages.map(([name]) => name).join(" "), packages, triple);
  }
  assert.equal(
    crossTools("wasm32-unknown-unknown", { ...RUSTUP, sysroot: "/usr" }).linker,
    "wasm-ld",
  );
  const arm = { host: "aarch64-unknown-linux-gnu", sysroot: "/opt/rust" };
  assert.deepEqual(crossTools("x86_64-unknown-linux-gnu", arm).packages, [
    ["gcc-x86-64-linux-gnu"],
    ["libc6-dev-amd64-cross"],
  ]);
  assert.deepEqual(crossTools("aarch64-unknown-linux-gnu", arm).packages, []);
});

Deno.test("linkers are found in all ways in which words for rustc name them", () => {
  const programs = (text: string) => namedPrograms(text.split(" ")).join(" ");
  assert.equal(programs("--crate-name a -C opt-level=3 a.rs"), "");
  assert.equal(programs("-C linker=clang a.rs"), "clang");
  assert.equal(
    programs("-Clinker=/opt/x/ld --codegen=link-arg=-fuse-ld=mold"),
    "/opt/x/ld ld.mold",
  );
  assert.equal(programs("-C link-arg=-fuse-ld=/usr/local/bin/mold"), "/usr/local/bin/mold");
  assert.equal(programs("-C link-arg=--ld-path=/opt/wild"), "/opt/wild");
  assert.equal(programs("-C link-arg=-B/usr/libexec/mold/"), "/usr/libexec/mold/ld");
  assert.deepEqual(namedPrograms(["-C", "link-args=-s -fuse-ld=lld -Wl,-z,now"]), ["ld.lld"]);
  // A feature of the crate's is none of the linker's.
  assert.equal(programs("--cfg feature=link-arg=-fuse-ld=mold a.rs"), "");
  assert.equal(namedLinker(["-C", "linker=a", "-Clinker=b"]), "b");
  assert.equal(namedLinker(["-C", "link-arg=x"]), undefined);
});

const STATUS = ([
  ["dpkg", "amd64", "libc6"],
  ["libc6", "i386", ""],
  ["libc6", "amd64", "libgcc-s1"],
  ["libgcc-s1", "amd64", ""],
  ["libgcc-s1", "i386", ""],
  ["libc6", "arm64", ""],
  ["libfoo", "arm64", "libc6 (>= 2), perl:any"],
  ["perl", "amd64", "libc6"],
  ["script", "all", "libc6"],
] as const).map(([name, architecture, depends]) =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: ${architecture}\n${
    depends === "" ? "" : `Depends: ${depends}\n`
  }`
).join("\n");

Deno.test("packages need libraries of their own architecture, and are taken for each that is named", () => {
  const packages = readPackages(STATUS);
  const closure = (...names: string[]) =>
    packageClosure(packages, names).found.map(({ name, architecture }) => `${name}:${architecture}`)
      .join(" ");
  // The one of another architecture comes first in the list, and is not what a program here needs.
  assert.equal(closure("dpkg"), "dpkg:amd64 libc6:amd64 libgcc-s1:amd64");
  assert.equal(closure("script"), "libc6:amd64 libgcc-s1:amd64 script:all");
  assert.equal(closure("libc6:i386"), "libc6:i386");
  assert.equal(
    closure("libfoo"),
    "libc6:amd64 libc6:arm64 libfoo:arm64 libgcc-s1:amd64 perl:amd64",
  );
  assert.deepEqual(packageClosure(packages, ["perl:arm64", "none"]).missing, [
    "perl:arm64",
    "none",
  ]);
});

Deno.test("an image for one target is a setting, in variables and in files", () => {
  const layers = [{
    place: "Cargo.toml",
    values: { target: { "aarch64-unknown-linux-gnu": { "base-image": "docker-image://a/b:1" } } },
  }];
  assert.deepEqual(resolveSettings({}, layers).settings.targetImages, {
    AARCH64_UNKNOWN_LINUX_GNU: "a/b:1",
  });
  const env = {
    CARGOGREEN_TARGET_AARCH64_UNKNOWN_LINUX_GNU_BASE_IMAGE: "docker-image://c/d",
    RUSTCBUILDX_TARGET_X86_64_UNKNOWN_LINUX_MUSL_BASE_IMAGE: "e:2",
  };
  const { settings, rows } = resolveSettings(env, layers);
  assert.deepEqual(settings.targetImages, {
    AARCH64_UNKNOWN_LINUX_GNU: "c/d",
    X86_64_UNKNOWN_LINUX_MUSL: "e:2",
  });
  assert.equal(
    rows.find(({ row }) => row.key === "target.aarch64-unknown-linux-gnu.base-image")?.source,
    "CARGOGREEN_TARGET_AARCH64_UNKNOWN_LINUX_GNU_BASE_IMAGE",
  );
  assert.deepEqual(resolveSettings({}).settings.targetImages, {});
  for (
    const target of [
      { "aarch64-unknown-linux-gnu": "x" },
      { "aarch64-unknown-linux-gnu": { image: "x" } },
      { "aarch64-unknown-linux-gnu": { "base-image": "without-scheme" } },
    ]
  ) {
    assert.throws(() => resolveSettings({}, [{ place: "f", values: { target } }]), {
      name: "TypeError",
    });
  }
});

Deno.test("a named image gets what a target or component lacks, by its own managers", () => {
  const settings = resolveSettings({
    RUSTCBUILDX_BASE_IMAGE: "rust:1",
    CARGOGREEN_COMPONENTS: "rustfmt,clippy",
  }).settings;
  assert.match(derivedSteps(settings), /^RUN rustup component add clippy rustfmt$/m);
  const triple = "aarch64-unknown-linux-gnu";
  const steps = derivedSteps(settings, { triple, tools: crossTools(triple, RUSTUP) });
  assert.match(steps, /rustup target add aarch64-unknown-linux-gnu$/m);
  assert.match(
    steps,
    /^RUN command -v aarch64-linux-gnu-gcc .*\n.*apt-get install .* gcc-aarch64/m,
  );
  // What is made of this machine's own files has them from there.
  assert.equal(derivedSteps({ ...settings, baseImage: undefined }), "");
  for (const wrong of ["--all", "a b", "x;y", "A,,B"]) {
    assert.throws(() => resolveSettings({ CARGOGREEN_COMPONENTS: wrong }), { name: "TypeError" });
  }
});

Deno.test("what links for a target is asked of the image first, and is part of the plan", async () => {
  const parts: PlanParts = {
    id: "app-1",
    kind: "compile",
    base: { image: "i", identity: "j", rustc: "rustc" },
    argv: ["rustc", "a.rs"],
    env: {},
    cwd: "/w/ws",
    outDir: "/w/ws/target/debug/deps",
    roots: ["/w/ws"],
    entries: [],
    network: "none",
  };
  const linker = { variable: "CARGO_TARGET_X_LINKER", program: "x-gcc" };
  const plan = await makePlan({ ...parts, linker });
  const script = String(
    [...renderPlan(plan).entries()][0]!.kind === "file" &&
      ([...renderPlan(plan).entries()][0] as { content: unknown }).content,
  );
  assert.match(script, /linker="\$\{CARGO_TARGET_X_LINKER-\}"/);
  assert.match(script, /command -v x-gcc/);
  assert.match(script, /\$\{linker:\+-C "linker=\$linker"\} <\/dev\/null/);
  assert.notEqual((await makePlan(parts)).digest, plan.digest);
});

Deno.test("the target directory is that of all targets, though each has a mark of its own", async () => {
  const root = await Deno.makeTempDir();
  try {
    const triple = "aarch64-unknown-linux-gnu";
    for (const path of ["target", `target/${triple}`]) {
      await Deno.mkdir(`${root}/${path}/debug`, { recursive: true });
      await Deno.writeTextFile(`${root}/${path}/CACHEDIR.TAG`, "");
    }
    assert.equal(targetDirOf(`${root}/target/${triple}/debug`, triple), `${root}/target`);
    assert.equal(targetDirOf(`${root}/target/debug`, triple), `${root}/target`);
    assert.equal(targetDirOf(`${root}/target/debug`, undefined), `${root}/target`);
    const unit = parseRustc(
      ["--crate-name", "a", "a.rs", "--target", triple, "--out-dir", "target/x/debug/deps"],
      root,
    );
    assert.equal(unit?.targetTriple, triple);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
