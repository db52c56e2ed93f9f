import assert from "node:assert/strict";
import { exists, Project, SMALL, tree } from "./_support.ts";

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

Deno.test("files in the place of orchestra's own are refused, and others are not broken by them", async () => {
  const own = "$TMP_ROOT$ORCHESTRA_ROOT/share/orchestra";
  const names = {
    journal: ".transaction/journal.json",
    lock: ".lock",
    other: "a.json",
    unknown: "stranger.idx",
  };
  await using project = await Project.create(tree({
    "a@b": [],
    ...Object.fromEntries(
      Object.entries(names).map(([name, path]) => [
        `${name}@b`,
        [`install: mkdir -p "${own}/.transaction"; echo lie > "${own}/${path}"`],
      ]),
    ),
    "good@b": [`install: echo good > "${own}/good.license"; echo lie > "${own}/good.json"`],
  }));
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  for (const [name, path] of Object.entries(names)) {
    const { code, stderr } = await project.orc(["install", "-b", name]);
    assert.equal(code, 1, name);
    const wanted = `Cannot merge a file named "share/orchestra/${path}": that is where orchestra`;
    assert.ok(stderr.includes(wanted), stderr);
  }
  assert.equal((await project.orc(["install", "-b", "good"])).code, 0);
  const verify = await project.orc(["verify"]);
  assert.equal(verify.code, 0, verify.stdout);
  assert.equal(await Deno.readTextFile(project.path("root/a_b")), "a_b\n");
});

Deno.test("a file where others have a directory, be it empty, is a conflict, and blocks nothing", async () => {
  const root = "$TMP_ROOT$ORCHESTRA_ROOT";
  await using project = await Project.create(tree({
    "file@b": [
      `install: rmdir "${root}/bin"; echo file > "${root}/bin"; ln -s nowhere "${root}/opt"`,
    ],
    "plain@b": [],
    "empty@b": [`install: rmdir "${root}/bin"; mkdir "${root}/opt"`],
  }));
  assert.equal((await project.orc(["install", "-b", "file"])).code, 0);
  for (const [name, path] of [["plain", "bin"], ["empty", "opt"]]) {
    const { code, stderr } = await project.orc(["install", "-b", name!]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`File conflicts detected:\n${path}\nAborting merge\n`), stderr);
  }
  assert.equal((await project.orc(["verify"])).code, 0);
  assert.equal(await Deno.readTextFile(project.path("root/bin")), "file\n");
  assert.equal((await project.orc(["install", "-b", "file"])).code, 0, "its own may go");
  assert.equal((await project.orc(["uninstall", "file"])).code, 0);
  for (const name of ["plain", "empty"]) {
    assert.equal((await project.orc(["install", "-b", name])).code, 0);
  }
});
