import assert from "node:assert/strict";
import {
  createHashes,
  describeDifference,
  findMaterial,
  readMaterialCache,
  writeMaterialCache,
} from "../../lib/orchestra/mod.ts";
import { closure } from "../../lib/orchestra/hashes/mod.ts";
import { components, fakeWorld, Project, SMALL, SMALL_HASH } from "./_support.ts";

/** Check 4: what makes scalars of every kind. */
const GOLDEN = `${SMALL}  c:
    license: LICENSE.md
    builds:
      b1:
        configure: |
          mkdir -p "$BUILD_DIR"
        install: "printf 'x\\ty' > \\"$TMP_ROOT$ORCHESTRA_ROOT/c_file\\"\\n"
        dependencies: [a]
      b0:
        configure: |
          echo é
          mkdir -p "$BUILD_DIR"
        install: "true \\n"
        build_dependencies: [a@b]
`;
const GOLDEN_HASH = "eb743518dda2b559d2d88953adca281316335e36";

async function hashesOf(text: string, commits: Readonly<Record<string, string>> = {}) {
  await using project = await Project.create(text);
  return await createHashes(await project.load(), fakeWorld({ commits }).commits);
}

Deno.test("the golden hashes of the original come out", async () => {
  assert.equal((await hashesOf(SMALL)).recursiveHash("a"), SMALL_HASH);
  const hashes = await hashesOf(GOLDEN);
  assert.equal(hashes.recursiveHash("c"), GOLDEN_HASH);
  const material = hashes.hashMaterial("c");
  assert.ok(material.includes('"install": "true \\n"'));
  assert.ok(material.includes("\\xE9"));
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(material));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  assert.equal(hex, GOLDEN_HASH);
});

Deno.test("what does not change how a component is built does not change its hash", async () => {
  const same = [
    GOLDEN.replace('a_file"\n', 'a_file"\n        asan: true\n'),
    `${GOLDEN}environment: [{A: "1"}]\npaths: {tmproot: /t}\nbinary_archives: [{o: u}]\n`,
    GOLDEN.replace(
      "    license",
      "    binary_archives: o\n    build_from_source: true\n    license",
    ),
    GOLDEN.replace("    license", "    test_triggers: [a]\n    check_branch: [x]\n    license"),
  ];
  for (const text of same) {
    assert.notEqual(text, GOLDEN);
    const hashes = await hashesOf(text);
    assert.deepEqual([hashes.recursiveHash("a"), hashes.recursiveHash("c")], [
      SMALL_HASH,
      GOLDEN_HASH,
    ]);
  }
});

Deno.test("what changes how a component is built changes its hash, and not those below it", async () => {
  const different = [
    GOLDEN.replace("LICENSE.md", "COPYING"),
    GOLDEN.replace("true \\n", "true\\n"),
    GOLDEN.replace(
      "        build_dependencies",
      "        ndebug: false\n        build_dependencies",
    ),
    GOLDEN.replace("    license", "    skip_post_install: true\n    license"),
    GOLDEN.replace("    license", "    add_to_path: [x]\n    license"),
    GOLDEN.replace("    license", "    repository: r\n    license"),
    GOLDEN.replace("    license", "    default_build: b1\n    license"),
    GOLDEN.replace("[a@b]", "[a]"),
  ];
  for (const text of different) {
    assert.notEqual(text, GOLDEN);
    const hashes = await hashesOf(text);
    assert.equal(hashes.recursiveHash("a"), SMALL_HASH);
    assert.notEqual(hashes.recursiveHash("c"), GOLDEN_HASH, text);
  }
  const below = await hashesOf(GOLDEN.replace("a_file", "a_fill"));
  assert.notEqual(below.recursiveHash("a"), SMALL_HASH);
  assert.notEqual(below.recursiveHash("c"), GOLDEN_HASH);
});

Deno.test("the commit of a repository is part of the hash, and names are not", async () => {
  const text = GOLDEN.replace("    license", "    repository: r\n    license");
  const unknown = (await hashesOf(text)).recursiveHash("c");
  const known = await hashesOf(text, { r: "c0ffee" });
  assert.notEqual(known.recursiveHash("c"), unknown);
  assert.ok(known.hashMaterial("c").includes('"commit": |-\n    c0ffee\n'));
  const renamed = await hashesOf(SMALL.replace("  a:", "  other:"));
  assert.equal(renamed.recursiveHash("other"), SMALL_HASH);
});

Deno.test("all members of a cycle share a hash, and items are sorted by code points", async () => {
  const text = components({ "x@b": ["v"], "v@b": ["z"], "z@b": ["x"], "w@b": ["x"] });
  const hashes = await hashesOf(text);
  const all = ["x", "v", "z"].map((name) => hashes.recursiveHash(name));
  assert.equal(new Set(all).size, 1);
  assert.notEqual(hashes.recursiveHash("w"), all[0]);
  await using project = await Project.create(
    components({ "B@b": ["a", "_", "Z"], "a@b": [], "_@b": [], "Z@b": [] }),
  );
  assert.deepEqual(closure((await project.load()).components, "B"), ["B", "Z", "_", "a"]);
});

