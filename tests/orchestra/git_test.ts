// gate-timeout: 300 s
import assert from "node:assert/strict";
import { localHead } from "../../lib/orchestra/git/local_head.ts";
import { addCommit, bareRepository, type GitHome, gitHome } from "./_git.ts";
import { exists, Project } from "./_support.ts";

const COMPONENTS = `components:
  zlib:
    repository: zlib
    check_branch: ["test -e good"]
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"; test -e "$SOURCE_DIR/file"
        install: cp "$SOURCE_DIR/file" "$TMP_ROOT$ORCHESTRA_ROOT/zlib"
  lib/other:
    repository: zlib
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"; test -e "$SOURCE_DIR/file"
        install: cp "$SOURCE_DIR/file" "$TMP_ROOT$ORCHESTRA_ROOT/other"
  plain:
    builds: {b: {configure: 'mkdir -p "$BUILD_DIR"', install: "true"}}
branches: [develop, master]
remote_base_urls:
  - nowhere: BASE/nowhere
  - origin: BASE/remotes
`;

async function gitProject(home: GitHome, options: { readonly more?: string } = {}) {
  const project = await Project.create("");
  const bare = project.path("remotes/zlib");
  await Deno.mkdir(project.path("remotes"));
  await bareRepository(home, bare, { file: "1\n" });
  await project.configure({
    "components.yml": COMPONENTS.replaceAll("BASE", project.directory) + (options.more ?? ""),
  });
  const orc = (...args: string[]) => project.orc(args, { env: home.env });
  const details = async () => {
    const { stdout, stderr } = await orc("components", "--json");
    const line = stdout.trim().split("\n").at(-1) ?? "";
    assert.notEqual(line, "", stderr);
    return JSON.parse(line).find(({ name }: { name: string }) => name === "zlib");
  };
  return { project, bare, orc, details };
}

Deno.test("a commit that nobody has looked up is asked for", async () => {
  await using home = await gitHome();
  const { project, orc } = await gitProject(home);
  await using _project = project;
  const { code, stderr } = await orc("install", "-b", "zlib");
  assert.equal(code, 100);
  assert.match(stderr, /HEAD commit for zlib not available\. Run `orc update`\./);
});

Deno.test("update remembers branches, of which the first configured one counts", async () => {
  await using home = await gitHome();
  const { project, bare, orc } = await gitProject(home);
  await using _project = project;
  const master = await home.git(bare, "rev-parse", "master");
  const updated = await orc("update", "--no-config");
  assert.equal(updated.code, 0, updated.stderr);
  const cache = project.path(".orchestra/cache/remote_refs_cache.json");
  assert.deepEqual(JSON.parse(await Deno.readTextFile(cache)), { zlib: { master } });
  const planned = await orc("install", "-b", "-n", "zlib");
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stderr, /Executing Action clone of zlib\n/);
  const develop = await addCommit(home, bare, { file: "develop\n" }, "develop");
  await orc("update", "--no-config");
  assert.equal(JSON.parse(await Deno.readTextFile(cache)).zlib.develop, develop);
  const installed = await orc("install", "-b", "zlib");
  assert.equal(installed.code, 0, installed.stderr);
  assert.equal(await Deno.readTextFile(project.path("root/zlib")), "develop\n");
  assert.deepEqual(localHead(project.path("sources/zlib")), { branch: "develop", commit: develop });
});

Deno.test("a clone is linked for components of other names, and its commits change hashes", async () => {
  await using home = await gitHome();
  const { project, orc } = await gitProject(home);
  await using _project = project;
  await orc("update", "--no-config");
  const cloned = await orc("clone", "zlib", "lib/other");
  assert.equal(cloned.code, 0, cloned.stderr);
  assert.equal(await Deno.readLink(project.path("sources/lib_other")), "zlib");
  const again = await orc("clone", "zlib");
  assert.equal(again.code, 1);
  assert.match(again.stderr, /already exists/);
  assert.equal((await orc("clone", "--no-force", "zlib")).code, 0);
  const none = await orc("clone", "plain");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /This component does not have a git repository configured!/);
  assert.equal((await orc("install", "-b", "zlib", "lib/other")).code, 0);
  const name = async () => {
    const { stderr } = await orc("install", "zlib");
    return /archive (\S+) for zlib@b/.exec(stderr)?.[1];
  };
  const before = await name();
  const clone = project.path("sources/zlib");
  await home.git(clone, "checkout", "-q", "-b", "feature");
  await home.git(clone, "commit", "-q", "--allow-empty", "-m", "mine");
  const commit = await home.git(clone, "rev-parse", "HEAD");
  assert.deepEqual(localHead(clone), { branch: "feature", commit });
  const after = await name();
  assert.notEqual(after, before);
  assert.ok(after?.includes(`/${commit}_`), after);
});

