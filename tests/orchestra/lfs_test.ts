// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { bareRepository, gitHome, lfsDirectory } from "./_git.ts";
import { exists, Project, SMALL, SMALL_HASH } from "./_support.ts";

const ignore = await lfsDirectory() === undefined;
const ARCHIVE = `linux-x86-64/a/b/none_${SMALL_HASH}.tar.xz`;

/** A project with an archive remote of git-lfs, cloned. */
async function lfsProject(home: Awaited<ReturnType<typeof gitHome>>) {
  const project = await Project.create(SMALL);
  const bare = project.path("remote/archives");
  await bareRepository(home, bare, {
    ".gitattributes": "*.tar.* filter=lfs diff=lfs merge=lfs -text\n",
  });
  await project.configure({
    "components.yml": `${SMALL}binary_archives:\n  - origin: ${bare}\n`,
  });
  const updated = await project.orc(["update", "--no-config"], { env: home.env });
  assert.equal(updated.code, 0, updated.stderr);
  const clone = project.path(".orchestra/binary_archives/origin");
  assert.ok(await exists(`${clone}/.git`), updated.stderr);
  return { project, clone, bare };
}

async function push(home: Awaited<ReturnType<typeof gitHome>>, clone: string): Promise<void> {
  await home.git(clone, "add", "-A");
  await home.git(clone, "commit", "-q", "-m", "archives");
  await home.git(clone, "push", "-q", "origin", "HEAD:master");
}

Deno.test({
  name: "an archive goes to git-lfs and comes back on another machine",
  ignore,
  fn: async () => {
    await using home = await gitHome({ lfs: true });
    const { project, clone } = await lfsProject(home);
    await using _project = project;
    const { env } = home;
    const built = await project.orc(["install", "-b", "--create-binary-archives", "a"], { env });
    assert.equal(built.code, 0, built.stderr);
    const archive = `${clone}/${ARCHIVE}`;
    const listing = await runProgram("tar", ["-tf", archive]);
    assert.deepEqual(listing.stdout.trim().split("\n").sort(), [
      ...["a_file", "bin/", "include/", "lib", "lib64/", "lib64/include/", "lib64/pkgconfig/"],
      ...["libexec/", "share/", "share/doc/", "share/man/", "share/orchestra/", "usr/"],
      ...["usr/include/", "usr/lib/"],
    ]);
    const material = await Deno.readTextFile(archive.replace(".tar.xz", ".hash-material.yml"));
    assert.match(material, /"install": \|-\n/);
    const check = await runProgram(
      "sha256sum",
      ["--check", archive.replace(".tar.xz", ".sha256")],
      {
        cwd: archive.slice(0, archive.lastIndexOf("/")),
      },
    );
    assert.equal(check.code, 0, check.stdout);
    await push(home, clone);

    // Elsewhere: nothing but the configuration.
    for (const path of ["root", "build", ".orchestra/binary_archives"]) {
      await Deno.remove(project.path(path), { recursive: true });
    }
    await project.orc(["update", "--no-config"], { env });
    assert.match(await Deno.readTextFile(archive), /^version https:\/\/git-lfs/);
    const installed = await project.orc(["install", "a"], { env });
    assert.equal(installed.code, 0, installed.stderr);
    assert.doesNotMatch(installed.stderr, /The following script/);
    assert.ok(await exists(project.path("root/a_file")));
    const metadata = JSON.parse(
      await Deno.readTextFile(project.path("root/share/orchestra/a.json")),
    );
    assert.equal(metadata.source, "binary archives");
    assert.deepEqual(
      (await Deno.readTextFile(project.path("root/share/orchestra/a.idx"))).trim().split("\n"),
      ["a_file", "share/orchestra/a.idx", "share/orchestra/a.json"],
    );
  },
});

