// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { type Place, TwoPlaces } from "./_two_places.ts";
import { NO_CARGO } from "./_workspace.ts";

/** What was found in the code, without the order in which cargo started its units. */
function said(text: string): string {
  return text.split("\n").filter((line) => !/Compiling|Finished|Locking|Unpack|Adding/.test(line))
    .join("\n");
}

async function says(place: Place, program: string): Promise<string> {
  return (await runProgram(`${place.target}/debug/${program}`, [])).stdout.trim();
}

/** Neither the wrapper nor plain cargo has anything to do. */
async function isFresh(
  place: Place,
  words: readonly string[] = ["build", "--all-targets"],
): Promise<void> {
  for (const wrapped of [true, false]) {
    const { stderr } = await place.build([...words, "-v"], { wrapped });
    assert.deepEqual(stderr.match(/^ *(?:Dirty|Compiling|Running).*/gm), null, stderr);
  }
}

Deno.test(
  "another checkout with another home and target directory finds everything but what knows its path",
  { ignore: NO_CARGO },
  async () => {
    await using places = await TwoPlaces.create();
    const { workspace, first, second } = places;
    await first.build(["build", "--all-targets"]);
    const before = await workspace.units();
    assert.deepEqual(before.hits, []);
    await isFresh(first);
    await workspace.forget();

    await second.build(["build", "--all-targets"]);
    const { hits, ran, cached } = await workspace.units();
    assert.deepEqual([ran, cached], [["app", "app", "embeds", "it"], []], hits.join());
    assert.equal(hits.length, before.ran.length + before.cached.length - ran.length);
    await isFresh(second);

    const told = await says(first, "tool");
    assert.equal(
      told,
      "42 base/src/lib.rs read me 4 /rustc-wrap/registry/plainly-1.0.0/src/lib.rs 9 5 yes",
    );
    assert.equal(await says(second, "tool"), told);
    for (const place of [first, second]) {
      assert.equal(await says(place, "app"), `${place.directory}/app 42`);
      assert.equal(await says(place, "embeds"), `${place.directory}/app`);
    }
    await second.build(["test"]);
  },
);

Deno.test("messages are those of plain cargo, with the paths of the place, also from the store", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create({ env: { CARGO_TERM_COLOR: "always" } });
  const { workspace, first, second } = places;
  for (const place of [first, second]) {
    const plain = await place.build(["build", "-j1"], { wrapped: false });
    assert.match(plain.stderr, /unused variable/);
    assert.ok(plain.stderr.includes(place.directory.replace(/[^/]+$/, "outer/src/lib.rs")));
    await Deno.remove(place.target, { recursive: true });
    const wrapped = await place.build(["build", "-j1"]);
    assert.equal(said(wrapped.stderr), said(plain.stderr));
    const again = await place.build(["build", "-j1"]);
    assert.equal(said(again.stderr), said(plain.stderr));
  }
  assert.ok((await workspace.units()).hits.includes("outer"));
  const lines = (text: string) =>
    text.split("\n").filter((line) => line.includes("compiler-message")).sort();
  for (const place of [first, second]) {
    const outer = place.directory.replace(/[^/]+$/, "outer/src/lib.rs");
    await Deno.writeTextFile(outer, 'pub fn outer() -> u32 { include!("nowhere.rs"); "" }\n');
    const run = (wrapped: boolean) =>
      workspace.cargo(["build", "--message-format=json"], {
        cwd: place.directory,
        env: place.env,
        wrapped,
      });
    const plain = await run(false);
    const wrapped = await run(true);
    assert.deepEqual([plain.code, wrapped.code], [101, 101]);
    assert.ok(lines(plain.stdout).length >= 2, plain.stdout);
    assert.deepEqual(lines(wrapped.stdout), lines(plain.stdout));
  }
});

