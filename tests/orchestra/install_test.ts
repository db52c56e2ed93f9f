// gate-timeout: 300 s
import assert from "node:assert/strict";
import { listTree } from "../../lib/orchestra/installed/list_tree.ts";
import { exists, Project, SMALL, SMALL_HASH, tree } from "./_support.ts";

async function lines(path: string): Promise<readonly string[]> {
  return (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
}

Deno.test("install -b builds into a skeleton, merges, and writes an index and metadata", async () => {
  await using project = await Project.create(SMALL);
  const { code, stdout, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  const { files, directories } = await listTree(project.path("root"));
  assert.deepEqual([...files].sort(), [
    "a_file",
    "lib",
    "share/orchestra/a.idx",
    "share/orchestra/a.json",
  ]);
  assert.equal(await Deno.readLink(project.path("root/lib")), "lib64");
  assert.deepEqual(directories.map(({ path }) => path).sort(), [
    "bin",
    "include",
    "lib64",
    "lib64/include",
    "lib64/pkgconfig",
    "libexec",
    "share",
    "share/doc",
    "share/man",
    "share/orchestra",
    "usr",
    "usr/include",
    "usr/lib",
  ]);
  assert.deepEqual(await lines(project.path("root/share/orchestra/a.idx")), [
    "a_file",
    "share/orchestra/a.idx",
    "share/orchestra/a.json",
  ]);
  const metadata = JSON.parse(
    await Deno.readTextFile(project.path("root/share/orchestra/a.json")),
  );
  assert.deepEqual(Object.keys(metadata), [
    "component_name",
    "build_name",
    "recursive_hash",
    "source",
    "manually_installed",
    "install_time",
    "binary_archive_path",
  ]);
  assert.equal(metadata.source, "build");
  assert.equal(metadata.manually_installed, true);
  assert.equal(metadata.recursive_hash, SMALL_HASH);
  assert.deepEqual([...Deno.readDirSync(project.path(".orchestra/tmproot"))], []);
  const verify = await project.orc(["verify"]);
  assert.equal(verify.code, 0, verify.stderr);
});

Deno.test("install without an archive and without -b says what to do and touches nothing", async () => {
  await using project = await Project.create(
    tree({ "dep@b": [], "dependant@b": ["dependencies: [dep]"] }),
  );
  const missing = await project.orc(["install", "dep"]);
  assert.equal(missing.code, 100);
  assert.match(
    missing.stderr,
    /Binary archive linux-x86-64\/dep\/b\/none_[0-9a-f]{40}\.tar\.xz for dep@b not found\. Try `orc update` or run `orc install -b`/,
  );
  assert.equal(await exists(project.path("root")), false);
  assert.equal((await project.orc(["install", "-b", "dependant"])).code, 0);
  assert.equal((await project.orc(["install", "dep"])).code, 100);
  assert.ok(await exists(project.path("root/dependant_b")), "no dependant was removed");
});

Deno.test("install -b -n only tells what it would do", async () => {
  await using project = await Project.create(SMALL);
  const { code, stderr } = await project.orc(["install", "-b", "-n", "a"]);
  assert.equal(code, 0);
  assert.deepEqual(stderr.split("\n").filter((line) => line.includes("Executing Action")), [
    "[+] INFO - Executing Action configure of a@b",
    "[+] INFO - Executing Action install (build or binary archives) of a@b",
  ]);
  for (const path of ["root", "build", ".orchestra/tmproot"]) {
    assert.equal(await exists(project.path(path)), false);
  }
});

Deno.test("a second install runs the install script again; --no-force does nothing", async () => {
  await using project = await Project.create(SMALL);
  await project.orc(["install", "-b", "a"]);
  const again = await project.orc(["install", "-b", "-n", "a"]);
  assert.deepEqual(
    again.stderr.split("\n").filter((line) => line.includes("Executing Action")),
    ["[+] INFO - Executing Action install (build or binary archives) of a@b"],
  );
  const unforced = await project.orc(["install", "-b", "--no-force", "a"]);
  assert.equal(unforced.code, 0);
  assert.match(unforced.stderr, /No actions to perform/);
});

Deno.test("another build of a component takes the place of the first one", async () => {
  await using project = await Project.create(tree({ "B@build0": [], "B@build1": [] }));
  await project.orc(["install", "-b", "B@build0"]);
  await project.orc(["install", "-b", "B@build1"]);
  assert.equal(await exists(project.path("root/B_build0")), false);
  assert.ok(await exists(project.path("root/B_build1")));
  const other = await project.orc(["uninstall", "B@build0"]);
  assert.match(other.stderr, /Component B@build0 is not installed/);
  assert.ok(await exists(project.path("root/B_build1")));
  await Deno.writeTextFile(project.path("root/mine"), "");
  const { code } = await project.orc(["uninstall", "B"]);
  assert.equal(code, 0);
  assert.deepEqual([...(await listTree(project.path("root"))).files].sort(), ["lib", "mine"]);
  const none = await project.orc(["uninstall", "B"]);
  assert.equal(none.code, 0);
  assert.match(none.stderr, /INFO - Component B is not installed/);
});

Deno.test("what depends on a component goes with its old build, unless it may stay", async () => {
  await using project = await Project.create(
    tree({ "dep@b": [], "dependant@b": ["dependencies: [dep]"] }),
  );
  await project.orc(["install", "-b", "dependant"]);
  const stays = await project.orc(["install", "-b", "--no-uninstall-dependants", "dep"]);
  assert.equal(stays.code, 0);
  assert.ok(await exists(project.path("root/dependant_b")));
  const unmerged = await project.orc(["install", "-b", "--no-merge", "dep"]);
  assert.equal(unmerged.code, 0);
  assert.ok(await exists(project.path("root/dependant_b")));
  const goes = await project.orc(["install", "-b", "dep"]);
  assert.match(goes.stderr, /INFO - Uninstalling dependant/);
  assert.equal(await exists(project.path("root/dependant_b")), false);
  assert.equal(await exists(project.path("root/share/orchestra/dependant.json")), false);
  assert.ok(await exists(project.path("root/dep_b")));
});

Deno.test("a failed build leaves the old one and its dependants", async () => {
  const flaky =
    'install: test ! -e "$ORCHESTRA_DOTDIR/broken"; echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/dep_b"';
  await using project = await Project.create(
    tree({ "dep@b": [flaky], "dependant@b": ["dependencies: [dep]"] }),
  );
  await project.orc(["install", "-b", "dependant"]);
  await project.write(".orchestra/broken", "");
  assert.equal((await project.orc(["install", "-b", "dep"])).code, 1);
  assert.ok(await exists(project.path("root/dep_b")));
  assert.ok(await exists(project.path("root/dependant_b")));
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("--test sets RUN_TESTS and installs what is triggered", async () => {
  const component = `components:
  t:
    test_triggers: [after]
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: echo "$RUN_TESTS" > "$TMP_ROOT$ORCHESTRA_ROOT/t"
  after:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/after"
`;
  await using project = await Project.create(component);
  await project.orc(["install", "-B", "t"]);
  assert.equal(await Deno.readTextFile(project.path("root/t")), "0\n");
  assert.equal(await exists(project.path("root/after")), false);
  const { code } = await project.orc(["install", "-B", "--test", "t"]);
  assert.equal(code, 0);
  assert.equal(await Deno.readTextFile(project.path("root/t")), "1\n");
  assert.ok(await exists(project.path("root/after")));
});

Deno.test("--keep-tmproot, --no-merge and --discard-build-directories do what they say", async () => {
  await using project = await Project.create(SMALL);
  const root = project.path("root").slice(1);
  await project.orc(["install", "-b", "--keep-tmproot", "--no-merge", "a"]);
  assert.ok(await exists(project.path(`.orchestra/tmproot/a_b/${root}/a_file`)));
  assert.equal(await exists(project.path("root/a_file")), false);
  await project.orc(["install", "-b", "--keep-tmproot", "--discard-build-directories", "a"]);
  assert.ok(await exists(project.path(`.orchestra/tmproot/a_b/${root}/a_file`)));
  assert.ok(await exists(project.path("root/a_file")));
  assert.equal(await exists(project.path("build/a/b")), false);
});

Deno.test("a root that the original has made is understood and upgraded in place", async () => {
  await using project = await Project.create(SMALL);
  await project.write("root/old_file", "old");
  await project.write(
    "root/share/orchestra/a.idx",
    "old_file\nshare/orchestra/a.idx\n" +
      "share/orchestra/a.json\n",
  );
  await project.write(
    "root/share/orchestra/a.json",
    '{"component_name": "a", "build_name": "b", "recursive_hash": "0123", "source": "build", ' +
      '"manually_installed": true, "install_time": 1.25, "binary_archive_path": "x"}',
  );
  assert.equal((await project.orc(["verify"])).code, 0);
  const { code, stderr } = await project.orc(["upgrade", "-b"]);
  assert.equal(code, 0, stderr);
  assert.equal(await exists(project.path("root/old_file")), false);
  assert.ok(await exists(project.path("root/a_file")));
  assert.match((await project.orc(["upgrade", "-b"])).stderr, /No actions to perform/);
});

Deno.test("a component that was asked for stays so when it is installed as a dependency", async () => {
  await using project = await Project.create(
    tree({ "dep@b": [], "dependant@b": ["dependencies: [dep]"] }),
  );
  await project.orc(["install", "-b", "dep"]);
  await project.configure({
    "components.yml": tree({
      "dep@b": ['install: echo new > "$TMP_ROOT$ORCHESTRA_ROOT/dep"'],
      "dependant@b": ["dependencies: [dep]"],
    }),
  });
  await project.orc(["install", "-b", "dependant"]);
  assert.ok(await exists(project.path("root/dep")));
  const metadata = await Deno.readTextFile(project.path("root/share/orchestra/dep.json"));
  assert.equal(JSON.parse(metadata).manually_installed, true);
});

Deno.test("an unknown test trigger stops install and plan before anything is done", async () => {
  await using project = await Project.create(
    SMALL.replace("  a:\n", "  a:\n    test_triggers: [aa@x]\n"),
  );
  for (const command of ["install", "plan"]) {
    const { code, stderr } = await project.orc([command, "-B", "--test", "a"]);
    assert.equal(code, 1, command);
    assert.match(stderr, /test_triggers of a: Component aa@x not found! Did you mean a\?/);
  }
  assert.equal(await exists(project.path("root")), false);
  assert.equal((await project.orc(["install", "-B", "a"])).code, 0);
});

Deno.test("--json gives one document for several components, also if one of them fails", async () => {
  await using project = await Project.create(
    tree({ "a@b": [], "bad@b": ['install: "false"'], "c@b": [] }),
  );
  const install = async (...words: readonly string[]) => {
    const { code, stdout } = await project.orc(["install", "-b", "--json", ...words]);
    const { plan, done, failed } = JSON.parse(stdout);
    const ids = plan.map(({ id }: { id: string }) => id);
    return { code, ids, done, failed: failed.length };
  };
  const both = ["configure a@b", "install a@b", "configure c@b", "install c@b"];
  assert.deepEqual(await install("a", "c"), { code: 0, ids: both, done: both, failed: 0 });
  assert.deepEqual(await install("a", "bad", "c"), {
    code: 1,
    ids: ["install a@b", "configure bad@b", "install bad@b"],
    done: ["install a@b", "configure bad@b"],
    failed: 1,
  });
});