Deno.test({
  name: "archives are linked by a name, and cleaned when nothing leads to them",
  ignore,
  fn: async () => {
    await using home = await gitHome({ lfs: true });
    const { project, clone, bare } = await lfsProject(home);
    await using _project = project;
    const { env } = home;
    await project.orc(["install", "-b", "--create-binary-archives", "a"], { env });
    const linked = await project.orc(["symlink-binary-archives", "dev"], { env });
    assert.equal(linked.code, 0);
    assert.match(linked.stderr, /Updating binary archive symlink for a@b/);
    const link = `${clone}/linux-x86-64/a/b/dev.tar.xz`;
    assert.equal(await Deno.readLink(link), `none_${SMALL_HASH}.tar.xz`);
    await push(home, clone);
    const pretended = await project.orc(["binary-archives", "clean", "--pretend", "--json"], {
      env,
    });
    assert.deepEqual(JSON.parse(pretended.stdout), [], pretended.stderr);

    await project.configure({
      "components.yml": SMALL.replace("touch", "echo new >") +
        `binary_archives:\n  - origin: ${bare}\n`,
    });
    await project.orc(["install", "-b", "--create-binary-archives", "a"], { env });
    await project.orc(["symlink-binary-archives", "dev"], { env });
    assert.notEqual(await Deno.readLink(link), `none_${SMALL_HASH}.tar.xz`);
    await push(home, clone);
    const old = `${clone}/${ARCHIVE}`;
    const cleaned = await project.orc(["binary-archives", "clean", "--json"], { env });
    assert.equal(cleaned.code, 0, cleaned.stderr);
    assert.deepEqual(JSON.parse(cleaned.stdout), [
      old.replace(".tar.xz", ".hash-material.yml"),
      old.replace(".tar.xz", ".sha256"),
      old,
    ]);
    assert.equal(await exists(old), false);
    assert.ok(await exists(await Deno.realPath(link)));
    const bad = await project.orc(["symlink-binary-archives", "../x"], { env });
    assert.equal(bad.code, 100);
  },
});

Deno.test({
  name: "git-lfs has to be set up where archives come from git",
  ignore,
  fn: async () => {
    await using home = await gitHome({ lfs: true });
    await using bare = await gitHome();
    const { project } = await lfsProject(home);
    await using _project = project;
    const { code, stderr } = await project.orc(["install", "-b", "a"], { env: bare.env });
    assert.equal(code, 100);
    assert.match(stderr, /The git-lfs filters are not configured, run `git lfs install`/);
    assert.equal(await exists(project.path("root")), false);
  },
});

Deno.test({
  name: "an archive that git-lfs cannot get is tried again, and the old build stays",
  ignore,
  fn: async () => {
    await using home = await gitHome({ lfs: true });
    const { project, clone, bare } = await lfsProject(home);
    await using _project = project;
    const { env } = home;
    await project.orc(["install", "-b", "--create-binary-archives", "a"], { env });
    await push(home, clone);
    await Deno.remove(project.path(".orchestra/binary_archives"), { recursive: true });
    await project.orc(["update", "--no-config"], { env });
    await Deno.remove(`${bare}/lfs`, { recursive: true });
    const { code, stderr } = await project.orc(["install", "--lfs-retries", "1", "a"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot fetch the archive ".*tar\.xz" with git lfs/);
    assert.ok(await exists(project.path("root/a_file")));
    assert.equal((await project.orc(["verify"])).code, 0);
  },
});

Deno.test("binary-archives ls lists clones, and with -a all of them", async () => {
  await using project = await Project.create(
    `${SMALL}binary_archives:\n  - one: /nowhere\n  - two: dir:shared\n`,
  );
  await Deno.mkdir(project.path(".orchestra/binary_archives/two"), { recursive: true });
  const two = project.path(".orchestra/binary_archives/two");
  const there = await project.orc(["binary-archives", "ls"]);
  assert.equal(there.stdout, `${two}\n`);
  const all = await project.orc(["binary-archives", "ls", "-a"]);
  assert.equal(all.stdout, `${project.path(".orchestra/binary_archives/one")}\n${two}\n`);
  const help = await project.orc(["binary-archives"]);
  assert.equal(help.code, 1);
  assert.match(help.stdout, /Usage: /);
});
