// gate-timeout: 300 s
import assert from "node:assert/strict";
import { exists, Project, SMALL, tree } from "./_support.ts";

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
  assert.match(quiet.stderr, /All of its output is in .*\/cache\/logs\/install_pipe@b\.log\n/);
  const good = await project.orc(["-q", "install", "-b", "good"]);
  assert.equal(good.code, 0);
  assert.doesNotMatch(good.stderr, /^chatter$/m);
  const loud = await project.orc(["install", "-b", "good"]);
  assert.match(loud.stderr, /^chatter$/m);
});

Deno.test("configure has to make BUILD_DIR, and is run again after a failure", async () => {
  await using project = await Project.create(tree({
    "lazy@b": ['configure: "true"'],
    "file@b": ['configure: mkdir -p "${BUILD_DIR%/*}"; echo > "$BUILD_DIR"'],
    "picky@b": ['configure: mkdir -p "$BUILD_DIR"; test -e "$ORCHESTRA_DOTDIR/ok"'],
  }));
  const lazy = await project.orc(["install", "-b", "lazy"]);
  assert.equal(lazy.code, 1);
  assert.match(lazy.stderr, /build\/lazy\/b was not created by the configure script/);
  const file = await project.orc(["install", "-b", "file"]);
  assert.equal(file.code, 1);
  assert.match(file.stderr, /build\/file\/b must be a directory: the configure script has put/);
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

Deno.test("a daemon that a script has started does not hold up the install, and goes on", async () => {
  await using project = await Project.create(tree({
    "a@b": ['install: sleep 300 & echo $! > "$ORCHESTRA_DOTDIR/pid"; echo "has started it"'],
  }));
  const { code, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^has started it$/m);
  const pid = Number(await Deno.readTextFile(project.path(".orchestra/pid")));
  assert.equal(await Deno.readTextFile(`/proc/${pid}/comm`), "sleep\n");
  Deno.kill(pid, "SIGKILL");
});