Deno.test("hash material is kept, found by its hash, and not used when something has changed", async () => {
  await using project = await Project.create(GOLDEN.replace("  c:", "  lib/c:\n    repository: r"));
  const configuration = await project.load();
  const { commits } = fakeWorld({ commits: { r: "c0ffee" } });
  const hashes = await createHashes(configuration, commits);
  assert.equal(await readMaterialCache(configuration, commits, "lib/c"), undefined);
  await writeMaterialCache(configuration, commits, hashes, "lib/c");
  const material = hashes.hashMaterial("lib/c");
  assert.equal(
    await Deno.readTextFile(project.path(".orchestra/cache/hash-material/lib-c")),
    `{"version": 1, "config_hash": "${configuration.hash}", ` +
      `"dep_commits": {"lib/c": "c0ffee"}}\n${material}`,
  );
  assert.equal(await readMaterialCache(configuration, commits, "lib/c"), material);
  const hash = hashes.recursiveHash("lib/c");
  assert.deepEqual(await findMaterial(configuration, hash), { material, names: ["a", "lib/c"] });
  const moved = fakeWorld({ commits: { r: "decaf" } }).commits;
  assert.equal(await readMaterialCache(configuration, moved, "lib/c"), undefined);
  const edited = { ...configuration, hash: "0".repeat(40) };
  assert.equal(await readMaterialCache(edited, commits, "lib/c"), undefined);
  await Deno.writeTextFile(project.path(`.orchestra/cache/hash-material-by-hash/${hash}`), "x");
  assert.equal(await findMaterial(configuration, hash), undefined);
  assert.equal(await findMaterial(configuration, "../../../etc/passwd"), undefined);
});

Deno.test("a difference is said in words, with names or without them", async () => {
  const before = await hashesOf(GOLDEN);
  const text = GOLDEN.replace("a_file", "a_fill").replace("LICENSE.md", "COPYING")
    .replace("        build_dependencies: [a@b]", "        build_dependencies: [a, d]") +
    "  d:\n    builds:\n      x: {configure: c, install: i}\n";
  const after = await hashesOf(text);
  const now = { material: after.hashMaterial("c"), names: ["a", "c", "d"] };
  const expected = [
    "a@b: the install script has changed from line 1 on, 1 line by 1: " +
    '"touch \\"$TMP_ROOT$ORCHESTRA_ROOT/a_file\\"" -> "touch \\"$TMP_ROOT$ORCHESTRA_ROOT/a_fill\\""',
    'c: the license was "LICENSE.md" and is "COPYING"',
    "c@b0: the build dependencies have changed: +a +d -a@b",
    "d: is new among what it depends on",
  ];
  const material = before.hashMaterial("c");
  assert.deepEqual(describeDifference({ material, names: ["a", "c"] }, now), expected);
  assert.deepEqual(describeDifference({ material }, now), expected);
  assert.deepEqual(describeDifference(now, now), []);
  const back = describeDifference(now, { material, names: ["a", "c"] });
  assert.equal(back.at(-1), "d: is no longer among what it depends on");
});

Deno.test("a hash is that of its material, whatever was hashed before it", async () => {
  await using project = await Project.create(
    components({
      "a@b": ["m", "z"],
      "b@b": ["a"],
      "c@b": ["b", "a~b"],
      "m@b": [],
      "z@b": ["m"],
      "zz@b": ["c", "z"],
    }).replaceAll("mkdir", `${"# ".padEnd(50_000, "x")}\\nmkdir`).replaceAll(
      /configure: (.*)/g,
      (_, script) => `configure: ${JSON.stringify(script.replace("\\n", "\n"))}`,
    ),
  );
  const configuration = await project.load();
  const names = [...configuration.components.keys()];
  const { createHash } = await import("node:crypto");
  for (const order of [names, names.toReversed(), ["zz", "m", "c", "a", "b", "z"]]) {
    const hashes = await createHashes(configuration, fakeWorld().commits);
    for (const name of order) {
      const hash = hashes.recursiveHash(name);
      const material = hashes.hashMaterial(name);
      assert.equal(createHash("sha1").update(material).digest("hex"), hash, name);
    }
  }
});

Deno.test("thousands of components that each need the one before are hashed in seconds", async () => {
  const builds = Array.from({ length: 5_000 }, (_, index) => {
    const name = `c${String(index).padStart(4, "0")}`;
    const component = `c${String(index - 1).padStart(4, "0")}`;
    const dependencies = index === 0 ? [] : [{ component, exact: false, text: component }];
    const build = {
      component: name,
      name: "b",
      configure: 'mkdir -p "$BUILD_DIR"',
      install: `true ${index}`,
      dependencies,
      buildDependencies: [],
      ndebug: true,
      asan: false,
    };
    return [name, {
      name,
      builds: new Map([["b", build]]),
      defaultBuild: "b",
      license: null,
      binaryArchives: null,
      repository: null,
      buildFromSource: false,
      skipPostInstall: false,
      addToPath: [],
      testTriggers: [],
      checkBranch: [],
    }] as const;
  });
  const start = performance.now();
  const hashes = await createHashes({ components: new Map(builds) }, fakeWorld().commits);
  for (const [name] of builds) hashes.recursiveHash(name);
  assert.ok(performance.now() - start < 20_000);
});
