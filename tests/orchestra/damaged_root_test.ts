import assert from "node:assert/strict";
import { exists, Project, SMALL } from "./_support.ts";

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
