import assert from "node:assert/strict";
import { classify, parseRustc, rustcOptions } from "../../lib/rustc_wrap/mod.ts";

const RUSTC = "/t/bin/rustc";

Deno.test("calls are told apart by their first words, the driver before the compiler", () => {
  const kinds: readonly [string, readonly string[]][] = [
    ["probe", [RUSTC, "-vV"]],
    ["probe", [RUSTC]],
    ["probe", ["rustc", "--version"]],
    ["probe", [RUSTC, "-", "--crate-name", "___", "--print=cfg"]],
    ["probe", [RUSTC, "--print", "sysroot"]],
    ["driver", ["/t/bin/clippy-driver", RUSTC, "--crate-name", "x"]],
    ["driver", ["/t/bin/clippy-driver", RUSTC, "-vV"]],
    ["driver", [RUSTC, "rustc", "--crate-name", "x"]],
    ["probe", ["/usr/bin/sccache", "--crate-name", "x"]],
    ["compile", [RUSTC, "--crate-name", "x", "x.rs"]],
    ["compile", [RUSTC, "--edition=2021", "--crate-name=x", "x.rs"]],
    ["compile", ["/t/bin/rustc-1.95", "@args"]],
    ["other", []],
    ["other", ["env"]],
    ["other", ["--help"]],
    ["other", ["pull"]],
  ];
  for (const [kind, argv] of kinds) assert.equal(classify(argv).kind, kind, argv.join(" "));
  assert.deepEqual(classify([RUSTC, "-vV"]), { kind: "probe", tool: RUSTC, rest: ["-vV"] });
});

Deno.test("options pair as rustc's own parser pairs them", () => {
  const read = (...words: string[]) => rustcOptions(words).map(({ name, value }) => [name, value]);
  assert.deepEqual(read("-g", "-O", "x.rs"), [["-g", undefined], ["-O", undefined], ["", "x.rs"]]);
  assert.deepEqual(read("-gO", "x.rs"), [["-g", undefined], ["-O", undefined], ["", "x.rs"]]);
  assert.deepEqual(read("--verbose", "x.rs"), [["--verbose", undefined], ["", "x.rs"]]);
  assert.deepEqual(read("-Copt-level=3", "-C", "lto", "-Lnative=/a", "-lstatic=z", "-Adead_code"), [
    ["-C", "opt-level=3"],
    ["-C", "lto"],
    ["-L", "native=/a"],
    ["-l", "static=z"],
    ["-A", "dead_code"],
  ]);
  assert.deepEqual(read("--cfg", "-x", "--cfg=a=b", "--crate-name"), [
    ["--cfg", "-x"],
    ["--cfg", "a=b"],
    ["--crate-name", undefined],
  ]);
  // What nobody knows yet has no value that could be taken from the next word.
  assert.deepEqual(read("--brand-new", "x.rs", "-Z", "--", "--", "-y"), [
    ["--brand-new", undefined],
    ["", "x.rs"],
    ["-Z", "--"],
    ["--", undefined],
    ["", "-y"],
  ]);
  const words = ["-gO", "--test", "-Cx=y", "--cfg", "a", "--new=b", "x.rs", "-", "-q", "--", "-z"];
  assert.deepEqual(rustcOptions(words).flatMap((option) => option.words), words);
});

Deno.test("a unit is read with everything that cargo says, in cargo's order", () => {
  const words = [
    ..."--crate-name core_lib --edition=2021 core/src/../src/lib.rs --error-format=json".split(" "),
    ..."--crate-type lib --crate-type cdylib --emit=dep-info,metadata,link -C debuginfo=2".split(
      " ",
    ),
    ..."-C metadata=1111 -C extra-filename=-0123456789abcdef --out-dir target/debug/deps".split(
      " ",
    ),
    ..."-C incremental=/w/target/debug/incremental -L dependency=target/debug/deps".split(" "),
    ..."--extern serde=/w/target/debug/deps/libserde-2222222222222222.rmeta".split(" "),
    ..."--extern noprelude:m=m.so --extern proc_macro -L native=/usr/lib -L /plain".split(" "),
    ..."--diagnostic-width=80 --target wasm32-unknown-unknown --brand-new".split(" "),
  ];
  const unit = parseRustc(words, "/w");
  assert.ok(unit !== undefined);
  const { argv, ...rest } = unit;
  assert.deepEqual(rest, {
    id: "core_lib-0123456789abcdef",
    crate: "core_lib",
    types: ["lib", "cdylib"],
    emit: ["dep-info", "metadata", "link"],
    externs: [
      { name: "serde", path: "/w/target/debug/deps/libserde-2222222222222222.rmeta" },
      { name: "m", path: "/w/m.so" },
      { name: "proc_macro", path: undefined },
    ],
    libPaths: [
      { kind: "dependency", path: "/w/target/debug/deps" },
      { kind: "native", path: "/usr/lib" },
      { kind: "all", path: "/plain" },
    ],
    incremental: "/w/target/debug/incremental",
    input: "/w/core/src/lib.rs",
    outDir: "/w/target/debug/deps",
    profileDir: "/w/target/debug",
    test: false,
    links: true,
    buildScript: false,
    targetTriple: "wasm32-unknown-unknown",
    cwd: "/w",
  });
  const dropped = ["-C", "incremental=/w/target/debug/incremental", "--diagnostic-width=80"];
  assert.deepEqual(
    argv.join(" "),
    words.join(" ").replace(`${dropped[0]} ${dropped[1]} `, "").replace(`${dropped[2]} `, ""),
  );
});

Deno.test("units of all layouts find their profile's directory, and build scripts are seen", () => {
  const at = (outDir: string, ...words: string[]) =>
    parseRustc(["--crate-name", "x", "x.rs", "--out-dir", outDir, ...words], "/w");
  assert.equal(at("/w/target/debug/deps")?.profileDir, "/w/target/debug");
  assert.equal(at("/t/debug/examples", "--crate-type", "bin")?.profileDir, "/t/debug");
  const script = at("/t/debug/build/p-0123", "--crate-type", "bin");
  assert.deepEqual([script?.profileDir, script?.buildScript], ["/t/debug", true]);
  assert.equal(at("/t/debug/build/p-0123/out", "--crate-type", "lib")?.profileDir, "/t/debug");
  assert.equal(at("/elsewhere")?.profileDir, "/elsewhere");
  const test = at("/t/debug/deps", "--test");
  assert.deepEqual([test?.test, test?.links, test?.id], [true, true, "x"]);
  assert.equal(at("/t/debug/deps", "--crate-type", "lib")?.links, false);
  assert.equal(at("/t/debug/deps", "--crate-type", "bin", "--emit=metadata")?.links, false);
});

Deno.test("what is no unit is left to rustc", () => {
  const base = ["--crate-name", "x", "x.rs", "--out-dir", "o"];
  assert.ok(parseRustc(base, "/w") !== undefined);
  for (
    const words of [
      ["--crate-name", "x", "-", "--out-dir", "o"],
      ["--crate-name", "x", "x.rs"],
      ["x.rs", "--out-dir", "o"],
      [...base, "y.rs"],
      [...base, "--print", "cfg"],
      [...base, "--print=cfg"],
      [...base, "-o", "x"],
      [...base, "--emit=link=/x"],
      [...base, "-V"],
      [],
    ]
  ) assert.equal(parseRustc(words, "/w"), undefined, words.join(" "));
});

Deno.test("words in a file are words", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/args`, "--crate-name\nx y\nx.rs\n--out-dir\no\n");
    assert.equal(parseRustc(["@args"], directory)?.crate, "x y");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