Deno.test("compiled files are the same bytes in both places, whoever compiles them", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create();
  const { workspace, first, second } = places;
  await first.build(["build"]);
  // Nothing is found: all of it is compiled a second time.
  await second.build(["build"], {
    env: { RUSTCBUILDX_CACHE_DIR: `${workspace.root}/cache2` },
  });
  const sums = async (place: Place) => {
    const all = Object.entries(await workspace.artifacts("debug", place.target));
    return Object.fromEntries(all.flatMap(([path, sum]) => {
      // Cargo has other digits for what is outside of the workspace, and lists are of a place.
      const plain = path.replace(/-[0-9a-f]{16}/, "");
      return path.endsWith(".d") || /app|embeds/.test(path) ? [] : [[plain, sum]];
    }));
  };
  const made = await sums(first);
  assert.ok("/tool" in made && "/deps/libouter.rlib" in made, Object.keys(made).join());
  assert.deepEqual(await sums(second), made);
  const bytes = new TextDecoder("latin1").decode(await Deno.readFile(`${first.target}/debug/tool`));
  assert.ok(!bytes.includes(workspace.root));
});

Deno.test("plain cargo, and whoever remembers nothing, builds upon files that were renamed", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create({
    changes: {
      // Two versions of a package, both outside.
      "../old/Cargo.toml": `[package]\nname = "inner"\nversion = "0.0.9"\nedition = "2021"\n`,
      "../old/src/lib.rs": "pub fn inner() -> u32 { 9 } // NONCE\n",
      "app/Cargo.toml":
        `[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n` +
        `old = { package = "inner", path = "../../old" }\nouter = { path = "../../outer" }\n`,
      "app/src/main.rs": `fn main() { println!("{} {}", old::inner(), outer::outer()); }\n`,
      "app/src/bin/embeds.rs": "fn main() {}\n",
    },
  });
  const { workspace, first, second } = places;
  const touch = async () => {
    await Deno.writeTextFile(`${first.directory}/app/src/main.rs`, "//\n", { append: true });
    await workspace.forget();
  };
  await first.build(["build", "-p", "app"]);
  assert.equal(await says(first, "app"), "9 4");
  await touch();
  await first.build(["build", "-p", "app"], { wrapped: false });
  assert.equal(await says(first, "app"), "9 4");
  for (const CARGOGREEN_REMAP of ["0", "1"]) {
    await touch();
    await Deno.remove(`${first.target}/debug/.rustc-wrap`, { recursive: true });
    await first.build(["build", "-p", "app"], { env: { CARGOGREEN_REMAP } });
    assert.deepEqual((await workspace.units()).ran, ["app"]);
    assert.equal(await says(first, "app"), "9 4");
  }
  await Deno.copyFile(`${first.directory}/app/src/main.rs`, `${second.directory}/app/src/main.rs`);
  await workspace.forget();
  await second.build(["build", "-p", "app"]);
  const { hits, ran } = await workspace.units();
  assert.deepEqual([hits, ran], [["app", "embeds", "inner", "inner", "outer"], []]);
  assert.equal(await says(second, "app"), "9 4");
});

Deno.test("a local compiler makes the same for all places, and says what plain cargo says", {
  ignore: NO_CARGO,
}, async () => {
  await using places = await TwoPlaces.create({ env: { RUSTCBUILDX_RUNNER: "local" } });
  const { workspace, first, second } = places;
  const plain = await first.build(["build", "-j1"], { wrapped: false });
  await Deno.remove(first.target, { recursive: true });
  assert.equal(said((await first.build(["build", "-j1"])).stderr), said(plain.stderr));
  await isFresh(first, ["build"]);
  await workspace.forget();
  await second.build(["build"]);
  await isFresh(second, ["build"]);
  const { hits } = await workspace.units();
  // Programs that know their path are compiled anew, and so is what cargo has other digits for.
  for (const unit of ["base", "macros", "plainly", "scripted", "inner"]) {
    assert.equal(hits.includes(unit), unit !== "inner", hits.join());
  }
  assert.equal(await says(second, "app"), `${second.directory}/app 42`);
  assert.equal(await says(second, "tool"), await says(first, "tool"));
});