Deno.test("localHead() reads packed branches, detached heads and worktrees", async () => {
  await using home = await gitHome();
  const { project, bare } = await gitProject(home);
  await using _project = project;
  const clone = project.path("clone");
  await home.git(project.directory, "clone", "-q", bare, clone);
  const commit = await home.git(clone, "rev-parse", "HEAD");
  await home.git(clone, "pack-refs", "--all");
  assert.deepEqual(localHead(clone), { branch: "master", commit });
  await home.git(clone, "worktree", "add", "-q", "-b", "side/way", project.path("tree"));
  assert.deepEqual(localHead(project.path("tree")), { branch: "side/way", commit });
  await home.git(clone, "checkout", "-q", "--detach");
  assert.deepEqual(localHead(clone), { branch: "HEAD", commit });
  await Deno.mkdir(project.path("empty"));
  await home.git(project.path("empty"), "init", "-q", "-b", "new");
  assert.deepEqual(localHead(project.path("empty")), { branch: "new", commit: null });
  assert.equal(localHead(project.path("remotes")), undefined);
});

Deno.test("update moves clones forward, keeps local commits and says what it could not do", async () => {
  await using home = await gitHome();
  const { project, bare, orc } = await gitProject(home);
  await using _project = project;
  await orc("update", "--no-config");
  await orc("clone", "zlib");
  const clone = project.path("sources/zlib");
  const newer = await addCommit(home, bare, { file: "2\n" });
  const pulled = await orc("update", "--no-config", "--json");
  assert.equal(pulled.code, 0, pulled.stderr);
  assert.deepEqual(JSON.parse(pulled.stdout).pulled, [clone]);
  assert.equal(await home.git(clone, "rev-parse", "HEAD"), newer);

  await Deno.writeTextFile(`${clone}/file`, "mine\n");
  await home.git(clone, "commit", "-q", "-a", "-m", "mine");
  const mine = await home.git(clone, "rev-parse", "HEAD");
  await addCommit(home, bare, { file: "3\n" });
  const diverged = await orc("update", "--parallelism", "2");
  assert.equal(diverged.code, 0);
  assert.match(
    diverged.stderr,
    /Could not git pull --ff-only the following repositories:\n(.*\n)*.*sources\/zlib/,
  );
  // The configuration is in no git repository here.
  assert.match(diverged.stderr, /\.orchestra: /);
  assert.equal(await home.git(clone, "rev-parse", "HEAD"), mine);

  await Deno.remove(bare, { recursive: true });
  const gone = await orc("update", "--no-config");
  assert.equal(gone.code, 0);
  assert.match(gone.stderr, /Could not find the following repositories in any remote:\n {2}zlib/);
});

Deno.test("update makes clones of archives what their remote is", async () => {
  await using home = await gitHome();
  const project = await Project.create("");
  await using _project = project;
  const bare = project.path("archives.git");
  await bareRepository(home, bare, { file: "1\n" });
  await project.configure({
    "components.yml": `components: {a: {builds: {b: {configure: "true", install: "true"}}}}
binary_archives:
  - origin: ${bare}
  - gone: ${project.path("nowhere.git")}
`,
  });
  const orc = () => project.orc(["update", "--no-config"], { env: home.env });
  const first = await orc();
  assert.equal(first.code, 0);
  assert.match(first.stderr, /Could not clone or update the following binary archives:\n {2}gone/);
  const clone = project.path(".orchestra/binary_archives/origin");
  await Deno.writeTextFile(`${clone}/file`, "local\n");
  await home.git(clone, "commit", "-q", "-a", "-m", "local");
  await Deno.mkdir(`${clone}/untracked`);
  await Deno.writeTextFile(`${clone}/untracked/file`, "");
  await addCommit(home, bare, { file: "2\n" });
  assert.equal((await orc()).code, 0);
  assert.equal(await Deno.readTextFile(`${clone}/file`), "2\n");
  assert.equal(await exists(`${clone}/untracked`), false);
});

