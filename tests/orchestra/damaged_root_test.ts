import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { isProgram } from "../support/debian_packages.ts";
import { exists, Project, SMALL, tree } from "./_support.ts";

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

// Permissions do not stop root, unless it gives that up.
const isRoot = Deno.uid() === 0;
const unprivileged = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

Deno.test({
  name: "directories that the original has left read-only do not stop a change half-way",
  ignore: isRoot && !await isProgram("setpriv"),
  fn: async () => {
    const install = (file: string) =>
      `install: mkdir -p "$TMP_ROOT$ORCHESTRA_ROOT/ro/deep"; echo > "$TMP_ROOT$ORCHESTRA_ROOT/ro/${file}"`;
    await using project = await Project.create(
      tree({ "a@old": [install("deep/old")], "a@new": [install("new")] }),
    );
    const main = new URL("../../cli/main.ts", import.meta.url).pathname;
    const orc = async (...words: readonly string[]) => {
      const all = [...isRoot ? unprivileged : [], Deno.execPath(), "run", "-q", "-A", main, "orc"];
      const { code, stderr } = await runProgram(all[0]!, [...all.slice(1), ...words], {
        cwd: project.directory,
        timeoutMs: 60_000,
      });
      assert.equal(code, 0, stderr);
    };
    const protect = async () => {
      for (const path of ["root/ro/deep", "root/ro"]) await Deno.chmod(project.path(path), 0o555);
    };
    await orc("install", "-b", "a@old");
    await protect();
    await orc("install", "-b", "a@new");
    assert.ok(await exists(project.path("root/ro/new")));
    assert.equal(await exists(project.path("root/ro/deep/old")), false);
    await protect();
    await orc("uninstall", "a");
    assert.equal(await exists(project.path("root/ro/new")), false);
    for (const path of ["root/ro", "root/ro/deep"]) {
      await Deno.chmod(project.path(path), 0o755).catch(() => {}); // it may be gone
    }
  },
});
