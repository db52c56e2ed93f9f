import assert from "node:assert/strict";
import { exists, Project, SMALL, tree } from "./_support.ts";

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

Deno.test("gc removes what was installed for something that is gone", async () => {
  await using project = await Project.create(
    tree({ "dep@b": [], "top@b": ["dependencies: [dep]"], "other@b": [] }),
  );
  await project.orc(["install", "-b", "top", "other"]);
  await project.orc(["uninstall", "top"]);
  await project.write("build/unknown/b/file", "");
  await project.write(".orchestra/tmproot/x_y/file", "");
  await project.write("root/share/orchestra/.sandbox/killed/bin/x", "");
  const archives = ".orchestra/binary_archives/one/linux-x86-64/lib/dep/b";
  const unfinished = `${archives}/_tmp_${crypto.randomUUID()}_none_0.tar.xz`;
  for (const path of [unfinished, `${archives}/none_1.tar.xz`]) await project.write(path, "");
  const pretended = await project.orc(["gc", "-n", "--json"]);
  assert.deepEqual(JSON.parse(pretended.stdout), {
    components: ["dep"],
    directories: [
      project.path(".orchestra/tmproot/x_y"),
      project.path("build/unknown"),
      project.path("root/share/orchestra/.sandbox/killed"),
    ],
    cached: [project.path(unfinished)],
  });
  assert.ok(await exists(project.path("root/dep_b")));
  assert.equal((await project.orc(["gc"])).code, 0);
  assert.equal(await exists(project.path("root/dep_b")), false);
  assert.ok(await exists(project.path("root/other_b")));
  assert.ok(await exists(project.path("build/other/b")));
  assert.equal(await exists(project.path("build/unknown")), false);
  assert.equal(await exists(project.path(unfinished)), false);
  assert.ok(await exists(project.path(`${archives}/none_1.tar.xz`)));
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("gc leaves what others have in directories that the user has chosen", async () => {
  const paths = "paths: {tmproot: ../shared, builds_dir: ../shared}\n";
  await using project = await Project.create(tree({ "a@b": [], "a@c": [], "gone@b": [] }) + paths);
  await project.orc(["install", "-b", "--keep-tmproot", "a@b", "a@c", "gone"]);
  await project.write("shared/letters/2026/file", "mine");
  await project.write("shared/a/notes/file", "mine");
  await project.write("shared/file", "mine");
  await project.configure({ "components.yml": tree({ "a@b": [] }) + paths });
  const { stdout } = await project.orc(["gc", "--json"]);
  const names = ["a/c", "a_b", "a_c", "gone", "gone_b"].map((name) =>
    project.path(`shared/${name}`)
  );
  assert.deepEqual(JSON.parse(stdout).directories, names);
  for (const kept of ["letters/2026/file", "a/notes/file", "file", "a/b"]) {
    assert.ok(await exists(project.path(`shared/${kept}`)), kept);
  }
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
  assert.equal(checks.at(-1).message, "1 component with 3 files");
  await Deno.remove(project.path("root/a_file"));
  const broken = await project.orc(["doctor"]);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /failure {2}root {7}a_file is missing/);
});