Deno.test("update pulls the configuration and goes on with the new one", async () => {
  await using home = await gitHome();
  const project = await Project.create("");
  await using _project = project;
  const bare = project.path("config.git");
  const text = (name: string) =>
    `components: {${name}: {builds: {b: {configure: "true", install: "true"}}}}\n`;
  await bareRepository(home, bare, {
    ".orchestra/config/components.yml": text("before"),
    ".orchestra/config/user_options.yml": "",
  });
  await home.git(project.directory, "clone", "-q", bare, "tree");
  await addCommit(home, bare, { ".orchestra/config/components.yml": text("after") });
  const cwd = project.path("tree");
  const updated = await project.orc(["update"], { cwd, env: home.env });
  assert.equal(updated.code, 0, updated.stderr);
  const { stdout } = await project.orc(["install", "-b", "-n", "after"], { cwd, env: home.env });
  assert.equal(stdout, "");
  const { code } = await project.orc(["install", "-b", "-n", "before"], { cwd, env: home.env });
  assert.equal(code, 1);
});

Deno.test("a clone that was killed half-way is no clone", async () => {
  await using home = await gitHome();
  const { project, orc } = await gitProject(home);
  await using _project = project;
  await orc("update", "--no-config");
  await project.write("sources/.cloning-zlib/.git/half", "");
  const { code, stderr } = await orc("install", "-b", "zlib");
  assert.equal(code, 0, stderr);
  assert.equal(await exists(project.path("sources/.cloning-zlib")), false);
});

Deno.test("--locked clones the commits that were locked", async () => {
  await using home = await gitHome();
  const { project, bare, orc } = await gitProject(home);
  await using _project = project;
  const early = await orc("install", "--locked", "-b", "zlib");
  assert.equal(early.code, 100);
  assert.match(early.stderr, /run `orc lock` first/);
  const unknown = await orc("lock");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /No commit is known of zlib/);
  await orc("update", "--no-config");
  const locked = await orc("lock");
  assert.equal(locked.code, 0, locked.stderr);
  const commit = await home.git(bare, "rev-parse", "master");
  const file = JSON.parse(await Deno.readTextFile(project.path(".orchestra/orchestra.lock.json")));
  assert.deepEqual(file, { version: 1, repositories: { zlib: { branch: "master", commit } } });
  await addCommit(home, bare, { file: "newer\n" });
  await orc("update", "--no-config");
  const installed = await orc("install", "--locked", "-b", "zlib");
  assert.equal(installed.code, 0, installed.stderr);
  assert.equal(await Deno.readTextFile(project.path("root/zlib")), "1\n");
  assert.equal(localHead(project.path("sources/zlib"))?.commit, commit);
  await project.write(".orchestra/orchestra.lock.json", "{}");
  assert.equal((await orc("install", "--locked", "-b", "zlib")).code, 100);
});

Deno.test("a clone at another commit than the locked one is told, and left alone", async () => {
  await using home = await gitHome();
  const { project, orc } = await gitProject(home);
  await using _project = project;
  await orc("update", "--no-config");
  await orc("lock");
  await orc("clone", "zlib");
  const clone = project.path("sources/zlib");
  await home.git(clone, "commit", "-q", "--allow-empty", "-m", "mine");
  const mine = await home.git(clone, "rev-parse", "HEAD");
  const { code, stderr } = await orc("install", "--locked", "-b", "zlib");
  assert.equal(code, 100);
  assert.match(stderr, /zlib is at commit [0-9a-f]{40}, and is locked at [0-9a-f]{40}/);
  assert.equal(await home.git(clone, "rev-parse", "HEAD"), mine);
});

Deno.test("check-branch runs its commands on each commit since the nearest branch", async () => {
  await using home = await gitHome();
  const { project, orc } = await gitProject(home);
  await using _project = project;
  await orc("update", "--no-config");
  assert.equal((await orc("check-branch", "zlib")).code, 100);
  await orc("clone", "zlib");
  const clone = project.path("sources/zlib");
  const none = await orc("check-branch", "zlib");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /No branch to rebase upon found, specify it with --onto/);
  await home.git(clone, "checkout", "-q", "-b", "feature");
  await Deno.writeTextFile(`${clone}/good`, "");
  await home.git(clone, "add", "good");
  await home.git(clone, "commit", "-q", "-m", "good");
  const good = await orc("check-branch", "zlib");
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stderr, /Success/);
  await home.git(clone, "rm", "-q", "good");
  await home.git(clone, "commit", "-q", "-m", "bad");
  const bad = await orc("check-branch", "zlib", "--onto", "origin/master");
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /Rebase failed!/);
  assert.equal((await orc("check-branch", "plain")).code, 1);
});
