// gate-timeout: 300 s
import assert from "node:assert/strict";
import { listTree } from "../../lib/orchestra/installed/list_tree.ts";
import { Project, SMALL, SMALL_HASH } from "./_support.ts";

/** Writes builds by `component@build`: extra lines of YAML besides plain scripts. */
function tree(builds: Readonly<Record<string, readonly string[]>>): string {
  const byName = new Map<string, [string, readonly string[]][]>();
  for (const [spec, lines] of Object.entries(builds)) {
    const [name = "", build = ""] = spec.split("@");
    byName.set(name, [...byName.get(name) ?? [], [build, lines]]);
  }
  const text = ["components:"];
  for (const [name, list] of byName) {
    text.push(`  ${name}:`, "    builds:");
    for (const [build, lines] of list) {
      const has = (key: string) => lines.some((line) => line.startsWith(key));
      text.push(`      ${build}:`);
      if (!has("configure:")) text.push('        configure: mkdir -p "$BUILD_DIR"');
      if (!has("install:")) {
        const file = `${name}_${build}`.replaceAll("/", "_");
        text.push(`        install: echo ${file} > "$TMP_ROOT$ORCHESTRA_ROOT/${file}"`);
      }
      text.push(...lines.map((line) => `        ${line}`));
    }
  }
  return `${text.join("\n")}\n`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

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

Deno.test("scripts stop at the first failure, also in a pipe, and at unset variables", async () => {
  await using project = await Project.create(tree({
    "pipe@b": ["install: ls /nonexistent | cat; echo no"],
    "unset@b": ["install: echo $UNDEF"],
    "good@b": ["install: echo chatter"],
  }));
  const pipe = await project.orc(["install", "-b", "pipe"]);
  assert.equal(pipe.code, 1);
  assert.match(pipe.stderr, /Script failed with exit code 2/);
  assert.doesNotMatch(pipe.stderr, /^no$/m);
  assert.ok(await exists(project.path(".orchestra/tmproot/pipe_b")), "what was built stays");
  assert.equal((await project.orc(["install", "-b", "unset"])).code, 1);
  const quiet = await project.orc(["-q", "install", "-b", "pipe"]);
  assert.match(quiet.stderr, /Script failed with exit code 2\nOutput stream:\nls: cannot access/);
  assert.equal(quiet.stderr.match(/cannot access/g)?.length, 1);
  const good = await project.orc(["-q", "install", "-b", "good"]);
  assert.equal(good.code, 0);
  assert.doesNotMatch(good.stderr, /^chatter$/m);
  const loud = await project.orc(["install", "-b", "good"]);
  assert.match(loud.stderr, /^chatter$/m);
});

Deno.test("configure has to make BUILD_DIR, and is run again after a failure", async () => {
  await using project = await Project.create(tree({
    "lazy@b": ['configure: "true"'],
    "picky@b": ['configure: mkdir -p "$BUILD_DIR"; test -e "$ORCHESTRA_DOTDIR/ok"'],
  }));
  const lazy = await project.orc(["install", "-b", "lazy"]);
  assert.equal(lazy.code, 1);
  assert.match(lazy.stderr, /build\/lazy\/b was not created by the configure script/);
  assert.equal((await project.orc(["configure", "-b", "picky"])).code, 1);
  await project.write(".orchestra/ok", "");
  const fixed = await project.orc(["install", "-b", "picky"]);
  assert.equal(fixed.code, 0, fixed.stderr);
  assert.match(
    fixed.stderr,
    /Previous configure probably failed, running configure script in a dirty environment/,
  );
  assert.match(fixed.stderr, /orchestra clean picky@b/);
  const again = await project.orc(["configure", "-b", "picky"]);
  assert.match(again.stderr, /This component was already successfully configured, rerunning/);
});

Deno.test("a build directory without a record of failure is configured", async () => {
  await using project = await Project.create(SMALL);
  await Deno.mkdir(project.path("build/a/b"), { recursive: true });
  const { stderr } = await project.orc(["install", "-b", "-n", "a"]);
  assert.doesNotMatch(stderr, /configure of/);
});

Deno.test("files of another component are a conflict, and both old builds stay", async () => {
  const file = (text: string, extra = "true") =>
    `install: ${extra}; echo ${text} > "$TMP_ROOT$ORCHESTRA_ROOT/bin/x"`;
  await using project = await Project.create(tree({
    "p@b": [file("p")],
    "q@old": ['install: echo q > "$TMP_ROOT$ORCHESTRA_ROOT/bin/q"'],
    "q@new": [file("q")],
  }));
  for (const spec of ["p", "q@old"]) {
    assert.equal((await project.orc(["install", "-b", spec])).code, 0);
  }
  const conflict = await project.orc(["install", "-b", "q@new"]);
  assert.equal(conflict.code, 1);
  assert.match(conflict.stderr, /File conflicts detected:\nbin\/x\n/);
  assert.equal(await Deno.readTextFile(project.path("root/bin/x")), "p\n");
  assert.equal(await Deno.readTextFile(project.path("root/bin/q")), "q\n");
  assert.ok(await exists(project.path(".orchestra/tmproot/q_new")));
  assert.equal((await project.orc(["verify"])).code, 0);
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

Deno.test("a script that removes its own TMP_ROOT is named, and nothing is lost", async () => {
  await using project = await Project.create(tree({
    "a@good": [],
    "a@bad": ['install: rm -rf "$TMP_ROOT"'],
  }));
  await project.orc(["install", "-b", "a@good"]);
  const { code, stderr } = await project.orc(["install", "-b", "a@bad"]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot merge a@bad: its install script has removed ".*tmproot\/a_bad"/);
  assert.doesNotMatch(stderr, /\bat .*\.ts/);
  assert.ok(await exists(project.path("root/a_good")));
});

Deno.test("broken metadata is named with exit code 100, and uninstall still works", async () => {
  await using project = await Project.create(SMALL);
  await project.orc(["install", "-b", "a"]);
  const path = project.path("root/share/orchestra/a.json");
  for (const text of ["{", "[]", '{"component_name": 1}', '{"component_name": "other"}']) {
    await Deno.writeTextFile(path, text);
    const { code, stderr } = await project.orc(["install", "-b", "a"]);
    assert.equal(code, 100);
    assert.match(stderr, /Cannot read what is installed: ".*share\/orchestra\/a\.json"/);
    assert.doesNotMatch(stderr, /\bat .*\.ts/);
    assert.ok(await exists(project.path("root/a_file")));
  }
  assert.equal((await project.orc(["verify"])).code, 1);
  assert.equal((await project.orc(["uninstall", "a"])).code, 0);
  assert.equal(await exists(project.path("root/a_file")), false);
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
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

Deno.test("two installs at once wait for each other", async () => {
  await using project = await Project.create(tree({
    "slow@b": ['install: sleep 1; echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/slow"'],
    "other@b": [],
  }));
  await project.orc(["configure", "-b", "slow"]);
  const first = project.orc(["install", "-b", "slow"]);
  const record = project.path("root/share/orchestra/.lock");
  const deadline = Date.now() + 20_000;
  while (!await exists(record) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const second = await project.orc(["install", "-b", "other"]);
  assert.equal(second.code, 0);
  assert.match(second.stderr, /Waiting for process \d+ \(install slow@b\), which uses the root/);
  assert.equal((await first).code, 0);
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("orc inside of an install script does not wait for itself", async () => {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  await using project = await Project.create(tree({
    "a@b": [`install: "${Deno.execPath()} run -q -A ${main} orc install -b c"`],
    "c@b": [],
  }));
  const { code, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 1);
  assert.match(stderr, /this runs in a script of a command that has locked/);
});

Deno.test("clean removes the build directory, and sources if that is wanted", async () => {
  await using project = await Project.create(SMALL);
  await project.orc(["install", "-b", "a"]);
  await project.write("sources/a/file", "");
  const both = await project.orc(["clean", "--all", "a"]);
  assert.equal(both.code, 1);
  assert.match(both.stderr, /--all implies all components, do not specify any of them/);
  assert.equal((await project.orc(["clean"])).code, 1);
  await project.orc(["clean", "--pretend", "a"]);
  assert.ok(await exists(project.path("build/a/b")));
  await project.orc(["clean", "a"]);
  assert.equal(await exists(project.path("build/a/b")), false);
  assert.ok(await exists(project.path("sources/a/file")));
  await project.orc(["clean", "-s", "a"]);
  assert.equal(await exists(project.path("sources/a")), false);
  await project.orc(["install", "-b", "a"]);
  await project.orc(["clean", "--all"]);
  assert.deepEqual([...Deno.readDirSync(project.path("build"))], []);
});

Deno.test("shell has the variables of scripts, its words and its exit code", async () => {
  await using project = await Project.create(SMALL);
  const hello = await project.orc(["shell", "echo", "hi", "there"]);
  assert.equal(hello.stdout, "hi there\n");
  assert.equal((await project.orc(["shell", "bash", "-c", "exit 7"])).code, 7);
  const absent = await project.orc(["shell", "-c", "a", "pwd"]);
  assert.equal(absent.code, 100);
  assert.match(absent.stderr, /Build directory for component a@b does not exist/);
  await project.orc(["configure", "-b", "a"]);
  const inside = await project.orc(["shell", "-c", "a", "pwd"]);
  assert.equal(inside.stdout, `${project.path("build/a/b")}\n`);
  const variable = await project.orc(["shell", "bash", "-c", 'echo "$ORCHESTRA_ROOT $RUN_TESTS"']);
  assert.equal(variable.stdout, `${project.path("root")} 0\n`);
});

Deno.test("gc removes what was installed for something that is gone", async () => {
  await using project = await Project.create(
    tree({ "dep@b": [], "top@b": ["dependencies: [dep]"], "other@b": [] }),
  );
  await project.orc(["install", "-b", "top", "other"]);
  await project.orc(["uninstall", "top"]);
  await project.write("build/unknown/b/file", "");
  await project.write(".orchestra/tmproot/x_y/file", "");
  await project.write("root/share/orchestra/.sandbox/killed/bin/x", "");
  const pretended = await project.orc(["gc", "-n", "--json"]);
  assert.deepEqual(JSON.parse(pretended.stdout), {
    components: ["dep"],
    directories: [
      project.path(".orchestra/tmproot/x_y"),
      project.path("build/unknown"),
      project.path("root/share/orchestra/.sandbox/killed"),
    ],
    cached: [],
  });
  assert.ok(await exists(project.path("root/dep_b")));
  assert.equal((await project.orc(["gc"])).code, 0);
  assert.equal(await exists(project.path("root/dep_b")), false);
  assert.ok(await exists(project.path("root/other_b")));
  assert.ok(await exists(project.path("build/other/b")));
  assert.equal(await exists(project.path("build/unknown")), false);
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("doctor tells what is there and what is not", async () => {
  await using project = await Project.create(SMALL);
  await project.orc(["install", "-b", "a"]);
  const { code, stdout } = await project.orc(["doctor", "--json"]);
  const { ok, checks } = JSON.parse(stdout);
  assert.equal(code, ok ? 0 : 1);
  const names = checks.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, [
    ...["bash", "cp", "tar", "xz", "git", "git-lfs", "archives", "refs", "root"],
  ]);
  assert.equal(checks.at(-1).message, "1 components with 3 files");
  await Deno.remove(project.path("root/a_file"));
  const broken = await project.orc(["doctor"]);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /failure {2}root {7}a_file is missing/);
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

Deno.test("builds whose names would give the same TMP_ROOT are built at the same time", async () => {
  const build = (name: string, component: string) =>
    `  ${component}:\n    builds:\n      ${name}:\n        configure: mkdir -p "$BUILD_DIR"\n` +
    `        install: sleep 0.3; touch "$TMP_ROOT$ORCHESTRA_ROOT/f_${component}"\n`;
  await using project = await Project.create(
    `components:\n${build("c", "a_b")}${build("b_c", "a")}`,
  );
  const { code, stderr } = await project.orc(["install", "-B", "--jobs", "2", "a_b", "a"]);
  assert.equal(code, 0, stderr);
  const index = await Deno.readTextFile(project.path("root/share/orchestra/a.idx"));
  assert.match(index, /^f_a$/m);
  assert.doesNotMatch(index, /f_a_b/);
  const { stdout } = await project.orc(["environment", "a_b"]);
  assert.match(stdout, /TMP_ROOT=".*\/tmproot\/a_b_c"/);
});

Deno.test("a script that puts a link in the place of its TMP_ROOT is named, and the root stays", async () => {
  const build = (name: string, install: string) =>
    `  ${name}:\n    builds:\n      b:\n        configure: mkdir -p "$BUILD_DIR"\n        install: ${install}\n`;
  await using project = await Project.create(
    SMALL + build("whole", `rm -rf "$TMP_ROOT"; ln -s / "$TMP_ROOT"`) +
      build(
        "inner",
        `rm -rf "$TMP_ROOT$ORCHESTRA_ROOT"; ln -s "$ORCHESTRA_ROOT" "$TMP_ROOT$ORCHESTRA_ROOT"`,
      ),
  );
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  await Deno.writeTextFile(project.path("root/bin/tool"), `#!${project.path("root/bin/x")}\n`);
  for (const name of ["whole", "inner"]) {
    const { code, stderr } = await project.orc(["install", "-b", name]);
    assert.equal(code, 1);
    assert.match(stderr, /its install script has put something else in the place of "/);
  }
  const tool = await Deno.readTextFile(project.path("root/bin/tool"));
  assert.equal(tool, `#!${project.path("root/bin/x")}\n`);
  assert.ok(await exists(project.path("root/a_file")));
});

Deno.test("names that are not UTF-8 are refused before anything is changed", async () => {
  const build = (name: string, install: string) =>
    `  ${name}:\n    builds:\n      b:\n        configure: mkdir -p "$BUILD_DIR"\n        install: ${install}\n`;
  await using project = await Project.create(
    SMALL + build("file", `touch "$TMP_ROOT$ORCHESTRA_ROOT/x"$'\\xff'"y"`) +
      build("directory", `mkdir "$TMP_ROOT$ORCHESTRA_ROOT/x"$'\\xff'"y"`),
  );
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  for (const name of ["file", "directory"]) {
    const { code, stderr } = await project.orc(["install", "-b", name]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use a file named "x\ufffdy": it is not UTF-8/);
  }
  assert.equal((await project.orc(["verify"])).code, 0);
  await project.orc(["shell", "bash", "-c", `mkdir "$ORCHESTRA_ROOT/x"$'\\xff'"y"`]);
  const { code, stdout } = await project.orc(["verify"]);
  assert.equal(code, 1);
  assert.match(stdout, /^x.*y belongs to no component$/m);
});

Deno.test("a root that is no directory is named, and left as it is", async () => {
  await using project = await Project.create(SMALL);
  const root = project.path("root");
  for (const make of [() => Deno.writeTextFile(root, "x"), () => Deno.symlink("root", root)]) {
    await make();
    for (const args of [["install", "-b", "a"], ["verify"], ["components"], ["uninstall", "a"]]) {
      const { code, stderr } = await project.orc(args);
      assert.equal(code, 100, args[0]);
      assert.match(stderr, /^\[\+\] ERROR - The root must be a directory: ".*\/root": /m);
    }
    assert.equal((await Deno.lstat(root)).isDirectory, false);
    await Deno.remove(root);
  }
});

Deno.test("metadata that is a directory is told as broken, with what mends it", async () => {
  for (const name of ["a.json", "a.idx"]) {
    await using project = await Project.create(SMALL);
    assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
    const path = project.path(`root/share/orchestra/${name}`);
    await Deno.remove(path);
    await Deno.mkdir(path);
    const verified = await project.orc(["verify"]);
    assert.equal(verified.code, 1, verified.stderr);
    assert.match(verified.stdout, /cannot be read \(Is a directory/);
    if (name === "a.idx") {
      assert.match(verified.stdout, /or remove it, and `orc verify` lists what is left of a$/m);
      assert.ok(await exists(project.path("root/a_file")));
      continue;
    }
    const removed = await project.orc(["uninstall", "a"]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal(await exists(path), false);
    assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  }
});
